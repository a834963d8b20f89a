"""Who speaks: SPF, DKIM and DMARC (RFC 7489) of a mail that a stranger's server hands in."""

import logging
from functools import cache
from importlib.resources import files

from zabota.intake.senders import Authentication

from .headers import parse_addresses
from .limits import Reading
from .lookups import LookupFailed, Lookups
from .mime import read_headers, whole_mail
from .spf import check_spf

log = logging.getLogger("zabota.mail")

MOST_SIGNATURES = 5
LARGEST_HEAD = 256 * 1024
SMALLEST_KEY = 1024


def authenticate(
    raw: bytes, lookups: Lookups, *, peer: str, mail_from: str, helo: str
) -> Authentication:
    """What the DNS says of the one who sent this. Takes as long as `lookups`; never raises."""
    spf, spf_domain = check_spf(lookups, peer, mail_from, helo)
    dkim, signers = check_dkim(raw, lookups)
    domain = author_domain(raw)
    vouching = [*signers, *([spf_domain] if spf == "pass" else [])]
    try:
        dmarc = check_dmarc(domain, lookups, spf_domain if spf == "pass" else "", signers)
    except LookupFailed:
        dmarc = "temperror"
    if dmarc == "none" and any(_is_of(v, domain, strict=False) for v in vouching):
        dmarc = "bestguesspass"
    return Authentication(spf, dkim, dmarc, domain)


def author_domain(raw: bytes) -> str:
    """The domain of the one author; "" if there is none, or more than one (RFC 7489 §6.6.1)."""
    reading = Reading()
    headers, _body = read_headers(whole_mail(raw), reading)
    froms = headers.get("from", [])
    authors = parse_addresses(froms, reading)
    if len(authors) != 1 or len(froms) != 1:
        return ""
    return _ascii(authors[0].value.rpartition("@")[2])


def _ascii(domain: str) -> str:
    try:
        return domain.lower().rstrip(".").encode("idna").decode()
    except UnicodeError:
        return ""


def check_dkim(raw: bytes, lookups: Lookups) -> tuple[str, list[str]]:
    """The result, and the domains whose signatures hold (RFC 6376).

    A signature over a part of the body (`l=`) does not: anything may stand behind it.
    """
    import dkim  # type: ignore[import-untyped]

    if b"dkim-signature:" not in raw[:LARGEST_HEAD].lower():
        return "none", []
    head = raw.find(b"\n\r\n") if b"\n\r\n" in raw else raw.find(b"\n\n")
    if head > LARGEST_HEAD:
        return "permerror", []
    result, signers = "fail", []
    for index in range(MOST_SIGNATURES):
        try:
            one = dkim.DKIM(raw, minkey=SMALLEST_KEY)
            holds = one.verify(index, dnsfunc=lookups.key)
        except LookupFailed:
            result = "temperror"
            continue
        except Exception as error:
            if isinstance(error, dkim.MessageFormatError | dkim.ParameterError | IndexError):
                break
            log.debug("a signature cannot be checked: %s", error)
            continue
        if not one.signature_fields:
            break
        if holds and b"l" not in one.signature_fields:
            signers.append(_ascii(one.signature_fields[b"d"].decode("latin-1")))
    return ("pass" if signers else result), signers


def check_dmarc(domain: str, lookups: Lookups, spf_domain: str, signers: list[str]) -> str:
    """Whether one that vouches is of the author's domain. Raises `LookupFailed`."""
    if not domain:
        return "permerror"
    policy = _policy(domain, lookups)
    if policy is None:
        return "none"
    by_spf = bool(spf_domain) and _is_of(spf_domain, domain, strict=policy.get("aspf") == "s")
    strict = policy.get("adkim") == "s"
    by_dkim = any(_is_of(signer, domain, strict=strict) for signer in signers)
    return "pass" if by_spf or by_dkim else "fail"


def _policy(domain: str, lookups: Lookups) -> dict[str, str] | None:
    for name in dict.fromkeys((domain, organisation(domain))):
        found = [t for t in lookups.texts(f"_dmarc.{name}") if t.startswith("v=DMARC1")]
        if len(found) == 1:
            tags = (tag.partition("=") for tag in found[0].split(";"))
            return {key.strip().lower(): value.strip().lower() for key, _eq, value in tags}
    return None


def _is_of(voucher: str, domain: str, *, strict: bool) -> bool:
    """Alignment, RFC 7489 §3.1."""
    if not voucher or not domain:
        return False
    return voucher == domain or (not strict and organisation(voucher) == organisation(domain))


@cache
def _suffixes() -> "object":
    from publicsuffix2 import PublicSuffixList  # type: ignore[import-untyped]

    with (files("authheaders") / "public_suffix_list.txt").open(encoding="utf-8") as lines:
        return PublicSuffixList(lines, idna=True)


def organisation(domain: str) -> str:
    """The part of a name that somebody registered: `mail.example.co.uk` is `example.co.uk`."""
    return str(_suffixes().get_sld(domain) or domain)  # type: ignore[attr-defined]
