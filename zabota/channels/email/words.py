"""Text in headers (RFC 2047) and their parameters (RFC 2231), from the bytes they came as."""

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from zabota.core.text import clean_line

from .charsets import decode_text, known_charset
from .limits import MAX_PARAMETERS, MAX_VALUE_BYTES, Reading
from .transfer import decode_base64

# A question mark inside is forbidden, and sent all the same.
_ENCODED = re.compile(
    rb"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,3})\?="
)


def decode_words(value: bytes, reading: Reading) -> str:
    """Return a header's text on one line.

    Neighbouring encoded words of one character set are joined before they are decoded: many
    programs cut them in the middle of a letter.
    """
    value = value[:MAX_VALUE_BYTES]
    if b"=?" not in value:
        return clean_line(decode_text(value, "", reading))
    return clean_line(
        "".join(decode_text(data, name, reading) for name, data in _runs(value, reading))
    )


def _runs(value: bytes, reading: Reading) -> Iterator[tuple[str, bytes]]:
    """Stretches of bytes in one character set, "" for what was not encoded."""
    charset, data, end = "", b"", 0
    for match in _ENCODED.finditer(value):
        between, end = value[end : match.start()], match.end()
        name = match[1].decode("latin-1")
        if between.strip() or not charset:
            yield charset, data
            yield "", between
            data = b""
        elif known_charset(name) != known_charset(charset):
            yield charset, data
            data = b""
        charset, data = name, data + _decoded(match, reading)
    yield charset, data
    yield "", value[end:]


def _decoded(match: re.Match[bytes], reading: Reading) -> bytes:
    if match[2] in b"bB":
        return decode_base64(match[3], reading)
    return binascii.a2b_qp(match[3].replace(b" ", b"_"), header=True)


# Pieces between semicolons, which may stand inside quotes too.
_PIECE = re.compile(rb'(?:[^;"]+|"(?:[^"\\]|\\.)*"?)+')
_DIGITS = re.compile(r"[0-9]{1,3}")
_ESCAPED = re.compile(rb"\\([\\\"])")


def parse_parameters(value: bytes, reading: Reading) -> tuple[str, dict[str, str]]:
    """Split `attachment; filename*0*=utf-8''%D0…` into its lower-case value and its parameters."""
    first, *pieces = _PIECE.findall(value[:MAX_VALUE_BYTES]) or [b""]
    if len(pieces) > MAX_PARAMETERS:
        reading.warn("too many parameters, the rest of them is left out")
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for piece in pieces[:MAX_PARAMETERS]:
        key, _, raw = piece.partition(b"=")
        name, star, section = key.strip().lower().decode("latin-1").partition("*")
        if not star:
            plain.setdefault(name, decode_words(_unquoted(raw), reading))
            continue
        digits = _DIGITS.match(section)
        number = int(digits[0]) if digits else 0
        encoded = section == "" or section.endswith("*")
        sections.setdefault(name, {})[number] = encoded, _unquoted(raw)
    joined = {name: _joined(parts, reading) for name, parts in sections.items()}
    return first.strip().lower().decode("latin-1"), plain | joined


def _unquoted(raw: bytes) -> bytes:
    raw = raw.strip()
    if not raw.startswith(b'"'):
        return raw
    return _ESCAPED.sub(rb"\1", raw[1:].removesuffix(b'"'))


def _joined(sections: dict[int, tuple[bool, bytes]], reading: Reading) -> str:
    """Join the sections first and decode them then: a letter may be cut between two."""
    (encoded, first), *rest = (sections[number] for number in sorted(sections))
    charset = b""
    if encoded and first.count(b"'") >= 2:
        charset, _, first = first.split(b"'", 2)
    parts = [(encoded, first), *rest]
    data = b"".join(unquote_to_bytes(raw) if quoted else raw for quoted, raw in parts)
    return clean_line(decode_text(data, charset.decode("latin-1"), reading))
