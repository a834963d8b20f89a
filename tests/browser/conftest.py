"""A desk as a user starts it, a mail server that takes its letters, and Chromium to look at it."""

import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as LETTER
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PASSWORD = "four words in a row"
ANNA, BOB = "anna@desk.example", "bob@desk.example"
INBOX = "support@localhost"
T = TypeVar("T")

expect.set_options(timeout=20_000)  # on a busy machine things take their time


@dataclass
class Letters:
    """A mail server: what the desk sent, in the order it came."""

    taken: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = BytesParser(policy=LETTER).parsebytes(envelope.content)
        self.taken.append(letter)
        return "250 taken"

    def to(self, address: str, seconds: float = 30) -> EmailMessage:
        """The newest answer to this customer that is not a receipt."""
        return until(lambda: self._newest(address), seconds)

    def _newest(self, address: str) -> EmailMessage | None:
        theirs = [m for m in self.taken if address in str(m["To"]) and not m["Auto-Submitted"]]
        return theirs[-1] if theirs else None


def until(found: Callable[[], T | None], seconds: float = 10) -> T:
    limit = time.monotonic() + seconds
    while True:
        if (what := found()) is not None:
            return what
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.05)


@dataclass
class Desk:
    """A running desk, and the world around it."""

    url: str
    smtp_port: int
    letters: Letters
    written: int = 0

    def write(self, subject: str, text: str, *, sender: str = "", html: str = "") -> str:
        """A customer's letter to the desk; the address it came from."""
        self.written += 1
        sender = sender or f"dana{self.written}@example.ru"
        letter = EmailMessage()
        letter["From"] = f"Дана Ковалёва <{sender}>"
        letter["To"], letter["Subject"] = INBOX, subject
        letter["Message-ID"] = f"<letter-{self.written}-{time.time_ns()}@example.ru>"
        letter.set_content(text)
        if html:
            letter.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as server:
            server.send_message(letter)
        return sender


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def letters() -> Iterator[tuple[Letters, int]]:
    letters, port = Letters(), _free_port()
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    yield letters, port
    controller.stop()


@pytest.fixture(scope="session")
def desk(letters: tuple[Letters, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """`zabota run` on an empty folder, with Anna and Bob."""
    data_dir, port, smtp_port = tmp_path_factory.mktemp("desk"), _free_port(), _free_port()
    env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    env |= {"ZABOTA_DATA_DIR": str(data_dir), "ZABOTA_TIME_ZONE": "Europe/Moscow"}
    env |= {"ZABOTA_OUTGOING_MAIL": f"smtp://127.0.0.1:{letters[1]}"}
    zabota = [sys.executable, "-m", "zabota"]
    ports = ["--port", str(port), "--smtp-port", str(smtp_port)]
    with subprocess.Popen([*zabota, "run", *ports], cwd=ROOT, env=env, stdout=-1, text=True) as run:
        try:
            assert run.stdout
            assert any(line.startswith("ready ") for line in run.stdout), "the desk did not start"
            for email in (ANNA, BOB):
                given = ["--email", email, "--password", PASSWORD]
                subprocess.run([*zabota, "create-admin", *given], cwd=ROOT, env=env, check=True)
            yield Desk(f"http://127.0.0.1:{port}", smtp_port, letters[0])
        finally:
            run.terminate()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("no Chromium: apt-get install chromium fonts-noto-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, desk: Desk) -> Iterator[Visit]:
    """Open a browser as somebody, signed in; complaints of the browser fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    def open_as(email: str = ANNA, path: str = "/views/open", **options: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}} | options
        context = chromium.new_context(base_url=desk.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        page.goto("/sign-in")
        page.fill("[name=login]", email)
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/views/mine")
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []
