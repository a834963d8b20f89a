"""Hostile sizes: what is counted stays under its limit, and the words are still read."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabota.channels.email import limits
from zabota.channels.email.limits import Reading
from zabota.channels.email.mime import read_parts
from zabota.channels.email.parse import parse_mail


def nested(depth: int) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        for i in range(depth)
    )
    return head + b"\r\nwords\r\n"


def test_depth() -> None:
    reading = Reading()
    tree = read_parts(nested(1000), reading)
    assert len(list(tree.walk())) == limits.MAX_DEPTH + 1
    mail = parse_mail(nested(1000))
    assert mail.warnings == ("parts nested too deep are kept as a file",)
    assert mail.attachments[0].content.endswith(b"words\r\n")


def test_parts() -> None:
    parts = b"--b\r\n\r\nx\r\n" * 5000
    reading = Reading()
    tree = read_parts(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts, reading)
    assert len(tree.children) == limits.MAX_PARTS
    assert reading.warnings == ["too many parts, the rest of them is left out"]


def test_header_bytes() -> None:
    mail = parse_mail(b"Subject: kept\r\n" + b"X-Long: " + b"x" * 2_000_000 + b"\r\n\r\nwords")
    assert (mail.subject, mail.text) == ("kept", "words")
    assert mail.warnings == ("headers too long, the rest of them is left out",)


def test_headers() -> None:
    mail = parse_mail(b"Subject: kept\r\n" + b"X: y\r\n" * 5000 + b"\r\nwords")
    assert (mail.subject, mail.text) == ("kept", "words")
    assert mail.warnings == ("too many headers, the rest of them is left out",)


def test_text_is_cut_in_sight_and_kept_as_a_file() -> None:
    text = b"words " * 100_000
    mail = parse_mail(b"Subject: long\r\n\r\n" + text)
    assert len(mail.text) <= limits.MAX_TEXT_OF_A_PART
    assert mail.attachments[0].content == text
    assert mail.warnings == ("the text is too long to show, the whole is kept as a file",)


def test_text_of_all_parts_together() -> None:
    part = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>words</p>" * 30_000 + b"\r\n"
    mail = parse_mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 20)
    assert len(mail.text) <= limits.MAX_TEXT
    assert len(mail.attachments) >= 17


HTML = b"Content-Type: text/html\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"
WORDS = b"\r\n\r\nwords"
HOSTILE = {
    "parameters": b"Content-Type: a/b" + b"".join(b"; %d=x" % i for i in range(20_000)) + WORDS,
    "nesting": nested(1000),
    "recipients": b"To: " + b",\r\n ".join([b"N <n@example.com>"] * 10_000) + WORDS,
    "quotes": b"To: " + b'"\\' * 100_000 + WORDS,
    "brackets": b"To: " + b"<(" * 100_000 + WORDS,
    "spaces": b"From: " + b" " * 100_000 + b"@ x" + WORDS,
    "encoded words": b"Subject: " + b"=?a?b?" * 100_000 + WORDS,
    "references": b"References: " + b"<" * 100_000 + WORDS,
    "one line": b"\r\n" + b"x" * 1_000_000 + b" wrote:\r\n> words",
    "mailboxes": b"\r\n" + b"a@" * 200_000 + b":\r\n> words",
    "labels": b"\r\n" + b"From: a\r\n" * 40_000 + b"words",
    "runs": b"\r\n" + b"> q\r\nwords\r\n" * 30_000,
    "sign-offs": b"\r\nwords\r\n" + b"regards\r\n" * 40_000,
    "flowed": b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"words \r\n" * 50_000,
    "boundaries": MIXED + b"\r\n" + b"--b" * 500_000 + WORDS,
    "a boundary a line": MIXED + b"\r\n" + b"--b\n" * 5_000_000,
    "almost a boundary a line": MIXED + b"\r\n" + b"--bx\n" * 5_000_000,
    "links": HTML + b"\r\n" + b"<a href=http://a/b>words</a>" * 14_000,
    "deep page": HTML + b"\r\n" + b"<div>" * 80_000 + b"words",
    "comments": HTML + b"\r\n" + b"<!--" * 100_000 + b"words",
    "base64": b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(bytes(30_000_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bounded(name: str) -> None:
    """Generous, for slow machines: what is wrong here takes minutes."""
    start = time.process_time()
    parse_mail(HOSTILE[name])
    assert time.process_time() - start < 4


def test_quotations_in_quotations_do_not_swell() -> None:
    page = b"<blockquote>" * 99 + b"a<br>" * 5000
    assert len(parse_mail(HTML + b"\r\n" + page).text) < 3 * len(page)


@pytest.mark.parametrize("head", [b"", b"Content-Type: text/html; charset=utf-7\r\n"])
def test_halves_of_surrogate_pairs(head: bytes) -> None:
    mail = parse_mail(b"Subject: =?utf-7?q?a+2AA-b?=\r\n" + head + b"\r\na+2AA-b")
    assert mail.subject == "ab"
    str(mail.text + (mail.html or "")).encode()


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    parse_mail(raw)


PIECES = st.sampled_from(
    [
        MIXED,
        HTML,
        b"Content-Type: text/html; charset=koi8-r\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: multipart/alternative; boundary=c\n",
        b"Content-Type: multipart/report; boundary=b\r\n",
        b"Content-Type: text/plain; charset=utf-7; format=flowed\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n",
        b"Content-Disposition: attachment; filename*0*=a'b'%D0\r\n",
        b"From: =?utf-8?b?0J/Q?= <a@b>\r\n",
        b'To: "a\\" <b@c>, (x\r\n',
        b"Date: 1 Jan 2024 00:00\r\n",
        b"Subject: Fwd: x\r\n",
        b"On 1 May 2024, 10:00, a@b wrote:\r\n",
        *(b"--b\r\n", b"--b--\r\n", b"--c\r\n", b"\r\n", b"\n", b"\r", b" ", b"\0"),
        *(b"=?", b"?=", b"\xff\xfe", b"\xcf\xf0\xe8", b"> q\r\n"),
        *(b"<blockquote>", b"</blockquote>", b"<img src=cid:x>", b"<pre>"),
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=40))
def test_any_heap_of_pieces_is_a_mail(pieces: list[bytes]) -> None:
    mail = parse_mail(b"".join(pieces))
    assert "\0" not in mail.text
    assert len(mail.warnings) <= limits.MAX_WARNINGS
