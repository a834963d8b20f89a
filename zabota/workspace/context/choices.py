"""Everybody and everything a ticket can be given to, asked in one query; names for the timeline."""

import json
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from zabota.company.labels import label_in
from zabota.tickets.choices import Outcome, Priority, Status

EVERYTHING = """
SELECT 'agent', id, coalesce(nullif(name, ''), email), NULL::text, is_active, 0 AS place
  FROM staff_agent
UNION ALL SELECT 'team', id, '', names::text, true, id FROM staff_team
UNION ALL SELECT 'category', id, '', names::text, true, position FROM company_category
UNION ALL SELECT 'tag', id, name, NULL, true, 0 FROM company_tag
ORDER BY place, 3
"""
FIELDS = {"status": Status, "priority": Priority, "outcome": Outcome}


class Choice(NamedTuple):
    """One thing to choose."""

    id: int
    name: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Choices:
    """The menus' contents; also `Names` for the sentences of events."""

    agents: dict[int, Choice]
    teams: dict[int, Choice]
    categories: dict[int, Choice]
    tags: list[str]

    def agent(self, pk: int | None) -> str:
        return self.agents[pk].name if pk in self.agents else "?"

    def team(self, pk: int | None) -> str:
        return self.teams[pk].name if pk in self.teams else "?"

    def category(self, pk: int | None) -> str:
        return self.categories[pk].name if pk in self.categories else "?"

    def choice(self, field: str, value: int | str | None) -> str:
        return str(FIELDS[field](value).label) if value is not None else ""


def load_choices() -> Choices:
    """All of it, in the order menus show it."""
    with connection.cursor() as cursor:
        cursor.execute(EVERYTHING)
        rows = cursor.fetchall()
    found: dict[str, list[Choice]] = {"agent": [], "team": [], "category": [], "tag": []}
    for kind, pk, name, names, is_active, _place in rows:
        said = name if names is None else label_in(json.loads(names), str(pk))
        found[kind].append(Choice(pk, said, is_active))
    return Choices(
        agents={c.id: c for c in found["agent"]},
        teams={c.id: c for c in found["team"]},
        categories={c.id: c for c in found["category"]},
        tags=[c.name for c in found["tag"]],
    )
