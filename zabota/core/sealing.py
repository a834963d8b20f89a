"""Secrets we must be able to read again (passwords of mail servers): sealed in the database.

Fernet (AES-128-CBC and HMAC-SHA-256) under a key made from the installation's secret by HKDF
(RFC 5869). Who has only the database, or a copy of it, has no passwords.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"zabota: sealed secrets"


class Unsealable(Exception):
    """It was sealed under another secret key; it has to be entered again."""

    def __init__(self) -> None:
        super().__init__(
            "sealed with another secret key (ZABOTA_SECRET_KEY or secret.key): enter it again"
        )


def seal(secret: str) -> str:
    """The secret as it may be stored; nothing stays nothing."""
    return _box().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """What was sealed. Raises `Unsealable`."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError) as error:
        raise Unsealable from error


def _box() -> MultiFernet:
    """Seals with the present key; keys before it, `SECRET_KEY_FALLBACKS`, still open."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_key(str(key)) for key in keys])


@lru_cache
def _key(secret_key: str) -> Fernet:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(made))
