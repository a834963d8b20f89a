"""Rules every template keeps, and the files the front end was built into."""

import re
from pathlib import Path

import pytest
from django.test import Client

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.workspace.pages import jinja

FOLDER = Path("zabota/workspace/jinja2").absolute()
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))
BUILT = FOLDER.parent / "static" / "built"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_sound(name: str) -> None:
    jinja().get_template(name)
    text = (FOLDER / name).read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), "believed markup"
    if name != "original.html":
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), "inline code"
    assert ("| harmless" in text) is (name == "original.html")


def test_the_style_page_shows_every_component_once(
    cast: Cast, desk: Desk, settings: object
) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    response = desk(cast.anna).get("/style")
    assert response.status_code == 200
    shown = (FOLDER / "style.html").read_text()
    parts = "".join(path.read_text() for path in (FOLDER / "fragments").glob("composer.html"))
    for file in (FOLDER / "components").glob("*.html"):
        for macro in re.findall(r"{% macro ([a-z]\w*)\(", file.read_text()):
            name = "ticket_rows" if macro == "rows" else macro
            assert re.search(rf"\b{name}\(", shown + parts), f"{macro} is not on the style page"


def test_built_files_are_kept_for_ever(db: None) -> None:
    if not (BUILT / "manifest.json").exists():
        pytest.fail("the front end is not built: make setup")
    client = Client()
    page = client.get("/sign-in").content.decode()
    for address in re.findall(r'"(/static/built/[^"#]+)', page):
        response = client.get(address)
        assert response.status_code == 200, address
        assert "immutable" in response["Cache-Control"]
    zipped = client.get(address, headers={"accept-encoding": "gzip"})
    assert zipped["Content-Encoding"] == "gzip"
    assert client.get("/static/built/manifest.json").status_code == 404
