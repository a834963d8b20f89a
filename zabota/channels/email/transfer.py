"""Transfer encodings undone (RFC 2045, 6); what is broken is mended as far as it goes."""

import binascii
import re

from .limits import Reading

_PROSE = re.compile(rb"\S +\S")


def decode_transfer(data: bytes, encoding: bytes, reading: Reading) -> bytes:
    """Return the bytes that were meant. `encoding` is the header's value, whatever it says."""
    name = encoding.split(b";")[0].strip(b" \"'").lower()
    if name == b"quoted-printable":
        return binascii.a2b_qp(data)
    if name == b"base64":
        if not _PROSE.search(data, 0, 1000):
            return decode_base64(data, reading)
        reading.warn("declared as base64, read as it stands")
    elif name in (b"x-uuencode", b"uuencode", b"x-uue"):
        return _decode_uu(data, reading)
    elif name not in (b"", b"7bit", b"8bit", b"binary"):
        reading.warn("unknown transfer encoding, read as it stands")
    return data


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_base64(data: bytes, reading: Reading) -> bytes:
    """Decode base64; of a broken one as much as can be, of what is none the text itself."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        reading.warn("broken base64, read as far as it goes")
    bare = _NOT_BASE64.sub(b"", data)
    if len(bare) < len(data) * 3 // 4:
        return data
    whole = bare[: len(bare) - (len(bare) % 4 == 1)]
    return binascii.a2b_base64(whole + b"==")


def _decode_uu(data: bytes, reading: Reading) -> bytes:
    out = bytearray()
    for line in data.splitlines():
        if not line or line.startswith((b"begin ", b"end")):
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            reading.warn("broken uuencoding, read as far as it goes")
    return bytes(out)
