"""The certificate of the mail listener, read again when its files change."""

import logging
import ssl
from pathlib import Path

from zabota.core.environment import EnvironmentProblem

log = logging.getLogger("zabota.mail")

Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate and its key for STARTTLS (RFC 3207). Raises `EnvironmentProblem`."""

    def __init__(self, certificate: str, key: str = "") -> None:
        self._files = [Path(certificate), Path(key or certificate)]
        try:
            self._seen = self._stamp()
            self._context = self._load()
        except (OSError, ssl.SSLError) as error:
            raise EnvironmentProblem(
                f"cannot use the certificate {certificate} ({error}):"
                " see ZABOTA_SMTP_CERT and ZABOTA_SMTP_KEY"
            ) from error

    def context(self) -> ssl.SSLContext:
        """For a new session. A renewed certificate is used at once; a broken one never."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._context = self._load()
                log.info("%s is read again", self._files[0])
        except (OSError, ssl.SSLError) as error:
            log.error("%s cannot be used, the one before it goes on: %s", self._files[0], error)
        return self._context

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        certificate, key = self._files
        context.load_cert_chain(certificate, key)
        return context

    def _stamp(self) -> Stamp:
        stats = [path.stat() for path in self._files]
        return tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in stats)
