"""Mail that leaves is signed, and holds before a DNS that has what `zabota dkim` printed."""

import io
import re
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import click
import pytest

from tests.waiting import PATIENCE
from zabota.channels.email import signing
from zabota.channels.email.authentication import authenticate
from zabota.channels.email.commands import print_dkim
from zabota.channels.email.compose import compose_mail
from zabota.channels.email.lookups import Lookups
from zabota.channels.email.send import send_mail
from zabota.channels.email.signing import find_key, make_key, sign
from zabota.channels.email.tests.nameserver import Zone, nameserver
from zabota.channels.email.tests.test_compose import ANSWER
from zabota.channels.email.tests.test_send import Sink, failure, relay  # noqa: F401  a fixture
from zabota.core.environment import EnvironmentProblem, env
from zabota.intake.protocol import OutboundFile

POLICY = ("_dmarc.example.com", "TXT"), ["v=DMARC1; p=reject"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(signing, "env", replace(env, data_dir=tmp_path))
    for name in ("KEY", "DOMAIN", "SELECTOR"):
        monkeypatch.delenv(f"ZABOTA_DKIM_{name}", raising=False)
    return tmp_path


def result(mail: bytes, zone: Zone) -> tuple[str, str]:
    with nameserver(dict([POLICY]) | dict(zone)) as server:
        lookups = Lookups(server, PATIENCE)
        found = authenticate(mail, lookups, peer="192.0.2.1", mail_from="", helo="mx.example.com")
    return found.dkim, found.dmarc


def printed(domain: str) -> Zone:
    """What `zabota dkim` prints, as a name server would read it."""
    said = io.StringIO()
    with redirect_stdout(said):
        print_dkim(domain)
    name, pieces = said.getvalue().split(". IN TXT ")
    return {(name, "TXT"): ["".join(re.findall(r'"([^"]*)"', pieces))]}


def test_signed_mail_holds_and_a_changed_one_does_not() -> None:
    zone = printed("example.com")
    file = OutboundFile("Счёт.pdf", "application/pdf", b"%PDF" * 5000)
    mail = sign(compose_mail(replace(ANSWER, files=(file,))).as_bytes(), "example.com")
    assert result(mail, zone) == ("pass", "pass")
    assert b"a=rsa-sha256" in mail and b"c=relaxed/relaxed" in mail
    assert result(mail.replace(b"From: ", b"From: Boss <boss@example.com>, "), zone)[0] == "fail"
    assert result(b"From: boss@example.com\r\n" + mail, zone)[1] != "pass"
    assert result(mail.replace(b"Subject: ", b"Subject: Not "), zone)[0] == "fail"


def test_as_it_leaves(relay: object) -> None:  # noqa: F811
    zone = printed("example.com")
    sink = Sink()
    relay(sink)  # type: ignore[operator]
    send_mail(ANSWER)
    taken = sink.taken[0].content
    assert isinstance(taken, bytes) and result(taken, zone) == ("pass", "pass")


def test_once_made_it_stays(folder: Path) -> None:
    assert printed("Example.com.") == printed("example.com")
    assert (folder / "dkim" / "example.com.pem").stat().st_mode & 0o777 == 0o600


def test_no_key_no_signature() -> None:
    assert sign(b"From: a@b.ru\r\n\r\nx", "b.ru") == b"From: a@b.ru\r\n\r\nx"


def test_a_key_of_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_key("other.example")
    own = folder / "own.pem"
    own.write_bytes(made.pem)
    monkeypatch.setenv("ZABOTA_DKIM_KEY", str(own))
    monkeypatch.setenv("ZABOTA_DKIM_SELECTOR", "s2026")
    monkeypatch.setenv("ZABOTA_DKIM_DOMAIN", "example.com")
    mail = sign(compose_mail(ANSWER).as_bytes(), "example.com")
    zone = {("s2026._domainkey.example.com", "TXT"): [made.record]}
    assert result(mail, zone) == ("pass", "pass")
    assert find_key("help.example.com") == replace(made, domain="example.com", selector="s2026")
    assert find_key("badexample.com") is None


def test_a_key_that_is_none(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    relay: object,  # noqa: F811
) -> None:
    """Nothing leaves unsigned that was meant to be signed; the reason is on the message."""
    monkeypatch.setenv("ZABOTA_DKIM_KEY", str(folder / "none.pem"))
    relay(Sink())  # type: ignore[operator]
    error = failure()
    assert error.retry and "DKIM key" in str(error)
    (folder / "none.pem").write_text("no key")
    with pytest.raises(EnvironmentProblem, match="cannot be used"):
        sign(b"From: a@b.ru\r\n\r\nx", "b.ru")


@pytest.mark.parametrize("domain", ["", "example", "../../etc", "a b.ru", "x" * 70 + ".ru"])
def test_what_is_no_domain(domain: str) -> None:
    with pytest.raises(click.UsageError, match="is not a domain"):
        print_dkim(domain)
