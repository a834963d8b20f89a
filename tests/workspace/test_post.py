"""The outbox, and what was set aside."""

from tests.cast import Cast, settle
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.intake.deliveries import send_next
from zabota.intake.models import Delivery, Inbound
from zabota.intake.protocol import NotConfigured, SendFailed
from zabota.tickets.models import Ticket
from zabota.tickets.writing import send_reply


def failed(cast: Cast, reason: Exception) -> None:
    send_reply(cast.receive(), "Сегодня", actor=cast.anna)
    Delivery.objects.filter(is_automatic=True).delete()
    Delivery.objects.update(due_at=clock.now())
    cast.post.refuses = reason  # type: ignore[assignment]
    send_next()


def test_failed_letters_stand_with_their_reason(cast: Cast, desk: Desk) -> None:
    failed(cast, SendFailed("550 no such mailbox", retry=False))
    client = desk(cast.vera)
    page = client.get("/outbox").content.decode()
    assert "550 no such mailbox" in page and "dana@example.ru" in page
    rail = client.get("/outbox", headers={"zabota-fragments": "rail"}).content.decode()
    assert 'class="count is-overdue">1<' in rail
    cast.post.refuses = None
    response = client.post(f"/outbox/{Delivery.objects.get().pk}/retry", {"from": "outbox"})
    assert response["Location"] == "/outbox"
    send_next()
    assert "Everything has left" in client.get("/outbox").content.decode()


def test_without_a_mail_server_letters_wait_and_the_page_says_so(cast: Cast, desk: Desk) -> None:
    failed(cast, NotConfigured())
    client = desk(cast.vera)
    page = client.get("/outbox").content.decode()
    assert "ZABOTA_OUTGOING_MAIL" in page and "waits for a mail server" in page
    ticket = Ticket.objects.get()
    assert "no mail server is set up" in client.get(f"/tickets/{ticket.number}").content.decode()


def test_what_was_set_aside_is_let_in(cast: Cast, desk: Desk) -> None:
    pk = cast.accept(refuse="two headers in one")
    settle()
    client = desk(cast.vera)
    page = client.get("/inbound").content.decode()
    assert "two headers in one" in page
    raw = client.get(f"/inbound/{pk}/raw")
    assert b"two headers" in raw.content and raw["Content-Disposition"].startswith("attachment")
    client.post(f"/inbound/{pk}/retry")
    assert Inbound.objects.get(pk=pk).state == Inbound.State.RECEIVED
