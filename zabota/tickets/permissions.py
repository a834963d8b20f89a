"""Who sees which tickets: one predicate, used by every query."""

from django.db.models import Q

from zabota.staff.models import Agent
from zabota.staff.permissions import Scope


def reach(agent: Agent, permission: str = "ticket.view") -> Q | None:
    """The tickets this permission of the agent reaches, as a condition; None if none at all.

    Team scope takes in what no team has yet, so that nothing lies unseen.
    """
    own = Q(assignee=agent)
    match agent.scope(permission):
        case Scope.ALL:
            return Q()
        case Scope.TEAM:
            return Q(team_id__in=agent.team_ids) | Q(team=None) | own
        case Scope.BRAND:
            # Brands belong to teams' inboxes until agents get brands of their own.
            return own | Q(inbox__team_id__in=agent.team_ids)
        case Scope.OWN:
            return own
    return None
