"""Who sees which tickets: one predicate, used by every query."""

from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Q

from zabota.core.literal import Literal
from zabota.staff.models import Agent
from zabota.staff.permissions import Scope


class Eyes(NamedTuple):
    """All that decides which tickets somebody sees: a query may be kept under it, and no less."""

    agent_id: int
    scope: Scope
    team_ids: tuple[int, ...]


def eyes_of(agent: Agent, permission: str = "ticket.view") -> Eyes:
    """How this permission of theirs looks now."""
    return Eyes(agent.pk, agent.scope(permission), tuple(agent.team_ids))


def reach(eyes: Eyes) -> Q | None:
    """The tickets these eyes see, as a condition; None if none at all.

    Team scope takes in what no team has yet, so that nothing lies unseen.
    """
    own = Q(assignee_id=Literal(eyes.agent_id))
    match eyes.scope:
        case Scope.ALL:
            return Q()
        case Scope.TEAM:
            return _of_teams(eyes, "team_id") | Q(team=None) | own
        case Scope.BRAND:
            # Brands belong to teams' inboxes until agents get brands of their own.
            return _of_teams(eyes, "inbox__team_id") | own
        case Scope.OWN:
            return own
    return None


class Whose(NamedTuple):
    """What decides who sees a ticket."""

    team_id: int | None
    assignee_id: int | None
    inbox_team_id: int | None


def reaches(eyes: Eyes, whose: Whose) -> bool:
    """What `reach` asks of the database, for a ticket that has been read."""
    own = whose.assignee_id == eyes.agent_id
    match eyes.scope:
        case Scope.ALL:
            return True
        case Scope.TEAM:
            return own or whose.team_id is None or whose.team_id in eyes.team_ids
        case Scope.BRAND:
            return own or whose.inbox_team_id in eyes.team_ids
        case Scope.OWN:
            return own
    return False


def _of_teams(eyes: Eyes, field: str) -> Q:
    """Each team's id stands in the statement: agents do not share plans (see `Literal`).

    What is best for one who sees half of all tickets reads the whole table for one who sees three.
    """
    return reduce(or_, (Q((field, Literal(pk))) for pk in eyes.team_ids), Q(pk__in=()))
