"""`zabota check`: each part of a desk is well, or what to do about it."""

import shutil
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography import x509

from zabota.core.environment import Environment, EnvironmentProblem
from zabota.core.postgres.checks import direct_connection_string
from zabota.files.storage import storage

NARROW, FULL = 2 * 1024**3, 64 * 1024**2
WAIT = 5.0
LATE = 120.0  # seconds a mail may wait for the worker, or a letter for its sender
SOON = timedelta(days=14)
CLOCKS = 5.0


class Verdict(StrEnum):
    """How a part is: `note` works, and is worth knowing."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, in words, and what to do if it is not well."""

    part: str
    verdict: Verdict
    words: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Doorways:
    """Where pages and mail should answer, as the command line was told."""

    host: str
    web: int
    smtp: int


def ok(part: str, words: str) -> Finding:
    """It is well."""
    return Finding(part, Verdict.OK, words)


def note(part: str, words: str, advice: str = "") -> Finding:
    """It works; somebody should know."""
    return Finding(part, Verdict.NOTE, words, advice)


def wrong(part: str, words: str, advice: str) -> Finding:
    """It does not work, or soon will not."""
    return Finding(part, Verdict.WRONG, words, advice)


def check_machine(env: Environment, doors: Doorways, mail_server: str) -> Iterator[Finding]:
    """What can be looked at without the database."""
    yield _space(env.data_dir)
    yield _files()
    yield _answers("pages", doors.host, doors.web, "zabota run, or zabota web", b"")
    yield _answers("mail in", doors.host, doors.smtp, "zabota run, or zabota mail", b"220")
    yield _mail_out(mail_server, env.outgoing_mail)
    yield from _certificates(env)


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free in {folder}"
    if free < FULL:
        return wrong("disk", words, "make room: below this nothing more is taken in")
    return note("disk", words, "make room soon") if free < NARROW else ok("disk", words)


def _files() -> Finding:
    try:
        problem = storage().problem()
    except EnvironmentProblem as error:
        problem = str(error)
    return wrong("files", "cannot be kept", problem) if problem else ok("files", "can be written")


def _answers(part: str, host: str, port: int, command: str, greeting: bytes) -> Finding:
    place = f"{host} port {port}"
    try:
        with socket.create_connection((host, port), timeout=WAIT) as connection:
            connection.settimeout(WAIT)
            if greeting and not connection.recv(200).startswith(greeting):
                return wrong(part, f"{place} answers, and not as Zabota does", "see what is there")
    except OSError as error:
        why = error.strerror or type(error).__name__
        return wrong(part, f"{place} does not answer ({why})", f"start it: {command}")
    return ok(part, f"{place} answers")


def _mail_out(server: str, setting: str) -> Finding:
    part = "mail out"
    if not setting:
        return note(part, "no mail server is named: letters wait", "set ZABOTA_OUTGOING_MAIL")
    host, _colon, port = server.rpartition(":")
    kind = smtplib.SMTP_SSL if setting.startswith("smtps:") else smtplib.SMTP
    try:
        with kind(host, int(port), timeout=WAIT) as connection:
            code, _said = connection.ehlo()
    except (OSError, smtplib.SMTPException) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        return wrong(part, f"{server} does not answer ({why})", "look at ZABOTA_OUTGOING_MAIL")
    return ok(part, f"{server} answers ({code})")


def _certificates(env: Environment) -> Iterator[Finding]:
    import os

    if path := os.environ.get("ZABOTA_SMTP_CERT"):
        yield _expiry("certificate of mail", lambda: Path(path).read_bytes())
    place = urlsplit(env.public_url)
    if place.scheme == "https" and place.hostname:
        where = (place.hostname, place.port or 443)
        yield _expiry("certificate of pages", lambda: _certificate_at(*where))
    elif not env.public_url:
        yield note("address", "ZABOTA_PUBLIC_URL is not set", "set it to how browsers reach you")
    else:
        yield note("address", f"{env.public_url} is not https", "put a proxy with TLS in front")


def _certificate_at(host: str, port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only its date is asked
    with (
        socket.create_connection((host, port), timeout=WAIT) as plain,
        context.wrap_socket(plain, server_hostname=host) as safe,
    ):
        return ssl.DER_cert_to_PEM_cert(safe.getpeercert(binary_form=True) or b"").encode()


def _expiry(part: str, read: Callable[[], bytes]) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(read())
        until = certificate.not_valid_after_utc
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        return wrong(part, f"cannot be read ({why})", "look at the proxy, or at ZABOTA_SMTP_CERT")
    left = until - datetime.now(UTC)
    words = f"valid until {until:%Y-%m-%d}"
    if left < timedelta(0):
        return wrong(part, f"expired on {until:%Y-%m-%d}", "renew it")
    # Some last hours, and are renewed in time all the same.
    soon = min(SOON, (until - certificate.not_valid_before_utc) / 4)
    return note(part, words, "renew it") if left < soon else ok(part, words)


def check_database(env: Environment) -> Iterator[Finding]:
    """Version and clock; encoding, extensions and letters were looked at before it was opened."""
    with psycopg.connect(direct_connection_string(env)) as connection:
        version = connection.info.server_version
        row = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    yield ok(
        "database", f"PostgreSQL {version // 10_000}.{version % 10_000} answers, knows Russian"
    )
    apart = abs(datetime.now(UTC).timestamp() - (row[0] if row else 0.0))
    words = f"{apart:.1f} s between this machine and the database"
    yield (
        ok("clock", words) if apart < CLOCKS else wrong("clock", words, "run an NTP client on both")
    )
