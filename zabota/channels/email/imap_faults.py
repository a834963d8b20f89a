"""What can be wrong with a mail server, told apart, so that a person knows what to do."""

import imaplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from imap_tools.errors import UnexpectedCommandStatusError

from zabota.intake.sources import SourceTrouble, Trouble

LONGEST = 300
# RFC 5530: not the password's fault.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")
_PRIVATE = ("[PRIVACYREQUIRED]", "TLS not supported", "STARTTLS", "LOGINDISABLED")
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER", "UNEXPECTED_EOF", "UNKNOWN_PROTOCOL")
REFUSALS = (imaplib.IMAP4.error, UnexpectedCommandStatusError)


@contextmanager
def told_apart() -> Iterator[None]:
    """Within, what the network and the server do wrong is a `SourceTrouble`."""
    try:
        yield
    except OSError as error:
        raise SourceTrouble(_of_network(error), said_by(error)) from error
    except imaplib.IMAP4.abort as error:
        said = said_by(error)
        kind = Trouble.NO_TLS if any(word in said for word in _PRIVATE) else Trouble.CUT
        raise SourceTrouble(kind, said) from error
    except REFUSALS as error:
        raise SourceTrouble(Trouble.SERVER, said_by(error)) from error


@contextmanager
def afterwards() -> Iterator[None]:
    """Within, what the server refuses is that it does not put away what was taken."""
    try:
        yield
    except imaplib.IMAP4.abort:
        raise
    except REFUSALS as error:
        raise SourceTrouble(Trouble.AFTERWARDS, said_by(error)) from error


def _of_network(error: OSError) -> Trouble:
    kinds: list[tuple[type[OSError], Trouble]] = [
        (socket.gaierror, Trouble.NAME),
        (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
        (ConnectionRefusedError, Trouble.PORT),
        (TimeoutError, Trouble.SILENCE),
        (ConnectionError, Trouble.CUT),
    ]
    for kind, trouble in kinds:
        if isinstance(error, kind):
            return trouble
    speaks_no_tls = isinstance(error, ssl.SSLError) and any(w in str(error) for w in _NO_TLS)
    return Trouble.NO_TLS if speaks_no_tls else Trouble.NETWORK


def refusal(error: BaseException) -> Trouble:
    """Why a sign-in was refused: the password, the missing encryption, or the server itself."""
    said = said_by(error)
    if any(word in said for word in _PRIVATE):
        return Trouble.NO_TLS
    return Trouble.SERVER if any(word in said for word in _PASSING) else Trouble.SIGN_IN


def said_by(error: BaseException) -> str:
    """The other side's own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, UnexpectedCommandStatusError):
        return said_in(error.command_result[1])
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = error.args[0] if error.args else ""
    return said_in([words])


def said_in(data: Sequence[Any]) -> str:
    """The text of a server's answer."""
    parts = [d.decode("utf-8", "replace") if isinstance(d, bytes) else str(d) for d in data if d]
    return " ".join(" ".join(parts).split())[:LONGEST]
