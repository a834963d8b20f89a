"""The names of everybody and everything a page may mention, kept a few seconds in memory.

Pickers and timelines on every page need them; they change a few times a week.
"""

import time
from dataclasses import dataclass, field

from zabota.company.labels import label_in
from zabota.company.models import Category
from zabota.staff.models import Agent, Team

KEEP = 5.0


@dataclass(frozen=True, slots=True)
class Directory:
    """Who and what there is, by id, in the order a list shows them."""

    agents: dict[int, str] = field(default_factory=dict)
    active_agents: dict[int, str] = field(default_factory=dict)
    team_names: dict[int, dict[str, str]] = field(default_factory=dict)
    category_names: dict[int, dict[str, str]] = field(default_factory=dict)

    def agent(self, pk: int | None) -> str:
        return self.agents.get(pk or 0, "")

    def team(self, pk: int | None) -> str:
        return label_in(self.team_names.get(pk or 0, {}))

    def category(self, pk: int | None) -> str:
        return label_in(self.category_names.get(pk or 0, {}))


_kept: tuple[float, Directory] | None = None


def directory() -> Directory:
    """The directory, at most `KEEP` seconds old."""
    global _kept  # noqa: PLW0603  one small cache a process
    now = time.monotonic()
    if _kept is None or now - _kept[0] > KEEP:
        _kept = now, _read()
    return _kept[1]


def forget_directory() -> None:
    """Read it anew next time: after a change made here."""
    global _kept  # noqa: PLW0603
    _kept = None


def _read() -> Directory:
    people = list(Agent.objects.order_by("name", "pk").values_list("pk", "name", "is_active"))
    return Directory(
        agents={pk: name for pk, name, _ in people},
        active_agents={pk: name for pk, name, is_active in people if is_active},
        team_names=dict(Team.objects.order_by("pk").values_list("pk", "names")),
        category_names=dict(Category.objects.values_list("pk", "names")),
    )
