"""The post and spam, as a shift sees them: what was set aside comes in, what is spam stays out."""

import re
import smtplib
import time
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ANNA, INBOX, Desk, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CASINO = "Казино бонус 500% заберите приз http://casino.example/win деньги крипта"
ENOUGH = 20


def pick(page: Page, words: str, count: int) -> None:
    page.mouse.move(5, 5)  # under the mouse new rows would wait
    boxes = page.locator(f".row:has-text('{words}') .row-check")
    expect(boxes).to_have_count(count)
    boxes.first.check()
    boxes.last.click(modifiers=["Shift"])  # and all between
    expect(page.locator("[data-picked]")).to_have_text(str(count))


def write_as_ourselves(desk: Desk, subject: str) -> None:
    letter = EmailMessage()
    letter["From"] = letter["To"] = INBOX
    letter["Subject"], letter["Message-ID"] = subject, f"<own-{time.time_ns()}@example.ru>"
    letter.set_content("Это правда мы.")
    with smtplib.SMTP("127.0.0.1", desk.smtp_port) as server:
        server.send_message(letter)


def test_what_is_marked_is_learned_and_the_next_one_stays_out(desk: Desk, visit: Visit) -> None:
    anna = visit(ANNA, "/views/open")
    for _n in range(ENOUGH):
        desk.write("Вопрос о мельнице", "Добрый день, мельница не мелет зёрна, что делать?")
    pick(anna, "Вопрос о мельнице", ENOUGH)
    anna.keyboard.press("!")
    expect(anna.locator(".toast")).to_contain_text("20 tickets are spam")
    expect(anna.get_by_text("Вопрос о мельнице")).to_have_count(0)
    anna.keyboard.press("z")  # no, they are not: learned as good
    expect(anna.get_by_role("link", name="Вопрос о мельнице")).to_have_count(ENOUGH)

    for _n in range(ENOUGH):
        desk.write("Ваш приз", CASINO)
    pick(anna, "Ваш приз", ENOUGH)
    anna.keyboard.press("!")
    expect(anna.get_by_role("link", name="Ваш приз")).to_have_count(0)

    anna.wait_for_timeout(2500)  # the worker asks every two seconds whether it knows enough
    desk.write("Ваш приз ждёт", CASINO)
    desk.write("Мельница опять", "Мельница снова не мелет зёрна, что делать?")
    anna.mouse.move(5, 5)
    expect(anna.get_by_role("link", name="Мельница опять")).to_be_visible()
    anna.goto("/views/spam")
    anna.get_by_role("link", name="Ваш приз ждёт").click()
    expect(anna.locator(".ticket-head")).to_contain_text("a link to casino.example")
    anna.keyboard.press("l")
    expect(anna.get_by_role("heading", level=1, name="Ваш приз ждёт")).to_be_visible()
    expect(anna).to_have_url(re.compile(r"/tickets/\d+"))


def test_what_was_set_aside_is_let_in_by_keyboard(desk: Desk, visit: Visit) -> None:
    anna = visit(ANNA, "/inbound")
    for n in range(3):
        write_as_ourselves(desk, f"Сами себе {n}")
    expect(anna.get_by_role("link", name="Сами себе 2")).to_be_visible()  # without a reload
    anna.keyboard.press("j")
    anna.keyboard.press("o")
    expect(anna.get_by_role("heading", level=1, name="Сами себе 2")).to_be_visible()
    expect(anna.locator(".ticket")).to_contain_text("Это правда мы.")
    anna.goto("/inbound")
    anna.keyboard.press("j")
    anna.keyboard.press("x")
    expect(anna.locator("[data-picked]")).to_have_text("1")
    anna.keyboard.press("Escape")
    anna.get_by_label("All on this page").check()
    expect(anna.locator("[data-picked]")).to_have_text("3")
    anna.keyboard.press("d")
    expect(anna.locator(".toast")).to_contain_text("3 letters deleted")
    anna.keyboard.press("z")
    expect(anna.get_by_role("link", name="Сами себе 1")).to_be_visible()
    anna.get_by_label("All on this page").check()
    anna.keyboard.press("l")
    expect(anna.get_by_role("heading", name="Nothing is suspended")).to_be_visible()
    anna.goto("/views/open")
    expect(anna.get_by_role("link", name="Сами себе 0")).to_be_visible()
