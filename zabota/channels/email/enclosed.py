"""Files written into the text itself, as before MIME: uuencoded and yEnc."""

import binascii
import re
from collections.abc import Callable

from zabota.intake.protocol import InboundFile

from .limits import Reading
from .names import clean_file_name, guess_type

MOST = 50
_UU = re.compile(rb"begin [0-7]{3,4} (\S.{0,200})$")
_YENC = re.compile(rb"=ybegin .{0,200}?name=(\S.{0,200})$")


def take_enclosed(content: bytes, reading: Reading) -> tuple[bytes, list[InboundFile]]:
    """The text without the files in it, and those. One pass over the lines."""
    has_uu = b"begin " in content and b"\nend" in content
    if not has_uu and b"=yend " not in content:
        return content, []
    kept: list[bytes] = []
    files: list[InboundFile] = []
    opened: tuple[int, bytes, Callable[[list[bytes]], bytes]] | None = None
    for line in content.split(b"\n"):
        bare = line.rstrip(b"\r")
        kept.append(line)
        if match := _UU.match(bare):
            opened = len(kept), match[1], _decode_uu
        elif match := _YENC.match(bare):
            opened = len(kept), match[1], _decode_yenc
        elif opened and (bare == b"end" or bare.startswith(b"=yend ")):
            begin, name, decode = opened
            opened = None
            decoded = decode([one.rstrip(b"\r") for one in kept[begin:-1]])
            if decoded and len(files) < MOST:
                files.append(_file(name, decoded))
                del kept[begin - 1 :]
    if files:
        reading.warn("files written into the text were taken out of it")
    return b"\n".join(kept), files


def _file(name: bytes, content: bytes) -> InboundFile:
    called = clean_file_name(name.decode("utf-8", "replace").strip()) or "file.bin"
    return InboundFile(called, guess_type(called), content)


def _decode_uu(lines: list[bytes]) -> bytes:
    """Nothing where one line is none: then it was only a word that happened to be "begin"."""
    out = bytearray()
    for line in lines:
        if not line or line == b"`":
            continue
        size = (((line[0] - 32) & 63) * 4 + 2) // 3  # some programs write more than they announce
        try:
            out += binascii.a2b_uu(line[: size + 1])
        except binascii.Error:
            return b""
    return bytes(out)


_SHIFTED = bytes((n - 42) % 256 for n in range(256))
_ESCAPED = re.compile(rb"=(.)", re.DOTALL)


def _decode_yenc(lines: list[bytes]) -> bytes:
    bare = b"".join(line for line in lines if not line.startswith(b"=ypart "))
    plain = _ESCAPED.sub(lambda match: bytes([(match[1][0] - 64) % 256]), bare)
    return plain.translate(_SHIFTED)
