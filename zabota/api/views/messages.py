"""What was said on a ticket, and saying more."""

from typing import Any

from ninja import Query, Router

from zabota.api.access import READ, WRITE, ApiRequest, agent_of
from zabota.api.answers import POSTED, answers
from zabota.api.cursors import as_time, read_cursor, write_cursor
from zabota.api.once import once
from zabota.api.requests import NewMessage, Paging
from zabota.api.shapes import MessageOut, MessagePage
from zabota.api.showing import base_of, show_message, show_note, show_words
from zabota.api.views.tickets import found_ticket
from zabota.intake.queries import deliveries_of
from zabota.tickets.actions import set_status
from zabota.tickets.choices import Status
from zabota.tickets.models import Message
from zabota.tickets.queries import Place, list_words, place_of
from zabota.tickets.writing import send_reply, write_note

router = Router(tags=["messages"])


@router.get("/tickets/{int:number}/messages", response=answers(MessagePage, 404), auth=READ)
def list_messages(request: ApiRequest, number: int, query: Query[Paging]) -> MessagePage:
    """Messages and notes of a ticket together, oldest first. Scope `tickets:read`."""
    ticket = found_ticket(request, number)
    after = _place(query.cursor)
    words = list_words(agent_of(request), ticket, after=after, limit=query.limit + 1)
    shown, more = words[: query.limit], len(words) > query.limit
    deliveries = deliveries_of(w.pk for w in shown if isinstance(w, Message))
    base = base_of(request)
    return MessagePage(
        items=[show_words(w, deliveries, base) for w in shown],
        next=write_cursor(*place_of(shown[-1])) if more else None,
    )


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    at, kind, pk = read_cursor(cursor, 3)
    return Place(as_time(at), kind, pk)


@router.post(
    "/tickets/{int:number}/messages",
    response=answers(MessageOut, 404, *POSTED, status=201),
    auth=WRITE,
)
@once
def create_message(request: ApiRequest, number: int, new: NewMessage) -> MessageOut:
    """Answer the customer, or leave a note. Scope `tickets:write`."""
    ticket, agent, base = found_ticket(request, number), agent_of(request), base_of(request)
    if new.kind == "note":
        note = write_note(ticket, new.text, actor=agent)
        if new.status:
            set_status(ticket, Status.of(new.status), actor=agent)
        return show_note(note, base)
    options: dict[str, Any] = {"status": Status.of(new.status)} if new.status else {}
    message = send_reply(ticket, new.text, actor=agent, **options)
    return show_message(message, deliveries_of([message.pk]).get(message.pk), base)
