"""`imaps://user@host:port/FOLDER`, much as RFC 5092 has it."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from zabota.intake.sources import Security, Source

PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}


def read_imap_url(url: str) -> Source:
    """The source it names; `imap://` is STARTTLS, or on this machine nothing. Raises `ValueError`.

    An `@` in the user may stand as it is: the last one parts user and host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("imaps", "imap"):
        raise ValueError("it begins with imaps:// (or imap:// for STARTTLS)")
    if not parts.hostname or not parts.username:
        raise ValueError("it names user and server: imaps://user@imap.example.com/")
    if parts.password:
        raise ValueError(
            "a password is seen by everybody here: give it by --password-file or when asked"
        )
    security = security_of(parts.scheme, parts.hostname)
    return Source(
        host=parts.hostname,
        port=parts.port or PORTS[security],
        user=unquote(parts.username),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        security=security,
    )


def security_of(scheme: str, host: str) -> Security:
    """What a scheme means for this server."""
    if scheme == "imaps":
        return Security.TLS
    return Security.NONE if is_this_machine(host) else Security.STARTTLS


def is_this_machine(host: str) -> bool:
    """Whether what is said to this host stays here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
