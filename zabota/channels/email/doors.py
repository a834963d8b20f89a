"""Where mail comes in; light enough for the command line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doors:
    """SMTP always; LMTP (RFC 2033) at a port, a Unix socket or both for a server in front."""

    host: str
    smtp_port: int
    lmtp_port: int | None = None
    lmtp_socket: str = ""
