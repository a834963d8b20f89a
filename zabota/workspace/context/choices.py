"""Everybody and everything a ticket can be given to, asked in one query; names for the timeline."""

import json
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import F, TextField, Value
from django.db.models.functions import Cast

from zabota.company.labels import label_in
from zabota.company.models import Category, Tag
from zabota.staff.models import Agent, Team
from zabota.tickets.choices import Outcome, Priority, Status

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
    yes, first = Value(True), Value(0)
    rows = Agent.objects.order_by().values_list(Value("agent"), "pk", "name", "is_active", first)
    labels = Cast("names", TextField())
    teams = Team.objects.order_by().values_list(Value("team"), "pk", labels, yes, first)
    categories = Category.objects.order_by().values_list(
        Value("category"), "pk", labels, yes, Cast(F("position"), Value(0).output_field)
    )
    tags = Tag.objects.order_by().values_list(Value("tag"), "pk", "name", yes, first)
    found: dict[str, list[Choice]] = {"agent": [], "team": [], "category": [], "tag": []}
    everything = rows.union(teams, categories, tags, all=True)
    for kind, pk, name, is_active, _place in sorted(everything, key=lambda row: (row[4], row[2])):
        said = label_in(json.loads(name), str(pk)) if kind in ("team", "category") else name
        found[kind].append(Choice(pk, said, is_active))
    return Choices(
        agents={c.id: c for c in found["agent"]},
        teams={c.id: c for c in found["team"]},
        categories={c.id: c for c in found["category"]},
        tags=[c.name for c in found["tag"]],
    )
