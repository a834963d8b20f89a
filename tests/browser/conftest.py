"""A desk as a user starts it, a mail server that takes its letters, and Chromium to look at it."""

import os
import smtplib
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
    StorageState,
    expect,
    sync_playwright,
)

from tests.ports import free_port
from tests.prepared import prepare_desk
from tests.waiting import PATIENCE

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

expect.set_options(timeout=PATIENCE * 1000)


@dataclass
class Letters:
    """A mail server: what the desk sent, in the order it came."""

    taken: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = BytesParser(policy=LETTER).parsebytes(envelope.content)
        self.taken.append(letter)
        return "250 taken"

    def to(self, address: str, seconds: float = PATIENCE) -> EmailMessage:
        """The newest answer to this customer that is not a receipt."""
        return until(lambda: self._newest(address), seconds)

    def _newest(self, address: str) -> EmailMessage | None:
        theirs = [m for m in self.taken if address in str(m["To"]) and not m["Auto-Submitted"]]
        return theirs[-1] if theirs else None


def until(found: Callable[[], T | None], seconds: float = PATIENCE) -> T:
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


@pytest.fixture(scope="session")
def letters() -> Iterator[tuple[Letters, int]]:
    letters, port = Letters(), free_port()
    controller = Controller(letters, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE)
    controller.start()
    yield letters, port
    controller.stop()


@pytest.fixture(scope="session")
def desk(letters: tuple[Letters, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """`zabota run` as on the second day, with Anna and Bob."""
    data_dir, port, smtp_port = tmp_path_factory.mktemp("desk"), free_port(), free_port()
    prepare_desk(data_dir)
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


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/views/mine")


Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def signed_in() -> dict[str, StorageState]:
    """The cookies of who has signed in once: a password costs a second each time, on purpose."""
    return {}


@pytest.fixture
def visit(chromium: Browser, desk: Desk, signed_in: dict[str, StorageState]) -> Iterator[Visit]:
    """Open a browser as somebody, signed in; complaints of the browser fail the test.

    `afresh` by the page for it; else so only the first time.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    def open_as(
        email: str = ANNA, path: str = "/views/open", *, afresh: bool = False, **options: Any
    ) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}} | options
        kept = None if afresh else signed_in.get(email)
        context = chromium.new_context(base_url=desk.url, storage_state=kept, **options)
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        if kept is None:
            sign_in(page, email)
            if not afresh:
                signed_in[email] = context.storage_state()
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []
