"""Permissions that exist, how far they can reach, and the roles a desk begins with."""

from enum import StrEnum


class Scope(StrEnum):
    """How far a permission reaches."""

    NONE = ""
    OWN = "own"
    TEAM = "team"
    BRAND = "brand"
    ALL = "all"


PERMISSIONS = {
    "ticket.view": "see tickets, their messages, notes and files",
    "ticket.reply": "answer customers and open tickets for them",
    "ticket.edit": "change status, priority, category, tags, team and assignee; write notes",
    "ticket.delete": "put tickets into the bin, see the bin, bring them back",
    "customer.view": "see a customer's card",
    "intake.manage": "see what could not be taken in, retry it, and the queue of what goes out",
    "inbox.manage": "add inboxes, connect them to mail servers, pause them",
    "company.manage": "change the company's own words: mail templates, brand signatures, colours",
    "event.read": "read the feed of everything that happens",
}

_WORK = ("ticket.view", "ticket.reply", "ticket.edit")
ROLES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "administrator": (
        {"en": "Administrator", "ru": "Администратор"},
        dict.fromkeys(PERMISSIONS, Scope.ALL),
    ),
    "supervisor": (
        {"en": "Supervisor", "ru": "Старший смены"},
        dict.fromkeys(
            (*_WORK, "ticket.delete", "customer.view", "intake.manage", "event.read"), Scope.ALL
        ),
    ),
    "operator": (
        {"en": "Operator", "ru": "Оператор"},
        {**dict.fromkeys(_WORK, Scope.TEAM), "customer.view": Scope.TEAM},
    ),
    "analyst": (
        {"en": "Analyst", "ru": "Аналитик"},
        dict.fromkeys(("ticket.view", "customer.view", "event.read"), Scope.ALL),
    ),
}

# What an API token may be given; it never reaches further than the agent it belongs to.
TOKEN_SCOPES = {
    "tickets:read": "list and read tickets, messages, search",
    "tickets:write": "open tickets, answer, note, change",
    "events:read": "read the feed of events",
}
