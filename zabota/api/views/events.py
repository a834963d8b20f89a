"""The feed of everything, for those who may read everything."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from ninja import Query, Router

from zabota.api.access import EVENTS, ApiRequest, agent_of
from zabota.api.answers import answers
from zabota.api.problems import wrong_parameter
from zabota.api.requests import EventQuery
from zabota.api.shapes import EventPage
from zabota.api.showing import show_event
from zabota.events.feed import CursorRefused, FeedItem, read_feed
from zabota.staff.models import Agent
from zabota.staff.permissions import Scope
from zabota.tickets.queries import tickets_visible_to

router = Router(tags=["events"])


@router.get("/events", response=answers(EventPage), auth=EVENTS)
def list_events(request: ApiRequest, query: Query[EventQuery]) -> EventPage:
    """What has happened, oldest first. Scope `events:read`; the agent must be allowed all events.

    `next` is where to go on, also when nothing new has happened: ask again with `?after=`.
    """
    agent = agent_of(request)
    if agent.scope("event.read") is not Scope.ALL:
        raise PermissionDenied("This agent may not read the feed of everything")
    try:
        items = read_feed(query.after, query.limit)
    except CursorRefused as error:
        raise wrong_parameter("after", str(error)) from error
    numbers = _numbers(agent, items)
    return EventPage(
        items=[show_event(item, numbers) for item in items],
        next=items[-1].cursor if items else query.after,
    )


def _numbers(agent: Agent, items: Sequence[FeedItem]) -> dict[int, int]:
    """The numbers of the tickets these happened to, by id."""
    ids = {item.stream_id for item in items if item.stream_kind == "ticket"}
    return dict(tickets_visible_to(agent).filter(pk__in=ids).values_list("pk", "number"))
