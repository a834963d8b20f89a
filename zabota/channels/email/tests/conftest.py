"""One Dovecot for all tests of IMAP; each uses mailboxes of its own."""

from collections.abc import Iterator

import pytest

from tests.dovecot import Dovecot


@pytest.fixture(scope="session")
def shared_dovecot() -> Iterator[Dovecot]:
    dovecot = Dovecot()
    dovecot.start()
    yield dovecot
    dovecot.close()


@pytest.fixture
def dovecot(shared_dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Dovecot:
    """Running, and trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(shared_dovecot.cert))
    if shared_dovecot.process is None:
        shared_dovecot.start()
    return shared_dovecot
