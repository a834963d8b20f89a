"""What of a mail is a file, and how it is called."""

import re

from zabota.core.text import clean_line
from zabota.intake.protocol import InboundFile

from .limits import Reading
from .mime import Part, Span, read_headers
from .words import decode_words, parse_parameters

_DEFAULT_NAMES = {
    "application/ms-tnef": "winmail.dat",
    "application/pdf": "document.pdf",
    "application/pgp-signature": "signature.asc",
    "image/gif": "picture.gif",
    "image/jpeg": "picture.jpg",
    "image/png": "picture.png",
    "message/delivery-status": "delivery-status.txt",
    "text/calendar": "invitation.ics",
    "text/csv": "table.csv",
    "text/html": "page.html",
    "text/plain": "text.txt",
    "text/rfc822-headers": "headers.txt",
    "text/vcard": "contact.vcf",
}
_LONGEST_NAME = 150
_SEPARATORS = re.compile(r"[\\/]+")


def is_file(part: Part) -> bool:
    """Is this part kept for download, not read as the mail's own words?"""
    disposition = part.header("content-disposition").lower()
    return (
        part.content_type not in ("text/plain", "text/html")
        or disposition.startswith(b"attachment")
        or b"filename" in disposition
        or "name" in part.parameters
    )


def read_file(part: Part, reading: Reading) -> InboundFile:
    """Decode a part into a file; a stranger's mail inside this one is a file too."""
    disposition, parameters = parse_parameters(part.header("content-disposition"), reading)
    content = part.content(reading)
    content_id = clean_line(decode_words(part.header("content-id"), reading), 250).strip("<>")
    name = parameters.get("filename") or part.parameters.get("name") or ""
    if not name and part.content_type == "message/rfc822":
        name = _subject_of(content, reading) + ".eml"
    return InboundFile(
        clean_file_name(name) or _DEFAULT_NAMES.get(part.content_type, "file.bin"),
        part.content_type,
        content,
        inline=disposition == "inline" and part.content_type.startswith("image/"),
        content_id=content_id or None,
    )


def _subject_of(mail: bytes, reading: Reading) -> str:
    headers, _ = read_headers(Span(mail, 0, len(mail)), reading)
    return decode_words(headers.get("subject", [b""])[0], reading) or "message"


def clean_file_name(name: str) -> str:
    """A file's name without a path, short enough for any disk, "" if nothing is left."""
    name = clean_line(_SEPARATORS.sub("_", name), 5000).strip("._ ")
    stem, dot, ending = name.rpartition(".")
    if len(name) <= _LONGEST_NAME or not dot or len(ending) > 10:
        return name[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - 1 - len(ending)]}.{ending}"
