"""SPF: may this address send for that domain (RFC 7208)? With all of its limits."""

import ipaddress
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from .lookups import LookupFailed, Lookups

MOST_LOOKUPS = 10
MOST_VOID = 2
MOST_EXCHANGERS = 10
RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:([:/])(.*))?", re.IGNORECASE)
_MACRO = re.compile(r"%\{([slodipvhcrt])(\d*)(r?)([.\-+,/_=]*)\}|%([%_-])", re.IGNORECASE)
_CIDR = re.compile(r"^(.*?)(?:/(\d{1,3}))?(?://(\d{1,3}))?$")


class PermanentError(Exception):
    """The record is wrong, or asks for too much."""


@dataclass
class Check:
    """One question: this address, this sender, this greeting."""

    lookups: Lookups
    ip: IPv4Address | IPv6Address
    sender: str
    helo: str
    left: int = MOST_LOOKUPS
    void_left: int = MOST_VOID
    seen: list[str] = field(default_factory=list)


def check_spf(lookups: Lookups, peer: str, mail_from: str, helo: str) -> tuple[str, str]:
    """The result (RFC 8601 §2.7.2) and the domain it is about. Never raises.

    A mail with no sender is judged by the greeting (RFC 7208 §2.4).
    """
    sender = mail_from if "@" in mail_from else f"postmaster@{helo}"
    domain = sender.rpartition("@")[2].lower().rstrip(".")
    try:
        check = Check(lookups, ipaddress.ip_address(peer.partition("%")[0]), sender, helo)
        if isinstance(check.ip, IPv6Address) and check.ip.ipv4_mapped:
            check.ip = check.ip.ipv4_mapped
        return _check_host(check, domain), domain
    except LookupFailed:
        return "temperror", domain
    except (PermanentError, ValueError):
        return "permerror", domain


def _check_host(check: Check, domain: str) -> str:
    record = _record(check, domain)
    if record is None:
        return "none"
    redirect = ""
    for term in record.split()[1:]:
        name, equals, value = term.partition("=")
        if equals and re.fullmatch(r"[A-Za-z][\w.-]*", name):
            redirect = value if name.lower() == "redirect" else redirect
        elif result := _result_of(check, domain, term):
            return result
    return _redirected(check, domain, redirect) if redirect else "neutral"


def _record(check: Check, domain: str) -> str | None:
    if not domain or "." not in domain or len(domain) > 253:
        return None
    found = [t for t in check.lookups.texts(domain) if re.match(r"v=spf1( |$)", t, re.IGNORECASE)]
    if len(found) > 1:
        raise PermanentError
    return found[0] if found else None


def _redirected(check: Check, domain: str, target: str) -> str:
    _count(check)
    result = _check_host(check, expand(check, target, domain))
    if result == "none":
        raise PermanentError
    return result


def _result_of(check: Check, domain: str, term: str) -> str:
    """What this term decides, "" if nothing."""
    match = _TERM.fullmatch(term)
    if not match:
        raise PermanentError
    sign, kind, between, rest = match.groups()
    value = (f"/{rest}" if between == "/" else rest) or ""
    return RESULTS[sign or "+"] if _matches(check, domain, kind.lower(), value) else ""


def _matches(check: Check, domain: str, kind: str, value: str) -> bool:
    if kind == "all":
        return True
    if kind in ("ip4", "ip6"):
        network = ipaddress.ip_network(value, strict=False)
        return network.version == check.ip.version and check.ip in network
    _count(check)
    if kind == "include":
        result = _check_host(check, expand(check, value, domain))
        if result == "none":
            raise PermanentError
        return result == "pass"
    if kind == "exists":
        return bool(_found(check, check.lookups.addresses(expand(check, value, domain), v6=False)))
    return kind != "ptr" and _is_address_of(check, domain, kind, value)


def _is_address_of(check: Check, domain: str, kind: str, value: str) -> bool:
    """`a` and `mx`, with their lengths of prefix. `ptr` should not be used and never matches."""
    match = _CIDR.fullmatch(value)
    assert match
    name = expand(check, match[1], domain) if match[1] else domain
    v6 = check.ip.version == 6
    length = (match[3] if v6 else match[2]) or ("128" if v6 else "32")
    hosts = [name]
    if kind == "mx":
        hosts = _found(check, check.lookups.exchangers(name))
        if len(hosts) > MOST_EXCHANGERS:
            raise PermanentError
    for host in hosts:
        for address in _found(check, check.lookups.addresses(host, v6=v6)):
            if check.ip in ipaddress.ip_network(f"{address}/{length}", strict=False):
                return True
    return False


def _count(check: Check) -> None:
    check.left -= 1
    if check.left < 0:
        raise PermanentError


def _found(check: Check, answers: list[str]) -> list[str]:
    if not answers:
        check.void_left -= 1
        if check.void_left < 0:
            raise PermanentError
    return answers


def expand(check: Check, text: str, domain: str) -> str:
    """Macros (RFC 7208 §7) written out, as the name to ask for."""
    local, _at, sender_domain = check.sender.rpartition("@")
    dotted = check.ip.exploded.replace(":", "")
    values = {
        "s": check.sender,
        "l": local,
        "o": sender_domain,
        "d": domain,
        "i": str(check.ip) if check.ip.version == 4 else ".".join(dotted),
        "v": "in-addr" if check.ip.version == 4 else "ip6",
        "h": check.helo,
        "p": "unknown",
    }

    def written(match: re.Match[str]) -> str:
        if match[5]:
            return {"%": "%", "_": " ", "-": "%20"}[match[5]]
        parts = re.split(f"[{re.escape(match[4] or '.')}]", values.get(match[1].lower(), ""))
        parts = parts[::-1] if match[3] else parts
        return ".".join(parts[-int(match[2]) :] if match[2] else parts)

    return _MACRO.sub(written, text)[-253:].lower()
