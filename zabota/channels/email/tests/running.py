"""The listener in a thread, and certificates to try it with."""

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.waiting import PATIENCE
from zabota.channels.email.listener import Intake
from zabota.channels.email.session import LmtpSession, MailSession, Shared, share
from zabota.channels.email.settings import MailSettings

PLAIN = serialization.NoEncryption()


class Running:
    """The listener's server in a thread of its own."""

    def __init__(
        self, settings: MailSettings | None = None, kind: type[MailSession] = MailSession
    ) -> None:
        self.kind = kind
        self.shared: Shared = share(settings or MailSettings())
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.thread.start()
        assert self.ready.wait(PATIENCE)

    async def _serve(self) -> None:
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self.loop.create_server(
            lambda: self.kind(Intake(), self.shared), "127.0.0.1", 0
        )
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        async with server:
            await self.stop.wait()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join()


class RunningLmtp(Running):
    """The same, spoken to by LMTP."""

    def __init__(self, settings: MailSettings | None = None) -> None:
        super().__init__(settings, LmtpSession)


@dataclass(frozen=True)
class Pair:
    """A self-made certificate for 127.0.0.1 and its key, as files."""

    certificate: Path
    key: Path


def make_certificate(folder: Path, name: str = "mail.example.com") -> Pair:
    """Valid for a day; the same files each time."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pair = Pair(folder / "mail.crt", folder / "mail.key")
    pair.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, PLAIN))
    return pair
