"""Two at once, and taking back: nobody's work is lost by another's."""

from datetime import timedelta

from django.http import QueryDict

from tests.cast import Cast
from zabota.core import clock
from zabota.tickets.actions import change_ticket, set_status
from zabota.tickets.choices import Outcome, Status
from zabota.tickets.writing import send_reply, undo_reply
from zabota.workspace.forms import read_changes


def test_tags_put_on_by_two_at_once_are_both_there(cast: Cast) -> None:
    ticket = cast.receive()
    changes = [read_changes(QueryDict(f"tag={tag}"))[0] for tag in ("refund", "vip")]
    change_ticket(ticket, changes[0], actor=cast.anna)
    change_ticket(ticket, changes[1], actor=cast.bob)
    ticket.refresh_from_db()
    assert ticket.tags == ["refund", "vip"]
    change_ticket(ticket, read_changes(QueryDict("untag=refund"))[0], actor=cast.bob)
    ticket.refresh_from_db()
    assert ticket.tags == ["vip"]


def test_undoing_an_answer_leaves_a_solved_ticket_as_it_was_solved(cast: Cast) -> None:
    ticket = cast.receive()
    set_status(ticket, Status.SOLVED, outcome=Outcome.COULD_NOT_HELP, actor=cast.anna)
    ticket.refresh_from_db()
    solved_at = ticket.solved_at
    with clock.at(clock.now() + timedelta(hours=1)):
        reply = send_reply(ticket, "И ещё", actor=cast.anna)
        assert undo_reply(reply, actor=cast.anna)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.outcome) == (Status.SOLVED, Outcome.COULD_NOT_HELP)
    assert ticket.solved_at is not None and solved_at is not None
    assert abs(ticket.solved_at - solved_at) < timedelta(minutes=30)
