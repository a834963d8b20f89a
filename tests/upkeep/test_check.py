"""`zabota check`: what is well, what is not, and the exit code that says so."""

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cast import Cast
from tests.ports import free_port
from tests.upkeep.desks import Desk, a_desk, a_post
from tests.waiting import until
from zabota.core import clock
from zabota.events.models import ListenerBacklog
from zabota.intake.holds import open_hold
from zabota.intake.models import Hold, InboxHealth
from zabota.upkeep.checkup import Finding, Verdict, _answers, _expiry
from zabota.upkeep.desk_check import check_desk


def found(part: str) -> Finding:
    (one,) = [one for one in check_desk() if one.part == part]
    return one


def test_a_desk_without_a_worker_says_so(cast: Cast) -> None:
    assert found("worker").verdict == Verdict.WRONG
    assert found("migrations").verdict == Verdict.OK


def test_mail_that_waits_too_long_is_wrong(cast: Cast) -> None:
    with clock.at(clock.now() - timedelta(minutes=10)):
        cast.accept()
    assert found("ledger").verdict == Verdict.WRONG


def test_a_hold_says_how_to_release_it(cast: Cast) -> None:
    open_hold(Hold.Cause.RESTORED)
    assert "zabota release" in found("outbox").advice


def test_listeners_that_gave_up_are_named(cast: Cast) -> None:
    ListenerBacklog.objects.create(
        listener="a.b", stream_kind="t", stream_id=1, seq=1, is_dead=True, retry_at=clock.now()
    )
    assert "a.b" in found("listeners").words


def test_an_inbox_in_trouble_is_named(cast: Cast) -> None:
    InboxHealth.objects.create(inbox=cast.inbox, trouble="The password is refused")
    one = found(f"inbox {cast.inbox.address}")
    assert one.verdict == Verdict.WRONG and "password" in one.words


def test_somebody_else_at_our_port_is_not_us() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert _answers("pages", "127.0.0.1", port, "", b"").verdict == Verdict.OK
    assert _answers("pages", "127.0.0.1", port, "", b"").verdict == Verdict.WRONG


@pytest.mark.parametrize(("days", "verdict"), [(90, "ok"), (3, "note"), (-1, "wrong")])
def test_certificates_are_known_to_expire(days: int, verdict: str) -> None:
    assert _expiry("certificate", lambda: certificate(days)).verdict == verdict
    assert _expiry("certificate", lambda: b"no certificate").verdict == Verdict.WRONG


def certificate(days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
    until = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    )
    made = made.serial_number(1).not_valid_before(until - timedelta(days=99)).not_valid_after(until)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.faults
def test_exit_codes(tmp_path: Path) -> None:
    with a_post() as (_post, post), a_desk(tmp_path / "desk", post) as desk:
        ports = ["--port", str(free_port()), "--smtp-port", str(free_port())]
        assert "zabota worker" in desk.zabota("check", *ports, code=1)
        desk.start("web", *ports[:2])
        desk.start("mail", *ports[2:])
        desk.start("worker")
        until(lambda: well(desk, ports))
        desk.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
        said = json.loads(desk.zabota("check", *ports, "--json", code=3))
        assert not said["ok"] and said["parts"][0]["part"] == "database"


def well(desk: Desk, ports: list[str]) -> bool:
    import subprocess
    import sys

    command = [sys.executable, "-m", "zabota", "check", *ports, "--json"]
    done = subprocess.run(
        command, env=desk.environment, capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and json.loads(done.stdout)["ok"]
