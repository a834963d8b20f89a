"""A DNS server on this machine that says what it is told."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from zabota.channels.email.lookups import _resolver

Zone = Mapping[tuple[str, str], list[str]]


@contextmanager
def nameserver(zone: Zone, *, unanswered: set[str] | None = None) -> Iterator[str]:
    """`host:port` of a server for this zone; one that never answers notes what it is asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, zone, unanswered))
        thread.start()
        where = f"127.0.0.1:{server.getsockname()[1]}"
        try:
            yield where
        finally:
            server.sendto(b"", server.getsockname())
            thread.join()
            _resolver.cache_clear()


def _serve(server: socket.socket, zone: Zone, unanswered: set[str] | None) -> None:
    while True:
        asked, client = server.recvfrom(4096)
        if not asked:
            return
        query = dns.message.from_wire(asked)
        if unanswered is None:
            server.sendto(_answer(query, zone), client)
        else:
            unanswered.add(query.question[0].to_text())


def _answer(query: dns.message.Message, zone: Zone) -> bytes:
    question = query.question[0]
    name, kind = question.name.to_text().rstrip(".").lower(), question.rdtype.name
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    if found := zone.get((name, kind)):
        values = found
        if kind == "TXT":  # pieces of at most 255 bytes
            values = [" ".join(f'"{v[i : i + 250]}"' for i in range(0, len(v), 250)) for v in found]
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
    elif not any(known == name for known, _kind in zone):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer.to_wire()
