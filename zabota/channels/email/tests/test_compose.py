"""Mails we write, read again as another program reads them."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from zabota.channels.email.compose import compose_mail
from zabota.channels.email.parse import parse_mail
from zabota.intake.protocol import Address, OutboundFile, OutboundMessage

OUTLOOK_ID = f"AM0PR01MB{'0123456789' * 4}@AM0PR01MB1234.eurprd01.prod.exchangelabs.com"
ANSWER = OutboundMessage(
    external_id="zabota.1.a@example.com",
    sender=Address("help@example.com", "Тёплый дом"),
    to=(Address("dana@example.ru", "Дана Ким"),),
    subject="Re: Возврат",
    text="Здравствуйте!\n.\nДеньги придут завтра.",
    created_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
)


def lines(message: OutboundMessage) -> list[bytes]:
    return compose_mail(message).as_bytes().split(b"\r\n")


def as_others_read_it(message: OutboundMessage) -> EmailMessage:
    raw = compose_mail(message).as_bytes()
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)


def test_headers() -> None:
    mail = as_others_read_it(ANSWER)
    assert mail["From"] == "Тёплый дом <help@example.com>"
    assert mail["To"] == "Дана Ким <dana@example.ru>"
    assert mail["Subject"] == "Re: Возврат"
    assert mail["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    assert mail["Message-ID"] == "<zabota.1.a@example.com>"
    assert not {"Cc", "Reply-To", "In-Reply-To", "References", "Auto-Submitted"} & set(mail.keys())


def test_text_and_html() -> None:
    mail = as_others_read_it(replace(ANSWER, html="<p>Деньги придут завтра.</p>"))
    plain, rich = mail.get_body(["plain"]), mail.get_body(["html"])
    assert plain is not None
    assert rich is not None
    assert plain.get_content().splitlines() == ANSWER.text.split("\n")
    assert "<p>Деньги придут завтра.</p>" in rich.get_content()


def test_lines_are_short_ascii_and_end_rightly() -> None:
    message = replace(ANSWER, text="слово " * 500 + "word " * 500, html="<p>слово</p>" * 200)
    for line in lines(message):
        assert len(line) <= 78
        assert line.isascii()
        assert b"\n" not in line


def test_long_ids_stay_ids() -> None:
    message = replace(ANSWER, in_reply_to=OUTLOOK_ID, references=("first@x", OUTLOOK_ID))
    assert b" <%s>" % OUTLOOK_ID.encode() in lines(message)
    mail = parse_mail(compose_mail(message).as_bytes())
    assert mail.in_reply_to == OUTLOOK_ID
    assert mail.references == ("first@x", OUTLOOK_ID)


def test_ids_that_cannot_stand_in_a_header_are_left_out() -> None:
    message = replace(ANSWER, in_reply_to="a b@x", references=("id@домен", "a>b@x", "ok@x"))
    mail = compose_mail(message)
    assert mail["In-Reply-To"] is None
    assert mail["References"] == "<ok@x>"


def test_names_keep_their_spaces_commas_and_quotes() -> None:
    people = (
        Address("a@x.org", "Иванов, Иван Иванович из отдела закупок и продаж бытовой техники"),
        Address("b@x.org", "Пётр Петрович Петров"),
        Address("c@x.org", 'Smith, "Bob" \\'),
        Address("d@x.org"),
    )
    mail = parse_mail(compose_mail(replace(ANSWER, to=people, cc=people[:1])).as_bytes())
    assert mail.to == people
    assert mail.cc == people[:1]


def test_a_domain_in_letters_of_its_own() -> None:
    mail = compose_mail(replace(ANSWER, to=(Address("dana@пример.рф"),)))
    assert mail["To"] == "dana@xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize("address", ["", "nobody", "a@", "@b", "a@b, c@d", "a b@c", "a@b\r\nX: y"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UnicodeError):
        compose_mail(replace(ANSWER, to=(Address(address),)))


def test_nothing_a_stranger_wrote_makes_a_header() -> None:
    evil = "x\r\nBcc: evil@example.org\r\n\r\nbody"
    message = replace(
        ANSWER,
        subject=evil,
        sender=Address("help@example.com", evil),
        references=(evil,),
        in_reply_to=evil,
        files=(OutboundFile(evil, evil, b"x"),),
    )
    mail = as_others_read_it(message)
    assert mail["Bcc"] is None
    assert all(part["Bcc"] is None for part in mail.walk())
    assert "body" not in compose_mail(message).as_bytes().decode().split("\r\n")


def test_files() -> None:
    files = (
        OutboundFile("Счёт на оплату услуг по ремонту.pdf", "application/pdf", b"%PDF"),
        OutboundFile("note.txt", "text/plain", "слово".encode()),
        OutboundFile("mail.eml", "message/rfc822", b"Subject: x\r\n\r\ny"),
        OutboundFile("odd", "nonsense", b"\0\xff"),
    )
    mail = parse_mail(compose_mail(replace(ANSWER, files=files)).as_bytes())
    assert [f.filename for f in mail.attachments] == [f.filename for f in files]
    assert [f.content for f in mail.attachments] == [f.content for f in files]
    assert [f.content_type for f in mail.attachments][2:] == ["application/octet-stream"] * 2


def test_an_automatic_answer_says_so() -> None:
    raw = compose_mail(replace(ANSWER, automatic=True, reply_to="help+t@example.com")).as_bytes()
    assert parse_mail(raw).auto_submitted
    assert b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n" in raw
    assert b"Reply-To: help+t@example.com\r\n" in raw
