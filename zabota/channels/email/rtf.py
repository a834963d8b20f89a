"""Rich text as Outlook puts it into winmail.dat: plain words, and the HTML it was made from.

Read in one pass without recursion. What RTF can draw is left out; the words are what counts.
"""

import re
import struct
from dataclasses import dataclass, field

LONGEST = 4_000_000
_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n]+)|[\r\n]+",
    re.DOTALL,
)
_UNSPOKEN = {
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "generator", "themedata",
    "header", "footer", "listtable", "listoverridetable", "rsidtbl", "datastore", "xmlnstbl",
}  # fmt: skip
_SIGNS = {
    "par": "\n", "line": "\n", "row": "\n", "tab": "\t", "cell": "\t", "emdash": "—", "endash": "–",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
}  # fmt: skip
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def unpack_rtf(packed: bytes) -> bytes:
    """Undo Outlook's compression ([MS-OXRTFCP]). Raises `ValueError` on what is none."""
    if len(packed) < 16:
        raise ValueError("no compressed text")
    _size, raw_size, kind = struct.unpack_from("<III", packed)
    if kind == 0x414C454D:  # MELA: not compressed
        return packed[16 : 16 + raw_size]
    if kind != 0x75465A4C:  # LZFu
        raise ValueError("no compressed text")
    return _unpacked(packed[16:], min(raw_size, LONGEST))


def _unpacked(data: bytes, most: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(4096, b" "))
    write, at, out = len(_DICTIONARY), 0, bytearray()
    while at < len(data) and len(out) < most:
        control, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                break
            if not control >> bit & 1:
                piece, at = data[at : at + 1], at + 1
            else:
                offset, length = divmod(int.from_bytes(data[at : at + 2], "big"), 16)
                at += 2
                if offset == write:
                    return bytes(out)
                piece = b""
                for n in range(length + 2):
                    window[(write + n) % 4096] = sign = window[(offset + n) % 4096]
                    piece += bytes([sign])
            for n, sign in enumerate(piece):
                window[(write + n) % 4096] = sign
            write = (write + len(piece)) % 4096
            out += piece
    return bytes(out)


@dataclass(slots=True)
class _Group:
    """What holds between two braces."""

    is_spoken: bool = True
    is_markup: bool = False
    is_hidden: bool = False
    skip: int = 1


@dataclass(slots=True)
class RichText:
    """What a document says; `html` is "" unless it was made from HTML ([MS-OXRTFEX])."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class _Reader:
    charset: str = "cp1252"
    group: _Group = field(default_factory=_Group)
    outer: list[_Group] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    from_html: bool = False
    to_skip: int = 0

    def say(self, words: str) -> None:
        if self.to_skip:
            words, self.to_skip = words[self.to_skip :], max(0, self.to_skip - len(words))
        if self.pending:
            said, self.pending = bytes(self.pending).decode(self.charset, "replace"), bytearray()
            self._put(said)
        self._put(words)

    def _put(self, words: str) -> None:
        if not words or not (self.group.is_spoken or self.group.is_markup):
            return
        if not self.group.is_markup:
            self.text.append(words)
        if not self.group.is_hidden:
            self.html.append(words)

    def brace(self, sign: str) -> None:
        self.say("")
        if sign == "{":
            group = self.group
            self.outer.append(group)
            self.group = _Group(group.is_spoken, group.is_markup, group.is_hidden, group.skip)
        elif self.outer:
            self.group = self.outer.pop()

    def word(self, name: str, number: str | None) -> None:
        if name == "u" and number:
            self.say(chr(int(number) % 0x10000))
            self.to_skip = self.group.skip
            return
        self.say("")
        if name == "uc":
            self.group.skip = min(int(number or 1), 10)
        elif name == "ansicpg" and number:
            self.charset = _codec(number)
        elif name == "fromhtml":
            self.from_html = True
        elif name == "htmltag":
            self.group.is_spoken, self.group.is_markup = False, True
        elif name == "htmlrtf":
            self.group.is_hidden = number != "0"
        elif name in _UNSPOKEN:
            self.group.is_spoken = self.group.is_markup = False
        elif name in _SIGNS:
            self._put(_SIGNS[name])


def _codec(number: str) -> str:
    try:
        b"".decode(f"cp{int(number)}")
    except LookupError:
        return "cp1252"
    return f"cp{int(number)}"


def read_rtf(rtf: bytes) -> RichText:
    """The words of a document, whatever is wrong with it."""
    reader = _Reader()
    for word, number, code, sign, brace, words in _TOKEN.findall(rtf[:LONGEST].decode("latin-1")):
        if word:
            reader.word(word, number)
        elif code:
            if reader.to_skip:
                reader.to_skip -= 1
            else:
                reader.pending.append(int(code, 16))
        elif sign == "*":
            reader.group.is_spoken = False
        elif brace:
            reader.brace(brace)
        else:
            reader.say({"~": "\xa0", "_": "-", "-": ""}.get(sign, sign) if sign else words)
    reader.say("")
    html = "".join(reader.html) if reader.from_html else ""
    return RichText(
        "".join(reader.text).strip(),
        html.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    )
