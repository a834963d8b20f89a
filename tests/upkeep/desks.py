"""A desk of real processes: its own PostgreSQL, any number of each role, a mail server."""

import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.embedded import FAST
from tests.ports import free_port, is_open
from tests.prepared import prepare_desk
from tests.waiting import PATIENCE, until
from zabota.cli.listening import answers_http
from zabota.core.environment import socket_dir
from zabota.core.postgres import EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
INBOX = "support@localhost"


class Post:
    """The far side: a mail server that takes everything and remembers what in which order."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []  # Message-ID, recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content)
        self.taken.append((str(mail["Message-ID"]).strip(), envelope.rcpt_tos[0]))
        return "250 OK"


@contextmanager
def a_post() -> Iterator[tuple[Post, int]]:
    """A mail server in a thread, and its port."""
    post, port = Post(), free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE)
    controller.start()
    try:
        yield post, port
    finally:
        controller.stop()


class Desk:
    """One data directory; roles are started and killed one by one."""

    def __init__(self, folder: Path, post_port: int) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder, settings=FAST)
        self.environment = {
            **{k: v for k, v in os.environ.items() if k != "DATABASE_URL"},
            "ZABOTA_DATA_DIR": str(folder),
            "ZABOTA_OUTGOING_MAIL": f"smtp://127.0.0.1:{post_port}",
            "ZABOTA_SECRET_KEY": "one for all processes of this desk",
            "ZABOTA_LOG_LEVEL": "ERROR",
            "ZABOTA_BRAKE": "off",  # a load is a burst that is meant
        }
        self.running: list[subprocess.Popen[str]] = []

    def start_database(self) -> None:
        until(self.server.launch)
        self.server.wait_until_ready()

    def zabota(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "zabota", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A role as a process of its own."""
        with (self.folder.parent / "said.log").open("a") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "zabota", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=said,
                text=True,
            )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def start_mail(self) -> int:
        port = free_port()
        self.start("mail", "--smtp-port", str(port))
        until(lambda: is_open(port))
        return port

    def start_web(self) -> tuple[subprocess.Popen[str], int]:
        port = free_port()
        process = self.start("web", "--port", str(port))
        until(lambda: answers_http("127.0.0.1", port))
        return process, port

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask this desk's database."""
        where = {"host": str(socket_dir(self.folder)), "user": "zabota", "dbname": "zabota"}
        with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type]
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: object) -> Any:
        """The one value of a query."""
        return self.rows(query, *values)[0][0]

    def stop(self) -> None:
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait()
        self.server.stop()


@contextmanager
def a_desk(folder: Path, post_port: int) -> Iterator[Desk]:
    """A migrated desk with its database running, and nothing else yet."""
    prepare_desk(folder)
    desk = Desk(folder, post_port)
    desk.start_database()
    try:
        yield desk
    finally:
        desk.stop()


class Sender:
    """Sends mails in a thread and keeps the ledger: Message-IDs the desk said 250 to."""

    def __init__(self, port: int, name: str, count: int, pause: float = 0.0) -> None:
        self.port, self.name, self.count, self.pause = port, name, count, pause
        self.acknowledged: list[str] = []
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def finish(self) -> list[str]:
        self._thread.join()
        return self.acknowledged

    def _run(self) -> None:
        for number in range(self.count):
            if self.stopping.wait(self.pause):
                return
            self._send(number)

    def _send(self, number: int) -> None:
        name = f"<{self.name}-{number}@far.example>"
        while not self.stopping.is_set():
            with suppress(OSError, smtplib.SMTPException):
                with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as server:
                    server.sendmail(f"{self.name}@far.example", [INBOX], mail(name, number))
                self.acknowledged.append(name)
                return
            self.stopping.wait(0.2)  # as every server does: it keeps the mail and comes again


def mail(name: str, number: int) -> bytes:
    """One letter, each fifth with a file that is large enough to be kept as one."""
    head = f"From: Dana <{name[1:-1]}>\r\nTo: {INBOX}\r\nSubject: No {number}\r\n"
    head += f"Message-ID: {name}\r\n"
    if number % 5:
        return f"{head}\r\nNumber {number}\r\n".encode()
    noise = os.urandom(300_000).hex()
    lines = "\r\n".join(noise[i : i + 76] for i in range(0, len(noise), 76))
    return (
        f'{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\n\r\nNumber {number}\r\n--b\r\nContent-Type: text/plain\r\n"
        f'Content-Disposition: attachment; filename="a.txt"\r\n\r\n{lines}\r\n--b--\r\n'
    ).encode()
