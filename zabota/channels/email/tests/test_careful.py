"""Ordinary mails are read here, odd ones in a process that may end."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from zabota.channels.email import careful
from zabota.channels.email.careful import is_odd, parse_carefully
from zabota.channels.email.parse import parse_mail
from zabota.core import confined
from zabota.intake.protocol import InboundRefused

from .envelopes import calendar, part, winmail
from .test_payloads import PAYLOADS


@pytest.fixture(autouse=True)
def _no_helper_left() -> Iterator[None]:
    yield
    careful._helper.end()


def test_ordinary_mails_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful, "_confined", None)
    plain = [path for path in PAYLOADS if path.stem not in ("calendar", "winmail")]
    for path in plain:
        raw = path.read_bytes()
        assert parse_carefully(raw, {}) == parse_mail(raw), path.stem


@pytest.mark.parametrize("envelope", [{}, {"tries": 1}], ids=["first", "after an end"])
def test_both_ways_read_the_same(envelope: dict[str, int]) -> None:
    mails = [path.read_bytes() for path in PAYLOADS]
    mails += [part("text/calendar", calendar("SUMMARY:a")), part("x/y", winmail(body=b"a"))]
    for raw in mails:
        assert parse_carefully(raw, envelope) == parse_mail(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: a\r\n\r\n" + b"x" * 1_100_000,
        b"X: " + b"x" * 70_000 + b"\r\n\r\n",
        b"Subject: a\r\n\r\n" + b"--b\r\n" * 400,
        b"Subject: a\r\n\r\n" + b"<b>" * 30_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 3000,
    ],
)
def test_odd_ones_are_read_elsewhere(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def elsewhere(_raw: bytes, *, opens: bool) -> object:
        asked.append(opens)
        return parse_mail(b"")

    monkeypatch.setattr(careful, "_confined", elsewhere)
    assert is_odd(raw)
    parse_carefully(raw, {})
    assert asked == [True]


def test_one_that_takes_too_much_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(careful, "__name__", "zabota.channels.email.tests.test_careful")
    monkeypatch.setattr(careful, "SECONDS", 0.5)
    with pytest.raises(InboundRefused, match=r"more than 0\.5 seconds"):
        parse_carefully(b"Subject: a\r\n\r\n", {"tries": 1})


def _parse(_opens: bool, _blobs: list[bytes]) -> confined.Answer:
    """What the confined process runs in the test above: a reading without an end."""
    while True:
        re.match(r"(a+)+$", "a" * 40 + "b")


def test_what_hangs_here_ends_the_process_and_not_for_ever() -> None:
    """No signal and no thread ends a regular expression: C code that holds the lock."""
    program = (
        "from zabota.channels.email import careful; careful.PATIENCE = 0.5\n"
        "import re; careful.parse_mail = lambda *_a, **_k: re.match('(a+)+$', 'a' * 40 + 'b')\n"
        "careful.parse_carefully(b'Subject: a', {})"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGALRM
    assert b"in match" in ended.stderr, "where it was"
