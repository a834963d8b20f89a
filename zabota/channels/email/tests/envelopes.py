"""Envelopes of other programs, made by hand: winmail.dat, opaque signatures, calendars."""

import struct

from zabota.channels.email.tnef import SIGNATURE

MESSAGE, ATTACHMENT = 1, 2
BODY, RENDERING, TITLE, DATA, PROPERTIES = 0x2800C, 0x69002, 0x18010, 0x6800F, 0x69003
RTF_COMPRESSED = 0x1009


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) % 65536)


def properties(*binary: tuple[int, bytes]) -> bytes:
    """MAPI properties of type binary."""
    out = struct.pack("<I", len(binary))
    for name, value in binary:
        padded = value + b"\0" * (-len(value) % 4)
        out += struct.pack("<HHII", 0x0102, name, 1, len(value)) + padded
    return out


def winmail(*, body: bytes = b"", rtf: bytes = b"", files: dict[str, bytes] | None = None) -> bytes:
    out = SIGNATURE + b"\1\0"
    out += attribute(MESSAGE, 0x89006, struct.pack("<I", 0x10000))
    out += attribute(MESSAGE, 0x69007, struct.pack("<II", 1251, 0))
    if body:
        out += attribute(MESSAGE, BODY, body + b"\0")
    if rtf:
        packed = struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf
        out += attribute(MESSAGE, PROPERTIES, properties((RTF_COMPRESSED, packed)))
    for name, content in (files or {}).items():
        out += attribute(ATTACHMENT, RENDERING, bytes(14))
        out += attribute(ATTACHMENT, TITLE, name.encode() + b"\0")
        out += attribute(ATTACHMENT, DATA, content)
    return out


def der(tag: int, *content: bytes) -> bytes:
    inner = b"".join(content)
    if len(inner) < 0x80:
        return bytes([tag, len(inner)]) + inner
    size = len(inner).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + inner


def opaque(mail: bytes) -> bytes:
    """ContentInfo around SignedData around the mail, with no signers."""
    signed_data = der(0x06, bytes.fromhex("2a864886f70d010702"))
    data = der(0x06, bytes.fromhex("2a864886f70d010701"))
    content = der(0x30, data, der(0xA0, der(0x24, der(0x04, mail[:9]), der(0x04, mail[9:]))))
    return der(0x30, signed_data, der(0xA0, der(0x30, der(0x02, b"\1"), der(0x31), content)))


def part(kind: str, content: bytes, *more: str) -> bytes:
    """A mail of one part, or a part of one."""
    from base64 import encodebytes

    head = "\r\n".join(
        [
            "From: Dana <dana@example.ru>",
            "Subject: s",
            f"Content-Type: {kind}",
            "Content-Transfer-Encoding: base64",
            *more,
        ]
    )
    return head.encode() + b"\r\n\r\n" + encodebytes(content)


def calendar(*lines: str, method: str = "REQUEST") -> bytes:
    whole = ["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *lines]
    return "\r\n".join([*whole, "END:VEVENT", "END:VCALENDAR", ""]).encode()
