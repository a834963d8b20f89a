"""The company's mail, as its settings show it: a template with a real ticket in it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from zabota.company.labels import text_in
from zabota.company.mail import (
    LANGUAGES,
    PLACES,
    MailKind,
    Rendered,
    Template,
    render,
    template_of,
)
from zabota.company.models import Brand
from zabota.staff.models import Agent
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.words import language_name


@dataclass(frozen=True, slots=True)
class Place:
    """A placeholder and what stands there."""

    name: str
    words: str


def kind_words(kind: MailKind) -> str:
    """What a kind of mail is called."""
    return {
        MailKind.REPLY: _("Answers"),
        MailKind.RECEIPT: _("Receipts"),
        MailKind.FOLLOW_UP: _("Answers to a closed ticket"),
    }[kind]


def places(kind: MailKind) -> list[Place]:
    """Every placeholder of a kind."""
    words = {
        "body": _("what the agent wrote"),
        "customer.name": _("the customer's name"),
        "agent.name": _("who answers"),
        "ticket.subject": _("its subject"),
        "ticket.number": _("its number"),
        "earlier.number": _("the number of the closed one"),
        "brand.name": _("the brand"),
        "signature": _("the agent's signature, or the brand's"),
        "footer": _("the brand's footer"),
    }
    return [Place(name, words[name]) for name in PLACES[kind]]


def tabs(brand: Brand, kind: MailKind, language: str) -> dict[str, Any]:
    """The ways between kinds, languages and brands."""

    def address(brand: Brand, kind: MailKind, language: str) -> str:
        return reverse("mail_template", args=[brand.pk, kind.value, language])

    return {
        "kinds": [(address(brand, k, language), kind_words(k), k == kind) for k in MailKind],
        "languages": [
            (address(brand, kind, code), language_name(code), code == language)
            for code in LANGUAGES
        ],
        "brands": [
            (address(b, kind, language), b.name, b == brand) for b in Brand.objects.order_by("pk")
        ],
    }


def example(agent: Agent, brand: Brand, language: str, template: Template) -> Rendered:
    """A template with the newest ticket of the brand this agent sees, or with a made-up one."""
    rows = tickets_visible_to(agent).filter(brand=brand).select_related("customer")
    ticket = rows.order_by("-id").first()
    values = {
        "body": _("Good news: it is on its way and should be with you tomorrow."),
        "customer.name": (ticket.customer.name if ticket else "") or _("Dana"),
        "agent.name": agent.name,
        "ticket.subject": ticket.subject if ticket else _("Where is my order"),
        "ticket.number": str(ticket.number if ticket else 4821),
        "earlier.number": str(ticket.number - 1 if ticket else 4790),
        "brand.name": brand.name,
        "signature": text_in(agent.signatures, language) or text_in(brand.signatures, language),
        "footer": text_in(brand.footers, language, brand.language),
    }
    return render(template, values, brand)


def endings(agent: Agent) -> list[str]:
    """How letters of theirs end, in the first brand's words."""
    brand = Brand.objects.order_by("pk").first()
    if brand is None:
        return []
    return [
        render(
            template_of(brand, MailKind.REPLY, code),
            {"body": "…", "signature": text, "agent.name": agent.name, "brand.name": brand.name},
            brand,
        ).text
        for code, text in agent.signatures.items()
    ]
