"""Encrypted and signed mail named as what it is (RFC 8551, RFC 3156, RFC 9580)."""

from collections.abc import Iterator
from dataclasses import dataclass

from .mime import Part

_CMS = ("application/pkcs7-mime", "application/x-pkcs7-mime")


@dataclass(frozen=True, slots=True)
class Protection:
    """How a mail is `encrypted` and `signed`: "smime", "pgp" or not."""

    encrypted: str = ""
    signed: str = ""


def is_opaque(part: Part) -> bool:
    """Whether the words of this part are inside its signature."""
    return part.content_type in _CMS and _is_signature(part)


def _is_signature(part: Part) -> bool:
    kind = part.parameters.get("smime-type", "").lower()
    return kind.startswith("signed") or kind == "certs-only"


def find_protection(mail: Part, text: str) -> Protection:
    """What protects this mail, by its parts and by armour in its words."""
    encrypted = signed = ""
    for part in mail.walk():
        protocol = part.parameters.get("protocol", "").lower()
        if part.content_type == "multipart/encrypted":
            encrypted = "pgp"
        elif part.content_type == "multipart/signed":
            signed = "pgp" if "pgp" in protocol else "smime"
        elif part.content_type in _CMS:
            if _is_signature(part):
                signed = "smime"
            else:
                encrypted = "smime"
    if "-----BEGIN PGP MESSAGE-----" in text:
        encrypted = "pgp"
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        signed = "pgp"
    return Protection(encrypted, signed)


def signed_content(der: bytes) -> bytes:
    """The mail inside an opaque S/MIME signature, b"" if it cannot be reached (RFC 5652, 5.1).

    Only the way to it is read: ContentInfo, SignedData, EncapsulatedContentInfo, the octets.
    """
    try:
        info = _inside(der, 0, 0x30)  # ContentInfo
        _oid, after = _element(der, info[0])
        explicit = _inside(der, after, 0xA0)
        signed = _inside(der, explicit[0], 0x30)
        at = signed[0]
        for _field in ("version", "digestAlgorithms"):
            _, at = _element(der, at)
        content = _inside(der, at, 0x30)
        _oid, after = _element(der, content[0])
        octets = _inside(der, after, 0xA0)
        return b"".join(_octets(der, *octets))
    except (IndexError, ValueError):
        return b""


def _header(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, where the content begins and where it ends; len(der) where that is not said."""
    tag, length, at = der[at], der[at + 1], at + 2
    if length == 0x80:
        return tag, at, len(der)
    if length > 0x80:
        count = length & 0x7F
        if count > 4:
            raise ValueError("too long")
        length = int.from_bytes(der[at : at + count], "big")
        at += count
    return tag, at, min(at + length, len(der))


def _inside(der: bytes, at: int, wanted: int) -> tuple[int, int]:
    tag, start, end = _header(der, at)
    if tag != wanted:
        raise ValueError("something else")
    return start, end


def _element(der: bytes, at: int) -> tuple[int, int]:
    tag, _start, end = _header(der, at)
    return tag, end


def _octets(der: bytes, start: int, end: int) -> Iterator[bytes]:
    """Pieces of an octet string, whole or made of several."""
    for _depth in range(3):
        tag, inner, stop = _header(der, start)
        if tag == 0x04:
            break
        if tag != 0x24:
            raise ValueError("no octets")
        start, end = inner, stop
    while start < end and der[start] == 0x04:
        _tag, inner, stop = _header(der, start)
        yield der[inner:stop]
        start = stop
