"""WCAG 2.2 AA by axe-core, on every kind of page, light and dark, wide and narrow."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ANNA, Desk, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = [
    *("/views/open", "/search?q=кофе", "/tickets/new", "/outbox", "/inbound", "/settings/me"),
    *("/settings/dead-letters", "/views/spam", "/settings/blocks", "/settings/mail/1/reply/ru"),
]
STILL = {"reduced_motion": "reduce"}  # half-faded colours have other contrasts


def faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{v['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for v in found["violations"]
        for node in v["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_are_for_everybody(scheme: str, width: int, desk: Desk, visit: Visit) -> None:
    desk.write("Кофе горчит", "Из последней партии", html="<p>Из последней партии</p>")
    size = {"width": width, "height": 900}
    page = visit(ANNA, "/views/open", color_scheme=scheme, viewport=size, **STILL)
    page.locator(".row-subject").first.wait_for()
    ticket = page.locator(".row-subject").first.get_attribute("href") or ""
    for address in [ticket, *PAGES]:
        page.goto(address)
        assert faults(page) == [], f"{address} {scheme} {width}"


def test_menus_and_dialogs_are_for_everybody(desk: Desk, visit: Visit) -> None:
    desk.write("Кофе кислит", "Из новой партии")
    page = visit(ANNA, "/views/open", **STILL)
    page.locator(".row-subject").first.click()
    page.locator(".picks").wait_for()
    for key in ("s", "a"):
        page.keyboard.press(key)
        page.locator(".menu:popover-open").wait_for()
        assert faults(page) == []
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    assert faults(page) == []
