"""Secrets that leave the house: made here, checked here, compared in constant time."""

import base64
import hashlib
import hmac
import secrets

from django.conf import settings

MAC_BYTES = 16  # TRUST: at least 128 bits


def new_secret() -> str:
    """256 random bits, URL-safe. Store only its `hash_secret`."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is stored of a secret; it has full entropy, so one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_ids(purpose: str, *ids: int) -> str:
    """Lower-case base32 of the ids and a 128-bit MAC (HMAC-SHA-256, RFC 2104), at most 52 letters.

    Fits into the local part of a mail address (64 octets, RFC 5321 §4.5.3.1.1).
    """
    body = b"".join(_varint(i) for i in ids)
    return base64.b32encode(body + _mac(purpose, body)).decode().rstrip("=").lower()


def read_ids(purpose: str, token: str) -> tuple[int, ...] | None:
    """The ids `sign_ids` was given, or None if this token is not ours."""
    if not token.isascii():
        return None
    try:
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return None
    ids = tuple(_read_varints(data[:-MAC_BYTES]))
    # Only the one way of writing it is accepted, so there is nothing to flip unnoticed.
    return ids if ids and hmac.compare_digest(sign_ids(purpose, *ids), token.lower()) else None


def _mac(purpose: str, body: bytes) -> bytes:
    key = f"{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, body, hashlib.sha256).digest()[:MAC_BYTES]


def _varint(number: int) -> bytes:
    """LEB128, seven bits a byte."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _read_varints(data: bytes) -> list[int]:
    numbers, shift, value = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            shift = value = 0
    return numbers
