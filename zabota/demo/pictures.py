"""Small attachments made on the spot: a picture of something on a table, a page, a text."""

import hashlib
import struct
import zlib

from zabota.demo.content import File

WIDTH, HEIGHT = 320, 240
LINE = 18


def file_content(file: File) -> tuple[bytes, str, str]:
    """The bytes of an attachment with both halves of its type."""
    if file.kind == "photo":
        return picture(file.name), "image", "png"
    if file.kind == "pdf":
        return page(file.text), "application", "pdf"
    subtype = "csv" if file.name.endswith(".csv") else "plain"
    return file.text.encode(), "text", subtype


def picture(seed: str) -> bytes:
    """A PNG: a wall, a table, and on it a box whose colour and size follow from `seed`."""
    dice = hashlib.sha256(seed.encode()).digest()
    wall, table = (228, 219, 204), (164, 128, 96)
    box = (90 + dice[0] % 120, 80 + dice[1] % 100, 80 + dice[2] % 110)
    left, width = 50 + dice[3] % 80, 90 + dice[4] % 90
    top = 60 + dice[5] % 70
    rows = []
    for y in range(HEIGHT):
        ground = _pixel(wall if y < 170 else table, y)
        row = bytearray(ground * WIDTH)
        if top <= y < 200:
            row[3 * left : 3 * (left + width)] = _pixel(box, y) * width
        rows.append(b"\0" + bytes(row))
    return _png(b"".join(rows))


def _pixel(colour: tuple[int, int, int], y: int) -> bytes:
    """A little darker towards the floor, as by a window."""
    return bytes(max(0, part - y // 8) for part in colour)


def _png(rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def page(text: str) -> bytes:
    """A PDF of one page with these lines; Latin letters only, in a font every reader has."""
    shown = "".join(f"({_in_pdf(line)}) Tj 0 -{LINE} Td\n" for line in text.splitlines())
    stream = f"BT /F1 13 Tf 60 770 Td\n{shown}ET".encode("latin-1")
    return _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def _in_pdf(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _pdf(objects: list[bytes]) -> bytes:
    """The objects with the table of where each one begins (ISO 32000-1, 7.5)."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (count, table, count, len(out))
    )
