"""What of a mail is a file, and how it is called."""

from zabota.core.text import clean_line
from zabota.intake.protocol import InboundFile

from .limits import Reading
from .mime import Part, Span, read_headers
from .names import DEFAULT_NAMES, clean_file_name
from .words import decode_words, parse_parameters


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
    if not name:
        name = _made_name(part, content, reading)
    return InboundFile(
        clean_file_name(name) or "file.bin",
        part.content_type,
        content,
        inline=disposition == "inline" and part.content_type.startswith("image/"),
        content_id=content_id or None,
    )


def _made_name(part: Part, content: bytes, reading: Reading) -> str:
    """A name for what came without one."""
    given = part.parameters
    match part.content_type:
        case "message/rfc822" | "message/global":
            return _subject_of(content, reading) + ".eml"
        case "message/partial":
            reading.warn("this is a piece of a longer mail, the others come by themselves")
            return f"part {given.get('number', '?')} of {given.get('total', '?')}.eml"
        case "message/external-body":
            reading.warn("a part is not here, only where it is to be fetched")
            return f"elsewhere ({given.get('access-type', '?')}).txt"
    return DEFAULT_NAMES.get(part.content_type, "file.bin")


def _subject_of(mail: bytes, reading: Reading) -> str:
    headers, _ = read_headers(Span(mail, 0, len(mail)), reading)
    return decode_words(headers.get("subject", [b""])[0], reading) or "message"
