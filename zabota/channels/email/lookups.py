"""Questions to the DNS about one mail, all of them within one limit of time."""

import time
from functools import cache

import dns.exception
import dns.resolver
from dns.rdata import Rdata

SECONDS = 4.0


class LookupFailed(Exception):
    """No answer in time, or none that makes sense; later there may be one."""


@cache
def _resolver(server: str) -> dns.resolver.Resolver:
    """The machine's resolver, or the one at `host[:port]`; answers are kept as long as they say."""
    resolver = dns.resolver.Resolver(configure=not server)
    if server:
        host, _colon, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        resolver.nameservers, resolver.port = [host], int(port or 53)
    resolver.cache = dns.resolver.LRUCache(2000)
    return resolver


class Lookups:
    """What the DNS says, while time lasts. Names that are none have no answers."""

    def __init__(self, server: str = "", seconds: float = SECONDS) -> None:
        self._resolver = _resolver(server)
        self._until = time.monotonic() + seconds

    def _ask(self, name: str, kind: str) -> list[Rdata]:
        left = self._until - time.monotonic()
        if left <= 0:
            raise LookupFailed("out of time")
        try:
            answer = self._resolver.resolve(
                name.rstrip(".") + ".", kind, lifetime=left, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, UnicodeError, OSError, ValueError) as error:
            if isinstance(error, dns.exception.SyntaxError | UnicodeError | ValueError):
                return []
            raise LookupFailed(str(error)) from error
        return list(answer.rrset or [])

    def texts(self, name: str) -> list[str]:
        """TXT records, their pieces put together."""
        return [
            b"".join(r.strings).decode("latin-1")  # type: ignore[attr-defined]
            for r in self._ask(name, "TXT")
        ]

    def addresses(self, name: str, *, v6: bool) -> list[str]:
        """A or AAAA records."""
        return [r.to_text() for r in self._ask(name, "AAAA" if v6 else "A")]

    def exchangers(self, name: str) -> list[str]:
        """Names of MX records."""
        return [r.to_text().split()[-1].rstrip(".") for r in self._ask(name, "MX")]

    def key(self, name: bytes, timeout: int = 5) -> bytes | None:
        """A DKIM key, as dkimpy asks for it."""
        found = self.texts(name.decode("latin-1"))
        return found[0].encode("latin-1") if found else None
