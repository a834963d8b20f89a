"""From a mail and its envelope to what the house takes in."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from zabota.channels.email.inbound import read_inbound

NOW = datetime(2024, 3, 12, 12, 0, tzinfo=UTC)


def test_references_are_nearest_first() -> None:
    raw = b"In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x> <c@x>\r\n\r\nx"
    assert read_inbound(raw, {}).references == ("c@x", "b@x", "a@x")


def test_a_bounce_refers_to_what_it_bounces_only() -> None:
    raw = (
        b"From: mailer-daemon@x\r\nX-Failed-Recipients: a@b\r\nReferences: <a@x>\r\n\r\n"
        b"Failed.\r\n\r\nMessage-ID: <ours@x>\r\n"
    )
    message = read_inbound(raw, {})
    assert message.references == ("ours@x",)
    assert message.bounce
    assert message.automatic


def test_without_an_id_the_bytes_are_the_id() -> None:
    first, again, other = (
        read_inbound(raw, {}).external_id for raw in (b"\r\na", b"\r\na", b"\r\nb")
    )
    assert first == again != other


def test_nobody_usable_wrote_it() -> None:
    assert read_inbound(b"From: Bob\r\n\r\nx", {}).author is None


def test_author_in_normal_form() -> None:
    author = read_inbound(b"From: Dana <Dana@Example.COM>\r\n\r\nx", {}).author
    assert author is not None
    assert (author.kind, author.value, author.name) == ("email", "dana@example.com", "Dana")


def test_a_date_from_the_future_is_none() -> None:
    def sent_at(date: datetime) -> datetime | None:
        return read_inbound(
            b"Date: %s\r\n\r\nx" % format_datetime(date).encode(), {}, now=NOW
        ).sent_at

    assert sent_at(NOW + timedelta(hours=20)) == NOW + timedelta(hours=20)
    assert sent_at(NOW + timedelta(hours=28)) is None


@pytest.mark.parametrize("date", [b"0001-01-01", b"Thu, 01 Jan 1970 00:00:00 +0000"])
def test_a_date_from_before_there_was_mail_is_none(date: bytes) -> None:
    """West of Greenwich the first of them cannot even be shown."""
    assert read_inbound(b"Date: %s\r\n\r\nx" % date, {}, now=NOW).sent_at is None


def test_reply_tokens_keep_their_case() -> None:
    raw = b"To: support+QWxhZGRpbjpvcGVuIHNl@x.org\r\nCc: b+short@x.org\r\n\r\nx"
    envelope = {"mail_from": "a@b", "rcpt_to": ["support+T0k3n-aaaaaaaaaaaaaaa@x.org"]}
    tokens = read_inbound(raw, envelope).reply_tokens
    assert tokens == ("T0k3n-aaaaaaaaaaaaaaa", "QWxhZGRpbjpvcGVuIHNl")


def test_a_null_return_path_is_a_machine() -> None:
    assert read_inbound(b"From: a@b\r\n\r\nx", {"mail_from": "", "rcpt_to": []}).automatic
    assert not read_inbound(b"From: a@b\r\n\r\nx", {"mail_from": "a@b", "rcpt_to": []}).automatic
    assert not read_inbound(b"From: a@b\r\n\r\nx", {}).automatic
