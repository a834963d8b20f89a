"""What makes a mail the same mail: its Message-ID and its body, read without parsing it."""

import re
from hashlib import sha256

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(
    rb"^message-id:\s*<?([^<>\r\n]{1,998}?)>?\s*$", re.IGNORECASE | re.MULTILINE
)
_HEAD = 256 * 1024


def identify(raw: bytes) -> tuple[str, bytes]:
    """The mail's id (made from its bytes if it has none) and the SHA-256 of its body.

    The head is not hashed: relays add to it. The same id with another body is another mail.
    """
    end = _END_OF_HEAD.search(raw[:_HEAD])
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw[:_HEAD], raw)
    found = _MESSAGE_ID.search(head)
    external_id = found[1].decode("utf-8", "replace").replace("\x00", "") if found else ""
    return external_id or f"{sha256(raw).hexdigest()}@no.id", sha256(body).digest()
