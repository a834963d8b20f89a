"""Fault 8: what strangers write, in a real browser. No script runs; nothing foreign is fetched."""

import smtplib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, expect

from tests.browser.conftest import ANNA, INBOX, Desk, sign_in
from tests.fault import QUICK, report
from tests.vectors import EVIL, FIELDS, PAGES, RAN
from tests.waiting import PATIENCE
from zabota.channels.email.tests.envelopes import calendar

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), *QUICK]
TOGETHER = 20
MARK = "hostile"


@dataclass
class Watched:
    """A browser of Anna's, and whatever it did that it should not have."""

    page: Page
    own: str
    done: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((self.own, "about:", "data:image/svg+xml;utf8")):
            self.done.append(f"asked for {request.url[:200]}")

    def on_dialog(self, dialog: Dialog) -> None:
        self.done.append(f"a dialog said {dialog.message}")
        dialog.dismiss()

    def on_console(self, said: ConsoleMessage) -> None:
        if said.text == "ran":
            self.done.append("a script ran")

    def on_new_page(self, page: Page) -> None:
        self.done.append(f"opened {page.url}")


@pytest.fixture
def watched(chromium: Browser, desk: Desk) -> Iterator[Watched]:
    context = chromium.new_context(base_url=desk.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    made = Watched(page, desk.url)
    context.on("request", made.on_request)
    context.on("dialog", made.on_dialog)
    context.on("console", made.on_console)
    page.on("popup", made.on_new_page)
    sign_in(page, ANNA)
    yield made
    context.close()


def test_the_watch_would_notice(watched: Watched) -> None:
    """The same markup where nothing holds it back."""
    watched.page.goto("about:blank")
    put = "html => { document.body.innerHTML = html }"
    with watched.page.expect_console_message(lambda said: said.text == "ran"):
        watched.page.evaluate(put, f'<img src="{EVIL}/a.png"><img src="data:," onerror="{RAN}">')
    assert {"a script ran", f"asked for {EVIL}/a.png"} <= set(watched.done)


def send(desk: Desk, number: int, subject: str, vectors: Sequence[str], field_text: str) -> None:
    letter = EmailMessage()
    sender = f"evil{number}@evil.example"
    letter["From"] = f"SOMEBODY <{sender}>"
    letter["To"], letter["Subject"] = INBOX, subject
    letter["Message-ID"] = f"<{MARK}-{number}@evil.example>"
    letter.set_content("words " + " ".join(vectors[:3]))
    letter.add_alternative("\n".join(vectors), subtype="html")
    letter.add_attachment(b"a", maintype="text", subtype="html", filename=f"{field_text}.html")
    letter.add_attachment(
        f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{RAN}\"/>".encode(),
        maintype="image",
        subtype="png",
        filename=f"{field_text}.png",
    )
    said = field_text.replace(",", "\\,").replace(";", "\\;")
    event = (f"SUMMARY:{said}", f"LOCATION:{said}", "DTSTART:20261124T100000Z")
    letter.add_attachment(calendar(*event), maintype="text", subtype="calendar")
    with smtplib.SMTP("127.0.0.1", desk.smtp_port) as server:
        name = b"=?utf-8?b?" + b64encode(field_text.encode()) + b"?="
        raw = letter.as_bytes(policy=SMTP).replace(b"SOMEBODY", name)
        server.sendmail(sender, [INBOX], raw)


def test_hostile_markup_does_nothing(desk: Desk, watched: Watched) -> None:
    batches = [PAGES[at : at + TOGETHER] for at in range(0, len(PAGES), TOGETHER)]
    batches += [PAGES[:1]] * (len(FIELDS) - len(batches))
    for number, vectors in enumerate(batches):
        hostile = FIELDS[number % len(FIELDS)]
        send(desk, number, f"{MARK} {number} {hostile}", vectors, hostile)
    page = watched.page
    addresses = tickets(page, len(batches))
    for address in addresses:
        look_at(page, address)
    assert watched.done == []
    for address in addresses:
        look_at(page, address, show_pictures=True)
    assert watched.done == []
    count = len(PAGES) + 6 * len(FIELDS)
    report(8, f"{count} hostile vectors in Chromium: 0 scripts ran, 0 foreign requests")


def tickets(page: Page, count: int) -> list[str]:
    page.goto("/views/open")
    rows = page.locator(".row-subject", has_text=MARK)
    expect(rows).to_have_count(count)
    return [str(row.get_attribute("href")) for row in rows.all()]


def look_at(page: Page, address: str, *, show_pictures: bool = False) -> None:
    """Read a ticket with everything unfolded; the mouse goes over it, the keyboard through it."""
    page.goto(address)
    original = page.locator("details", has=page.locator("iframe.original"))
    original.locator("summary").click()
    frame = original.locator("iframe").element_handle().content_frame()
    assert frame
    frame.wait_for_load_state()
    if show_pictures and original.get_by_text("Show pictures").count():
        with page.expect_response(lambda answer: "pictures=1" in answer.url):
            original.get_by_text("Show pictures").click()
        frame.wait_for_load_state("networkidle")
    box = original.locator("iframe").bounding_box()
    assert box
    for step in range(5):
        page.mouse.move(box["x"] + 40, box["y"] + 20 + 60 * step)
    page.mouse.wheel(0, 400)
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.locator("h1").inner_text().startswith(MARK)
