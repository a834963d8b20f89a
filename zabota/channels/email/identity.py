"""What makes a mail the same mail: its Message-ID and its body."""

from hashlib import sha256

from .headers import parse_ids
from .limits import Reading
from .mime import read_headers, whole_mail


def identify(raw: bytes) -> tuple[str, bytes]:
    """The mail's id (made from its bytes if it has none) and the SHA-256 of its body.

    The head is not hashed: relays add to it; nor are line endings: archives change them. The same
    id with another body is another mail.
    """
    reading = Reading()
    headers, body = read_headers(whole_mail(raw), reading)
    ids = parse_ids(headers.get("message-id", [])[:1], reading)
    content = bytes(body).replace(b"\r\n", b"\n").strip(b"\n")
    return ids[0] if ids else made_id(raw), sha256(content).digest()


def made_id(raw: bytes) -> str:
    """The id of a mail that has none: the same bytes are the same mail."""
    return f"{sha256(raw).hexdigest()}@no-id.invalid"
