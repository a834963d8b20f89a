"""What `--imap` names."""

import pytest

from zabota.channels.email.imap import compact
from zabota.channels.email.imap_url import read_imap_url
from zabota.intake.sources import Security


@pytest.mark.parametrize(
    ("url", "user", "host", "port", "folder", "security"),
    [
        ("imaps://help@imap.example.com/", "help", "imap.example.com", 993, "INBOX", "tls"),
        ("imaps://help@example.com@imap.example.com", "help@example.com", "imap.example.com", 993,
         "INBOX", "tls"),
        ("imaps://a%40b@h:1993/Z/%D0%90", "a@b", "h", 1993, "Z/А", "tls"),
        ("imap://help@imap.example.com", "help", "imap.example.com", 143, "INBOX", "starttls"),
        ("imap://help@127.0.0.1:1143", "help", "127.0.0.1", 1143, "INBOX", "none"),
        ("imaps://help@[::1]/", "help", "::1", 993, "INBOX", "tls"),
    ],
)  # fmt: skip
def test_read(url: str, user: str, host: str, port: int, folder: str, security: str) -> None:
    source = read_imap_url(url)
    assert (source.user, source.host, source.port) == (user, host, port)
    assert (source.folder, source.security) == (folder, Security(security))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://help@example.com", "begins with imaps://"),
        ("imaps://example.com", "names user and server"),
        ("imaps://help@", "names user and server"),
        ("imaps://help:secret@example.com", "--password-file"),
        ("imaps://help@example.com:x/", "ort could not be cast"),
    ],
)
def test_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_imap_url(url)


def test_numbers_are_written_shortly() -> None:
    assert compact([1, 2, 3, 7, 9, 10]) == "1:3,7,9:10"
    assert compact([5]) == "5"
