"""winmail.dat opened: Outlook's own envelope around words and files ([MS-OXTNEF])."""

from dataclasses import dataclass, field
from typing import Any

from zabota.core.text import clean_text
from zabota.intake.protocol import InboundFile

from .charsets import decode_text
from .limits import MAX_PARTS, Reading
from .names import clean_file_name, guess_type
from .rtf import RichText, read_rtf, unpack_rtf

TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
SIGNATURE = b"\x78\x9f\x3e\x22"


@dataclass(slots=True)
class Opened:
    """What was in it; `html` is as strangers wrote it."""

    text: str = ""
    html: str = ""
    files: list[InboundFile] = field(default_factory=list)


def is_tnef(file: InboundFile) -> bool:
    """Whether this is such an envelope, by its first bytes."""
    return file.content.startswith(SIGNATURE)


def open_tnef(file: InboundFile, reading: Reading) -> Opened | None:
    """What is in `file`, None where it cannot be read; never raises but `MemoryError`."""
    from tnefparse import TNEF  # type: ignore[import-untyped]

    try:
        tnef = TNEF(file.content, do_checksum=False)
        words = _words(tnef, reading)
        files = [_file(one) for one in tnef.attachments[:MAX_PARTS]]
    except MemoryError:
        raise
    except Exception:  # the library says what is broken in many ways
        reading.warn("winmail.dat could not be opened")
        return None
    return Opened(words.text, words.html, [one for one in files if one.content])


def _words(tnef: Any, reading: Reading) -> RichText:
    text, html = _said(tnef.body, reading), _said(tnef.htmlbody, reading)
    if tnef._rtfbody and not html:  # its property wants a library that is not here
        try:
            rich = read_rtf(unpack_rtf(tnef._rtfbody))
        except ValueError:
            reading.warn("the text in winmail.dat could not be read")
        else:
            return RichText(text or clean_text(rich.text), clean_text(rich.html))
    return RichText(text, html)


def _said(value: Any, reading: Reading) -> str:
    if isinstance(value, bytes):
        value = decode_text(value.rstrip(b"\0"), "", reading)
    return clean_text(value) if isinstance(value, str) else ""


def _file(attachment: Any) -> InboundFile:
    name = attachment.long_filename()
    if isinstance(name, bytes):
        name = decode_text(name, "", Reading())
    name = clean_file_name(name.strip("\0")) or "file.bin"
    content = attachment.data if isinstance(attachment.data, bytes) else b""
    return InboundFile(name, guess_type(name), content)
