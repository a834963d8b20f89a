"""Search, as the screen has it."""

from ninja import Query, Router

from zabota.api.access import READ, ApiRequest, agent_of
from zabota.api.answers import answers
from zabota.api.requests import SearchQuery
from zabota.api.shapes import HitPage
from zabota.api.showing import base_of, show_hit
from zabota.tickets.queries import HEAD, tickets_visible_to
from zabota.tickets.search import search_tickets

router = Router(tags=["tickets"])


@router.get("/search", response=answers(HitPage), auth=READ)
def search(request: ApiRequest, query: Query[SearchQuery]) -> HitPage:
    """Tickets by the words of their messages and notes. Scope `tickets:read`."""
    agent, base = agent_of(request), base_of(request)
    hits = search_tickets(agent, query.q, query.limit)[: query.limit]
    whole = tickets_visible_to(agent).select_related(*HEAD).in_bulk([h.ticket.pk for h in hits])
    # Each ticket once, though its number may be among its words.
    shown = [show_hit(h, whole.pop(h.ticket.pk), base) for h in hits if h.ticket.pk in whole]
    return HitPage(items=shown, next=None)
