"""`Authentication-Results` (RFC 8601) of the one server we were told to believe."""

import re
from collections.abc import Iterable

from zabota.core.text import clean_line
from zabota.intake.senders import Authentication

from .limits import MAX_VALUE_BYTES

_COMMENT = re.compile(r"\([^()]*\)|\"[^\"]*\"")
_RESULT = re.compile(r"^\s*(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_FROM = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)


def read_results(headers: Iterable[bytes], server: str, domain: str) -> Authentication | None:
    """What this server found of a mail from this domain; None if it said nothing.

    Everybody can write such a header: only those under its own name count, and it must take away
    others that bear it.
    """
    found: dict[str, str] = {}
    said = False
    for header in headers:
        name, _semicolon, rest = _clean(header).partition(";")
        if (name.split() or [""])[0].lower() != server:
            continue
        said = True
        for part in rest.split(";"):
            _note(part, found, domain)
    return Authentication(**found, domain=domain, by=server) if said else None


def _clean(header: bytes) -> str:
    return _COMMENT.sub(" ", clean_line(header[:MAX_VALUE_BYTES].decode("latin-1"), 20_000))


def _note(part: str, found: dict[str, str], domain: str) -> None:
    """One result; of several signatures, one that holds is enough."""
    match = _RESULT.match(part)
    if not match:
        return
    method, result = match[1].lower(), match[2].lower()
    about = _FROM.search(part)
    if method == "dmarc" and about and about[1].lower().rstrip(".") != domain:
        return
    if found.get(method) != "pass":
        found[method] = result
