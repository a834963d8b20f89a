"""Statements are kept under all that decides what somebody sees: nothing of another's eyes."""

from itertools import product

import pytest

from tests.cast import Cast
from zabota.staff.models import Agent, Role, Team
from zabota.staff.permissions import Scope
from zabota.tickets.actions import assign, set_status, set_team
from zabota.tickets.choices import Outcome, Status
from zabota.tickets.models import Ticket
from zabota.tickets.permissions import eyes_of
from zabota.tickets.queries import VIEWS, count_views, list_tickets, tickets_visible_to


def tickets_of_every_kind(cast: Cast) -> None:
    """Of each team and of none, each person's and nobody's, open and solved."""
    places = product((None, *Team.objects.all()), (None, cast.anna, cast.charlie), (True, False))
    for place, (team, assignee, is_open) in enumerate(places):
        ticket = cast.receive(author=f"{place}@example.ru")
        assign(ticket, assignee, actor=cast.vera)
        set_team(ticket, team, actor=cast.vera)
        if not is_open:
            outcome = Outcome.COULD_NOT_HELP
            set_status(ticket, Status.SOLVED, actor=cast.vera, outcome=outcome)


def seen_by(agent: Agent, slug: str) -> list[int]:
    """What is in the view, asked without anything kept."""
    rows: list[Ticket] = list(tickets_visible_to(agent).filter(VIEWS[slug].condition(agent.pk)))
    return sorted(ticket.pk for ticket in rows)


def test_lists_and_counts_follow_role_and_team_at_once(cast: Cast) -> None:
    tickets_of_every_kind(cast)
    teams = [list(Team.objects.all()), *([team] for team in Team.objects.all()), []]
    found = set()
    for scope, of_teams in product(Scope, teams):
        Role.objects.filter(slug="operator").update(permissions={"ticket.view": scope})
        for who in (cast.anna, cast.charlie):
            who.teams.set(of_teams)
            agent = Agent.objects.get(pk=who.pk)
            for slug, count in count_views(agent).items():
                listed = sorted(row.id for row in list_tickets(agent, VIEWS[slug]))
                assert listed == seen_by(agent, slug)
                assert count == len(listed)
                found.add(tuple(listed))
    assert len(found) > 10


def test_who_leaves_sees_nothing(cast: Cast) -> None:
    cast.receive()
    assert list_tickets(cast.anna, VIEWS["open"])
    Agent.objects.filter(pk=cast.anna.pk).update(is_active=False)
    gone = Agent.objects.get(pk=cast.anna.pk)
    assert list_tickets(gone, VIEWS["open"]) == []
    assert set(count_views(gone).values()) == {0}


@pytest.mark.parametrize("other", ["bob", "charlie", "vera"])
def test_no_two_agents_have_the_same_eyes(cast: Cast, other: str) -> None:
    assert eyes_of(cast.anna) != eyes_of(getattr(cast, other))
