"""The words and the files of a mail out of its parts; one bad part never costs the others."""

import re
from dataclasses import dataclass, field, replace
from html import escape

from zabota.core.html import clean_html, inline_pictures
from zabota.core.text import clean_text
from zabota.intake.protocol import InboundFile

from .charsets import decode_text
from .enclosed import take_enclosed
from .files import is_file, read_file
from .flowed import unwrap_flowed
from .html import html_to_text
from .limits import Reading
from .mime import Part, read_parts
from .protected import is_opaque, signed_content
from .tnef import is_tnef, open_tnef


@dataclass(slots=True)
class Body:
    """What is to be read (plain, and as clean HTML if there is any) and what is to be kept."""

    text: str = ""
    html: str | None = None
    files: list[InboundFile] = field(default_factory=list)

    def words(self) -> str:
        """The text; where only HTML was written, what that says."""
        return self.text if self.text.strip() or not self.html else html_to_text(self.html)


def read_body(root: Part, reading: Reading) -> Body:
    """Collect text, clean HTML and files; of alternatives the plainest and the richest."""
    body = _read(root, reading)
    if reading.opens:
        body = _opened(body, reading)
    body.text = clean_text(body.words()).strip("\n")
    if body.files:
        shown = inline_pictures(body.html or "")
        body.files = [replace(f, inline=f.inline or f.content_id in shown) for f in body.files]
    return body


def _read(part: Part, reading: Reading) -> Body:
    if part.content_type == "multipart/alternative":
        return _best([_read(child, reading) for child in part.children])
    if part.children:
        return _joined([_read(child, reading) for child in part.children])
    if reading.opens and is_opaque(part) and (inner := _unwrapped(part, reading)):
        return inner
    if is_file(part):
        return Body(files=[read_file(part, reading)])
    return _read_words(part, reading)


def _unwrapped(part: Part, reading: Reading) -> Body | None:
    """The mail inside an opaque signature; the signature itself is in the original."""
    content = signed_content(part.content(reading))
    if not content or not reading.layers_left:
        return None
    reading.layers_left -= 1
    return _read(read_parts(content, reading), reading)


def _opened(body: Body, reading: Reading) -> Body:
    """With what was in winmail.dat in the place of it."""
    files: list[InboundFile] = []
    for file in body.files:
        opened = open_tnef(file, reading) if is_tnef(file) else None
        if opened is None:
            files.append(file)
            continue
        files.extend(opened.files)
        text, html = opened.text, opened.html
        if not body.text.strip():
            body.text = text[: reading.take_text(len(text))]
        if html and not body.html:
            body.html = clean_html(html[: reading.take_text(len(html))])
    return replace(body, files=files)


_LOOKS_LIKE_HTML = re.compile(r"\s{0,20}(<!doctype html|<html[\s>])", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"""<meta[^>]{1,200}?charset\s*=\s*["']?([\w:.-]{1,40})""", re.IGNORECASE
)


def _read_words(part: Part, reading: Reading) -> Body:
    content, files = part.content(reading), list[InboundFile]()
    if part.content_type == "text/plain":
        content, files = take_enclosed(content, reading)
    whole = decode_text(content, _charset(part, content), reading)
    text = whole[: reading.take_text(len(whole))]
    body = Body(files=files)
    if len(text) < len(whole):
        reading.warn("the text is too long to show, the whole is kept as a file")
        body.files.append(read_file(part, reading))
    if part.content_type == "text/html" or _LOOKS_LIKE_HTML.match(text):
        body.html = clean_html(text)
    elif part.parameters.get("format", "").lower() == "flowed":
        delete_space = part.parameters.get("delsp", "").lower() == "yes"
        body.text = unwrap_flowed(clean_text(text), delete_space)
    else:
        body.text = text
    return body


def _charset(part: Part, content: bytes) -> str:
    declared = part.parameters.get("charset", "")
    if not declared and (meta := _META_CHARSET.search(content, 0, 4096)):
        return meta[1].decode("latin-1")
    return declared


def _best(alternatives: list[Body]) -> Body:
    """The first text there is and the last HTML: alternatives go from plain to rich."""
    return Body(
        next((body.text for body in alternatives if body.text.strip()), ""),
        next((body.html for body in reversed(alternatives) if body.html), None),
        [file for body in alternatives for file in body.files],
    )


def _joined(bodies: list[Body]) -> Body:
    """Parts one after another: Apple Mail writes text, picture, text."""
    spoken = [body for body in bodies if body.html or body.text.strip()]
    has_html = any(body.html for body in spoken)
    return Body(
        "\n\n".join(body.words().strip("\r\n") for body in spoken),
        "\n".join(body.html or _as_html(body.text) for body in spoken) if has_html else None,
        [file for body in bodies for file in body.files],
    )


def _as_html(text: str) -> str:
    return clean_html("<p>" + escape(text.strip()).replace("\n", "<br>") + "</p>")
