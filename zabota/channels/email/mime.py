"""The tree of a mail's parts (RFC 2045, 2046), read as bytes and within limits.

The standard library's parser knows no limits: 20,000 parameters in a header take it 13 s, a
thousand nested parts its stack. This one slices and searches, decodes no body and copies none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .limits import MAX_DEPTH, MAX_HEADER_BYTES, MAX_HEADERS, Reading
from .transfer import decode_transfer
from .words import parse_parameters

Headers = dict[str, list[bytes]]


class Span(NamedTuple):
    """A stretch of the raw mail."""

    raw: bytes
    start: int
    end: int

    def find(self, wanted: bytes, start: int) -> int:
        """Where `wanted` is next, -1 for nowhere."""
        return self.raw.find(wanted, start, self.end)

    def __bytes__(self) -> bytes:
        return self.raw[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers by lower-case name, its body as transferred, its children."""

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    body: Span
    children: tuple["Part", ...] = ()

    def header(self, name: str) -> bytes:
        """The first header of that name, unfolded, or nothing."""
        return self.headers.get(name, [b""])[0]

    def content(self, reading: Reading) -> bytes:
        """The body with its transfer encoding undone."""
        encoding = self.header("content-transfer-encoding")
        return decode_transfer(bytes(self.body), encoding, reading)

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        yield self
        for child in self.children:
            yield from child.walk()


_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


def read_parts(raw: bytes, reading: Reading) -> Part:
    """Read a whole mail; whatever the bytes are, there is at least one part."""
    return _read_part(whole_mail(raw), reading, 0)


def whole_mail(raw: bytes) -> Span:
    """All of a mail but a byte order mark and empty lines above it."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return Span(raw, len(raw) - len(raw.lstrip(b"\xef\xbb\xbf\r\n")), len(raw))


def _read_part(span: Span, reading: Reading, depth: int, default: str = "text/plain") -> Part:
    headers, body = read_headers(span, reading)
    kind, parameters = parse_parameters(headers.get("content-type", [b""])[0], reading)
    part = Part(headers, kind if _TYPE.fullmatch(kind) else default, parameters, body)
    return _with_children(part, reading, depth) if kind.startswith("multipart/") else part


def _with_children(part: Part, reading: Reading, depth: int) -> Part:
    if depth >= MAX_DEPTH:
        reading.warn("parts nested too deep are kept as a file")
        return Part(part.headers, "application/octet-stream", part.parameters, part.body)
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    children = tuple(
        _read_part(span, reading, depth + 1, default)
        for span in _pieces(part.body, part.parameters.get("boundary", ""), reading)
    )
    kind = part.content_type
    if not children:
        reading.warn("a multipart mail without parts is read as text")
        kind = "text/plain"
    return Part(part.headers, kind, part.parameters, part.body, children)


_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_END_OF_HEADERS = re.compile(rb"\n[ \t]*\r?\n")
_NEXT_HEADER = re.compile(rb"\r?\n(?![ \t])")


def read_headers(span: Span, reading: Reading) -> tuple[Headers, Span]:
    """Return the headers, unfolded, and the body. Text without headers is all body."""
    raw, start, end = span
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return {}, Span(raw, raw.index(b"\n", start) + 1, end)
    stop = _END_OF_HEADERS.search(raw, start, end)
    block = raw[start : stop.start() if stop else end]
    if len(block) > MAX_HEADER_BYTES:
        reading.warn("headers too long, the rest of them is left out")
    lines = _NEXT_HEADER.split(block[:MAX_HEADER_BYTES])
    if lines[0].startswith((b"From ", b">From ")):  # mbox
        del lines[0]
    if not lines or not _FIELD.match(lines[0]):
        return {}, span
    return _fields(lines, reading), Span(raw, stop.end() if stop else end, end)


def _fields(lines: list[bytes], reading: Reading) -> Headers:
    if len(lines) > MAX_HEADERS:
        reading.warn("too many headers, the rest of them is left out")
    headers: Headers = {}
    for line in lines[:MAX_HEADERS]:
        if match := _FIELD.match(line):
            value = match[2].translate(None, b"\r\n").strip()
            headers.setdefault(match[1].decode("ascii").lower(), []).append(value)
        elif line.strip():
            reading.warn("a line between the headers is not one")
    return headers


def _pieces(body: Span, boundary: str, reading: Reading) -> Iterator[Span]:
    """The parts between the boundaries (RFC 2046, 5.1.1); the closing one may be missing."""
    mark = b"--" + boundary.encode("latin-1", "replace")
    if not boundary or body.find(mark, body.start) < 0:
        mark = _guessed_boundary(body)
        reading.warn("the boundary between parts is not the declared one")
    begin = None
    for before, after, is_last in _boundary_lines(body, mark, reading) if mark else ():
        if begin is not None:
            yield from _one(Span(body.raw, begin, max(begin, before)), reading)
        if is_last:
            return
        begin = after
    if begin is not None and begin < body.end:
        yield from _one(Span(body.raw, begin, body.end), reading)


def _one(span: Span, reading: Reading) -> Iterator[Span]:
    if reading.parts_left:
        reading.parts_left -= 1
        yield span
    else:
        reading.warn("too many parts, the rest of them is left out")


_BOUNDARY = re.compile(rb"(?:^|\n)(--[!-~]{3,70})\r?\n(?=[A-Za-z-]+:|\r?\n)")


def _guessed_boundary(body: Span) -> bytes:
    guess = _BOUNDARY.search(body.raw[body.start : min(body.start + 4096, body.end)])
    return guess[1] if guess else b""


def _boundary_lines(body: Span, mark: bytes, reading: Reading) -> Iterator[tuple[int, int, bool]]:
    """Where the text before each boundary ends, that after it begins, and if it is the last."""
    raw, start, end = body
    at = body.find(mark, start)
    while at >= 0:
        if not reading.boundaries_left:
            reading.warn("too many boundaries between parts, the rest of them is not looked at")
            return
        reading.boundaries_left -= 1
        if at == start or raw[at - 1 : at] == b"\n":
            after = body.find(b"\n", at) + 1 or end
            rest = raw[at + len(mark) : after].strip()
            if rest in (b"", b"--"):
                before = at - 2 if raw[at - 2 : at] == b"\r\n" else at - 1
                yield max(before, start), after, rest == b"--"
        at = body.find(mark, at + len(mark))
