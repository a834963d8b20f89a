"""A mail that nobody vouches for acts as nobody we trust; what it wants is only proposed."""

import smtplib
from collections.abc import Callable

import pytest

from tests.cast import Cast, settle
from tests.intake.test_returns import ASKED, DANA, take_in
from zabota.channels.email import inbound, listener, session
from zabota.channels.email.identity import identify
from zabota.channels.email.settings import MailSettings
from zabota.channels.email.tests.nameserver import nameserver
from zabota.channels.email.tests.running import Running
from zabota.company.actions import ensure_company
from zabota.customers.actions import mark_bounced
from zabota.customers.models import Identity
from zabota.intake.actions import accept_inbound, add_inbox
from zabota.intake.models import Delivery, Inbound, Inbox
from zabota.intake.senders import Authentication
from zabota.tickets.models import Message, Ticket
from zabota.tickets.threading import reply_token
from zabota.tickets.writing import send_reply

FORGED = Authentication("fail", "none", "fail", "example.ru")
KNOWN = Authentication("pass", "pass", "pass", "example.ru")
Accept = Callable[..., Message]


@pytest.fixture
def accept(inbox: Inbox) -> Accept:
    """Take in a mail of which this was found out."""

    def take(text: str, found: Authentication, to: str = "help@example.com") -> Message:
        external_id, body_hash = identify(text.encode())
        pk = accept_inbound(
            inbox,
            text.encode(),
            external_id=external_id,
            body_hash=body_hash,
            envelope={"mail_from": DANA, "rcpt_to": [to], "authentication": found.as_json()},
        )
        settle()
        return Message.objects.get(inbound_id=pk)

    return take


def answer(to: str, name: str = "two", extra: str = "") -> str:
    return (
        f"From: {DANA}\nMessage-ID: <{name}@example.ru>\nIn-Reply-To: <{to}>\n"
        f"Subject: Re: Где?\n{extra}\nПереведите на другой счёт ({name})"
    )


def test_what_was_found_is_kept(accept: Accept) -> None:
    assert accept(ASKED, KNOWN).details["authentication"] == {
        "spf": "pass",
        "dkim": "pass",
        "dmarc": "pass",
        "domain": "example.ru",
        "by": "self",
    }


def test_forged_it_is_not_put_into_the_conversation(cast: Cast, accept: Accept) -> None:
    ticket = accept(ASKED, KNOWN).ticket
    ours = send_reply(ticket, "Уже", actor=cast.anna)
    assert accept(answer(ours.external_id), FORGED).ticket != ticket
    assert accept(answer("asked@example.ru", "three"), FORGED).ticket != ticket
    assert accept(answer(ours.external_id, "four"), KNOWN).ticket == ticket


def test_a_signed_address_still_leads_home(accept: Accept) -> None:
    """Domains that disown what forwarders pass on are many; the token was given to them alone."""
    ticket = accept(ASKED, KNOWN).ticket
    token = reply_token(ticket.pk, ticket.identity_id)
    assert accept(answer("x@y"), FORGED, f"help+{token}@example.com").ticket == ticket


def test_forged_it_gets_no_receipt(accept: Accept) -> None:
    """Who is named as the sender did not write: to answer would be to bother somebody else."""
    accept(ASKED, FORGED)
    assert not Delivery.objects.exists()
    accept(ASKED.replace("<asked@", "<again@"), KNOWN)
    assert Delivery.objects.filter(is_automatic=True).count() == 1


def test_forged_it_says_nothing_of_the_address(accept: Accept) -> None:
    accept(ASKED, KNOWN)
    mark_bounced(("email", DANA), "550 5.1.1")
    accept(ASKED.replace("<asked@", "<again@"), FORGED)
    assert Identity.objects.get(value=DANA).bounced_at is not None


@pytest.mark.parametrize(("found", "admits"), [(KNOWN, True), (FORGED, False)])
def test_copies_of_an_unverified_mail_admit_nobody(
    accept: Accept, found: Authentication, admits: bool
) -> None:
    ticket = accept(ASKED.replace("\nSubject", "\nCc: eve@example.org\nSubject", 1), found).ticket
    reply = answer("asked@example.ru").replace(DANA, "eve@example.org")
    assert (accept(reply, KNOWN).ticket == ticket) is admits


def test_where_it_wants_its_answer_is_only_kept(cast: Cast, accept: Accept) -> None:
    asked = ASKED.replace("\nSubject", "\nReply-To: Ева <Eve@example.org>\nSubject", 1)
    message = accept(asked, KNOWN)
    assert message.details["reply_to"] == ["eve@example.org", "Ева"]
    ours = send_reply(message.ticket, "Уже", actor=cast.anna)
    assert Delivery.objects.get(message_id=ours.pk).recipient == DANA
    assert "reply_to" not in accept(answer("x@y", extra=f"Reply-To: {DANA}\n"), KNOWN).details


def test_results_of_the_server_in_front(
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By LMTP and IMAP another server has looked; only the one we were told of is believed."""
    said = "Authentication-Results: mx.example.com; dmarc=fail header.from=example.ru\n"
    lie = "Authentication-Results: evil.example; dmarc=pass header.from=example.ru\n"
    take_in(inbox, lie + ASKED, sender=DANA)
    assert "authentication" not in Message.objects.get().details
    settings = MailSettings(authserv_id="mx.example.com")
    monkeypatch.setattr(inbound, "mail_settings", lambda: settings)
    take_in(inbox, lie + said + ASKED.replace("<asked@", "<2@"), sender=DANA)
    kept = Message.objects.get(external_id="2@example.ru").details["authentication"]
    assert (kept["dmarc"], kept["by"]) == ("fail", "mx.example.com")


@pytest.mark.django_db(transaction=True)
def test_checked_while_it_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_company("en")
    add_inbox("help@example.com")
    zone = {
        ("example.ru", "TXT"): ["v=spf1 ip4:127.0.0.1 -all"],
        ("_dmarc.example.ru", "TXT"): ["v=DMARC1; p=reject"],
    }
    with nameserver(zone) as server:
        running = Running(MailSettings(dns=server))
        for name in ("1", "2"):
            with smtplib.SMTP("127.0.0.1", running.port) as client:
                client.sendmail(DANA, ["help@example.com"], ASKED.replace("asked", name).encode())
            monkeypatch.setattr(listener, "is_inside", lambda host: False)
        running.close()
    here, afar = Inbound.objects.order_by("pk")
    assert "authentication" not in here.envelope, "a relay of ours speaks for others"
    assert afar.envelope["authentication"]["dmarc"] == "pass"
    assert session.CHECKERS > 1 and Ticket.objects.count() == 0
