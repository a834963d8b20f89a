"""Other people's mail servers: each keeps a mail until somebody has answered for it."""

import os
import smtplib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.dovecot import Dovecot
from tests.faults.oracle import FAR, SendersLedger

AGAIN = 0.2  # seconds; a mail server waits minutes, and then does the same


class Letter:
    """One mail of a sender; each third answers the one before, each twentieth has a large file."""

    def __init__(self, sender: str, number: int, to: str, *, large: bool = False) -> None:
        self.name = f"{sender}-{number}{FAR}"
        self.author = f"{sender}-{number - number % 3}{FAR}"
        self.to = to
        self._answers = f"{sender}-{number - 1}{FAR}" if number % 3 else ""
        self._large = large or number % 20 == 0

    def __bytes__(self) -> bytes:
        head = f"From: Dana <{self.author}>\r\nTo: {self.to}\r\nSubject: {self.name}\r\n"
        head += f"Message-ID: <{self.name}>\r\n"
        head += f"References: <{self._answers}>\r\n" if self._answers else ""
        if not self._large:
            return f"{head}\r\nHello\r\n".encode()
        noise = os.urandom(300_000).hex()
        lines = "\r\n".join(noise[i : i + 76] for i in range(0, len(noise), 76))
        return (
            f'{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
            "--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/plain\r\n"
            f'Content-Disposition: attachment; filename="a.txt"\r\n\r\n{lines}\r\n--b--\r\n'
        ).encode()


class MailServer:
    """Sends its letters one after another, each until it is taken, in a thread of its own."""

    def __init__(
        self,
        ledger: SendersLedger,
        letters: Sequence[Letter],
        connect: Callable[[], smtplib.SMTP],
        pause: float,
    ) -> None:
        self.ledger, self.letters, self.connect, self.pause = ledger, letters, connect, pause
        self.refusals: list[int] = []
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        for letter in self.letters:
            raw = bytes(letter)
            while not self.stopping.is_set() and not self._send(letter, raw):
                self.stopping.wait(AGAIN)
            self.stopping.wait(self.pause)

    def _send(self, letter: Letter, raw: bytes) -> bool:
        self.ledger.begin(letter.name)
        try:
            with self.connect() as server:
                server.sendmail(letter.author, [letter.to], raw)
                self.ledger.acknowledge(letter.name)
        except smtplib.SMTPResponseException as error:
            self.refusals.append(error.smtp_code)
        except smtplib.SMTPRecipientsRefused as error:
            self.refusals.extend(code for code, _words in error.recipients.values())
        except (OSError, smtplib.SMTPException):
            self.refusals.append(0)
        return letter.name in self.ledger.acknowledged


def by_smtp(port: int) -> Callable[[], smtplib.SMTP]:
    return lambda: smtplib.SMTP("127.0.0.1", port, timeout=20)


def by_lmtp(port: int) -> Callable[[], smtplib.SMTP]:
    return lambda: smtplib.LMTP("127.0.0.1", port, timeout=20)


class Mailbox:
    """Mails appear in a mailbox one after another; what lies there is acknowledged."""

    def __init__(
        self, ledger: SendersLedger, letters: Sequence[Letter], dovecot: Dovecot, pause: float
    ) -> None:
        self.ledger, self.letters, self.dovecot, self.pause = ledger, letters, dovecot, pause
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        client = self.dovecot.client("dana")
        for letter in self.letters:
            self.ledger.begin(letter.name)
            kind, said = client.append("INBOX", "", "", bytes(letter))
            assert kind == "OK", said
            self.ledger.acknowledge(letter.name)
            threading.Event().wait(self.pause)
        with suppress(OSError):
            client.logout()
