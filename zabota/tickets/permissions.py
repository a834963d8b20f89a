"""Who sees which tickets: one predicate, used by every query."""

from functools import reduce
from operator import or_

from django.db.models import Q

from zabota.core.literal import Literal
from zabota.staff.models import Agent
from zabota.staff.permissions import Scope


def reach(agent: Agent, permission: str = "ticket.view") -> Q | None:
    """The tickets this permission of the agent reaches, as a condition; None if none at all.

    Team scope takes in what no team has yet, so that nothing lies unseen.
    """
    own = Q(assignee_id=Literal(agent.pk))
    match agent.scope(permission):
        case Scope.ALL:
            return Q()
        case Scope.TEAM:
            return _of_teams(agent, "team_id") | Q(team=None) | own
        case Scope.BRAND:
            # Brands belong to teams' inboxes until agents get brands of their own.
            return _of_teams(agent, "inbox__team_id") | own
        case Scope.OWN:
            return own
    return None


def _of_teams(agent: Agent, field: str) -> Q:
    """Each team's id stands in the statement: agents do not share plans (see `Literal`).

    What is best for one who sees half of all tickets reads the whole table for one who sees three.
    """
    return reduce(or_, (Q((field, Literal(pk))) for pk in agent.team_ids), Q(pk__in=()))
