"""What people do at the desk, from the first letter on, in a real browser."""

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import ANNA, BOB, INBOX, Desk, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def open_ticket(page: Page, subject: str) -> None:
    page.get_by_role("link", name=subject, exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name=subject)).to_be_visible()


def said(letter: EmailMessage, kind: str = "plain") -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_a_letter_appears_is_answered_and_the_answer_arrives(desk: Desk, visit: Visit) -> None:
    anna = visit(ANNA, "/views/open")
    customer = desk.write("Где мой возврат", "Здравствуйте. Прошло две недели.")
    expect(anna.get_by_role("link", name="Где мой возврат")).to_be_visible()  # without a reload
    open_ticket(anna, "Где мой возврат")
    expect(anna.locator(".message")).to_contain_text("Прошло две недели")

    anna.keyboard.press("r")
    anna.keyboard.type("Деньги придут завтра.\n\nАнна")
    anna.keyboard.press("Control+Enter")
    expect(anna.locator(".message.is-ours")).to_contain_text("leaves in")
    expect(anna.locator("textarea[name=text]")).to_have_value("")
    expect(anna.get_by_role("button", name="Status: Pending")).to_be_visible()

    answer = desk.letters.to(customer)
    assert answer["Subject"] == "Re: Где мой возврат"
    assert "letter-" in answer["In-Reply-To"] and INBOX.split("@")[0] in answer["Reply-To"]
    assert "Деньги придут завтра." in said(answer) and "завтра" in said(answer, "html")
    expect(anna.locator(".message.is-ours header .small")).to_have_text("sent")


def test_sending_is_undone_and_the_words_are_not_lost(desk: Desk, visit: Visit) -> None:
    desk.write("Не греет молоко", "Совсем.")
    anna = visit(ANNA, "/views/open")
    open_ticket(anna, "Не греет молоко")
    anna.keyboard.press("r")
    anna.keyboard.type("Попробуйте почистить")
    anna.keyboard.press("Control+Enter")
    expect(anna.locator(".toast")).to_contain_text("leaves in")
    anna.locator("h1").click()
    anna.keyboard.press("z")
    text = anna.locator("textarea[name=text]")
    expect(text).to_have_value("Попробуйте почистить")
    expect(anna.locator(".message.is-ours")).to_have_count(0)

    text.fill("Попробуйте почистить трубку")
    expect(anna.get_by_text("Draft saved")).to_be_visible()
    anna.reload()
    expect(text).to_have_value("Попробуйте почистить трубку")


def test_what_a_colleague_does_appears_and_disturbs_nobody(desk: Desk, visit: Visit) -> None:
    desk.write("Пришла не та вытяжка", "Чёрная вместо белой.")
    anna, bob = visit(ANNA, "/views/open"), visit(BOB, "/views/open")
    open_ticket(anna, "Пришла не та вытяжка")
    open_ticket(bob, "Пришла не та вытяжка")
    anna.keyboard.press("r")
    anna.keyboard.type("Пишу Дане")
    text = anna.locator("textarea[name=text]")

    bob.keyboard.press("n")
    bob.keyboard.type("Склад перепутал коробки")
    bob.keyboard.press("Control+Enter")
    expect(anna.locator(".message.is-note")).to_contain_text("Склад перепутал коробки")
    bob.locator("h1").click()
    bob.keyboard.press("a")
    bob.keyboard.type("bob")
    bob.keyboard.press("Enter")
    expect(anna.get_by_role("button", name="Assignee: bob")).to_be_visible()
    expect(text).to_be_focused()
    expect(text).to_have_value("Пишу Дане")


def asks_for_fragments(request: Request) -> bool:
    return "zabota-fragments" in request.headers


def test_a_late_answer_is_not_put_on_the_next_page(desk: Desk, visit: Visit) -> None:
    for n in ("Первый", "Второй"):
        desk.write(f"{n} чайник", f"{n} не кипит")
    anna = visit(ANNA, "/views/open")
    open_ticket(anna, "Первый чайник")
    late: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if asks_for_fragments(route.request) and not late:
            late.append(route)
        else:
            route.continue_()

    anna.route("**/tickets/*", hold_the_first)
    with anna.expect_request(asks_for_fragments):
        # As one that the browser had put aside and shows again.
        anna.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    open_ticket(anna, "Второй чайник")
    with anna.expect_request(asks_for_fragments) as again:
        late[0].continue_()
    assert again.value.url == anna.url != late[0].request.url  # it was not taken for this page's
    expect(anna.get_by_role("heading", level=1, name="Второй чайник")).to_be_visible()
    expect(anna.locator(".thread")).to_contain_text("Второй не кипит")


def test_everything_by_keyboard(desk: Desk, visit: Visit) -> None:
    for n in ("Первое", "Второе"):
        desk.write(f"{n} письмо о кофе", "Это письмо о кофе")
    anna = visit(ANNA, "/views/open")
    expect(anna.get_by_role("link", name="Второе письмо о кофе")).to_be_visible()
    anna.keyboard.press("j")
    anna.keyboard.press("j")
    expect(anna.get_by_role("link", name="Первое письмо о кофе")).to_be_focused()
    anna.keyboard.press("k")
    anna.keyboard.press("o")
    expect(anna.get_by_role("heading", name="Второе письмо о кофе")).to_be_visible()

    anna.keyboard.press("s")
    expect(anna.get_by_role("button", name="Open", exact=True)).to_be_focused()
    anna.keyboard.press("ArrowDown")
    anna.keyboard.press("Enter")
    expect(anna.get_by_role("button", name="Status: Pending")).to_be_visible()
    anna.keyboard.press("e")
    expect(anna.get_by_role("button", name="Status: Solved")).to_be_visible()
    expect(anna.get_by_role("button", name="Reopen")).to_be_visible()

    anna.keyboard.press("?")
    expect(anna.get_by_role("dialog", name="Keys")).to_be_visible()
    anna.keyboard.press("Escape")
    expect(anna.get_by_role("dialog", name="Keys")).to_be_hidden()
    anna.keyboard.press("g")
    anna.keyboard.press("s")
    expect(anna).to_have_url(re.compile("/views/solved$"))
    anna.keyboard.press("/")
    expect(anna).to_have_url(re.compile("/search"))
    anna.get_by_placeholder("Words, or a number").fill("письмах о кофе")
    expect(anna.locator("mark").first).to_be_visible()
    box = anna.get_by_placeholder("Words, or a number")
    anna.keyboard.press("Escape")
    expect(box).to_have_value("письмах о кофе")
    anna.keyboard.press("n")
    expect(anna).to_have_url(re.compile("/tickets/new$"))


def test_a_hostile_letter_does_nothing(desk: Desk, visit: Visit) -> None:
    evil = "<img src=x onerror=\"parent.document.title='taken'\">"
    html = f"<p>Очень важно</p>{evil}<script>top.location='/taken'</script><form action=/x><input>"
    desk.write(f"Важно {evil}", f"Важно {evil}", html=html)
    anna = visit(ANNA, "/views/open")
    anna.get_by_role("link", name=re.compile("Важно")).first.click()
    anna.get_by_text("As it was sent").click()
    inside = anna.frame_locator("iframe.original")
    expect(inside.get_by_text("Очень важно")).to_be_visible()
    assert inside.locator("script, form, img[onerror], input").count() == 0
    frame = anna.locator("iframe.original")
    assert "allow-scripts" not in (frame.get_attribute("sandbox") or "")
    assert "allow-same-origin" not in (frame.get_attribute("sandbox") or "")
    assert anna.title() != "taken" and "/taken" not in anna.url
    assert anna.locator("main img").count() == 0


def test_new_rows_wait_while_the_mouse_is_on_the_list(desk: Desk, visit: Visit) -> None:
    desk.write("Течёт утюг", "Рано обрадовались")
    anna = visit(ANNA, "/views/open")
    row = anna.get_by_role("link", name="Течёт утюг", exact=True)
    row.hover()
    desk.write("Гудит холодильник", "По ночам")
    expect(anna.get_by_role("button", name="New:")).to_be_visible()
    expect(anna.get_by_role("link", name="Гудит холодильник")).to_have_count(0)
    anna.locator(".rail .brand").hover()
    expect(anna.get_by_role("link", name="Гудит холодильник")).to_be_visible()


def test_on_a_telephone(desk: Desk, visit: Visit) -> None:
    desk.write("Очень длинная тема письма про кофемашину и перегреватель", "Коротко")
    phone = visit(
        ANNA,
        "/views/open",
        afresh=True,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        color_scheme="dark",
    )
    phone.get_by_role("link", name=re.compile("Очень длинная тема")).tap()
    expect(phone.locator(".thread")).to_contain_text("Коротко")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.get_by_role("button", name="Customer", exact=True).tap()
    expect(phone.get_by_role("heading", name="Дана Ковалёва")).to_be_visible()
    phone.get_by_role("button", name="Close", exact=True).first.tap()
    phone.get_by_role("link", name="To the list", exact=True).tap()
    expect(phone.locator(".row").first).to_be_visible()
    phone.get_by_role("button", name="More").tap()
    phone.get_by_role("button", name="Русский").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Все открытые")
    phone.get_by_role("button", name="Ещё").tap()
    phone.get_by_role("button", name="English").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("All open")


def test_without_javascript(desk: Desk, visit: Visit) -> None:
    customer = desk.write("Без скриптов", "Пишу из поезда")
    anna = visit(ANNA, "/views/open", afresh=True, java_script_enabled=False)
    open_ticket(anna, "Без скриптов")
    anna.get_by_role("tab", name="Note").click()
    anna.locator("textarea[name=text]").fill("Проверить склад")
    anna.get_by_role("button", name="Add note").click()
    expect(anna.locator(".message.is-note")).to_contain_text("Проверить склад")
    anna.get_by_role("button", name="Priority: Normal").click()
    anna.get_by_role("button", name="High", exact=True).click()
    expect(anna.get_by_role("button", name="Priority: High")).to_be_visible()
    anna.locator("textarea[name=text]").fill("Здравствуйте, проверяем")
    anna.get_by_role("button", name=re.compile("^Send")).first.click()
    expect(anna.locator(".message.is-ours")).to_contain_text("проверяем")
    assert "проверяем" in said(desk.letters.to(customer))
