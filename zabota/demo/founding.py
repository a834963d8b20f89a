"""The company comes into being: brand, teams, inboxes, people."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zabota.company.mail import save_look
from zabota.company.models import Brand, Category
from zabota.demo import content
from zabota.events.registry import SYSTEM
from zabota.intake.actions import add_inbox
from zabota.intake.models import Inbox
from zabota.staff.actions import create_agent, ensure_roles
from zabota.staff.models import Agent, Role, Team

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another


@dataclass(frozen=True, slots=True)
class Desk:
    """The rows that stories refer to, by the keys they use."""

    brand: Brand
    inboxes: Mapping[str, Inbox]
    teams: Mapping[str, Team]
    categories: Mapping[str, Category]
    agents: Mapping[str, Agent]


def found_company(company: content.Company, password: str) -> Desk:
    """Make everything but tickets; all agents sign in with `password`."""
    ensure_roles()
    for slug, role in company.roles.items():
        given = {"names": role.names, "permissions": role.permissions}
        Role.objects.get_or_create(slug=slug, defaults=given)
    brand = _brand(company.brand)
    _dress(brand, company.brand)
    teams = {
        slug: Team.objects.get_or_create(slug=slug, defaults={"names": names})[0]
        for slug, names in company.teams.items()
    }
    return Desk(
        brand=brand,
        inboxes={key: _inbox(inbox, brand, teams) for key, inbox in company.inboxes.items()},
        teams=teams,
        categories=_categories(company.categories),
        agents=_agents(company.agents, teams, password),
    )


def new_password() -> str:
    """One to read aloud: `k7mw-2dpt-9xqa`."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def _brand(words: Mapping[str, Any]) -> Brand:
    """The desk's first brand takes the company's name if nobody has named it yet."""
    named = {"slug": words["slug"], "name": words["name"], "language": words["language"]}
    if not Brand.objects.filter(slug=words["slug"]).exists():
        first = Brand.objects.filter(slug="main", name="Support").update(**named)
        if not first:
            return Brand.objects.create(**named)
    return Brand.objects.get(slug=words["slug"])


def _dress(brand: Brand, words: Mapping[str, Any]) -> None:
    """How its letters look, unless somebody has said so."""
    if not (brand.colour or brand.signatures or brand.footers):
        look = {name: words[name] for name in ("colour", "signatures", "footers")}
        save_look(brand, **look, actor=SYSTEM)


def _inbox(inbox: content.Inbox, brand: Brand, teams: Mapping[str, Team]) -> Inbox:
    row, _ = add_inbox(inbox.address, brand=brand.slug, name=inbox.name)
    row.team = teams[inbox.team]
    row.save(update_fields=["team"])
    return row


def _categories(named: Mapping[str, Mapping[str, str]]) -> dict[str, Category]:
    for place, (slug, names) in enumerate(named.items()):
        Category.objects.get_or_create(slug=slug, defaults={"names": names, "position": place})
    return {category.slug: category for category in Category.objects.filter(slug__in=named)}


def _agents(
    people: Mapping[str, content.Agent], teams: Mapping[str, Team], password: str
) -> dict[str, Agent]:
    """One password, hashed once: hashing is slow on purpose."""
    hashed = None
    agents = {}
    for key, person in people.items():
        agent = create_agent(
            person.email,
            role=person.role,
            name=person.name,
            password=None if hashed else password,
            teams=tuple(teams[slug] for slug in person.teams),
        )
        hashed = hashed or agent.password
        agent.password, agent.language = hashed, person.language
        agent.save(update_fields=["password", "language"])
        agents[key] = Agent.objects.get(pk=agent.pk)
    return agents
