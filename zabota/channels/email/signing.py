"""DKIM (RFC 6376): mail that leaves is signed with the key of its domain, where there is one."""

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from zabota.core.environment import EnvironmentProblem, disk_problem, env, make_data_dir

BITS = 2048
SELECTOR = "zabota"
CANONICAL = (b"relaxed", b"relaxed")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key in PEM, and under which name its public half stands in the DNS."""

    domain: str
    selector: str
    pem: bytes

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text at `name`. Raises `ValueError` if this is no RSA key."""
        key = serialization.load_pem_private_key(self.pem, None)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public = key.public_key().public_bytes(serialization.Encoding.DER, form)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def key_path(domain: str) -> Path:
    """Where `zabota dkim` keeps the key of a domain."""
    return env.data_dir / "dkim" / f"{domain}.pem"


def find_key(domain: str) -> SigningKey | None:
    """The key for mail from this domain; None if there is none. Raises `OSError`.

    The one that is set wins, for its domain and those below it (all, if it names none).
    """
    get = os.environ.get
    path, of = get("ZABOTA_DKIM_KEY", ""), get("ZABOTA_DKIM_DOMAIN", "").lower()
    selector = get("ZABOTA_DKIM_SELECTOR", "zabota")
    if path and (not of or domain == of or domain.endswith(f".{of}")):
        return SigningKey(of or domain, selector, Path(path).read_bytes())
    made = key_path(domain)
    return SigningKey(domain, SELECTOR, made.read_bytes()) if made.exists() else None


def make_key(domain: str) -> SigningKey:
    """The key of this domain, made if there is none. Raises `EnvironmentProblem`."""
    path = key_path(domain)
    try:
        if not path.exists():
            make_data_dir(path.parent.parent)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write(path, _new_pem())
        return SigningKey(domain, SELECTOR, path.read_bytes())
    except OSError as error:
        raise disk_problem(path.parent, error) from error


def _new_pem() -> bytes:
    key = rsa.generate_private_key(65537, BITS)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, pem: bytes) -> None:
    """Whole or not at all, for its owner only."""
    fresh = path.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    fresh.rename(path)


def sign(mail: bytes, domain: str) -> bytes:
    """The mail with its signature in front, or as it is where its domain has no key.

    Raises `EnvironmentProblem` if the key cannot be used.
    """
    try:
        key = find_key(domain)
        if key is None:
            return mail
        import dkim  # type: ignore[import-untyped]

        names = (key.selector.encode(), key.domain.encode())
        signature: bytes = dkim.sign(mail, *names, key.pem, canonicalize=CANONICAL)
    except OSError as error:
        raise EnvironmentProblem(f"the DKIM key of {domain} cannot be read: {error}") from error
    except dkim.DKIMException as error:
        raise EnvironmentProblem(f"the DKIM key of {domain} cannot be used: {error}") from error
    return signature + mail
