"""What documents say is there: links, places in the code, tables; both READMEs say the same."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from zabota.events.apps import load_rooms
from zabota.events.registry import EVENTS

ROOT = Path(__file__).resolve().parents[2]
README = [ROOT / "README.md", ROOT / "README.ru.md"]
ON_TOP = [*README, ROOT / "STYLE.md", ROOT / "GLOSSARY.md"]
DOCUMENTS = [*ON_TOP, *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("zabota/**/*.md"))]
LONGEST = {"STYLE.md": 200, "docs/architecture.md": 300}
LONGEST_DECISION = 40

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
CODE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"'[^']*'")
MAKE = re.compile(r"\bmake ([a-z]+)", re.MULTILINE)
# `zabota/tickets/receive.py:apply_inbound`, `tickets/search.py`, `docs/tour.md`, `scripts/`
PLACE = re.compile(
    r"`((?:[\w.-]+/)+(?:[\w.-]+\.(?:py|html|md|toml|js|mjs|css|po|lock))?)(?::(\w+))?`"
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return CODE.sub("", path.read_text())


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_relative_links_resolve(path: Path) -> None:
    missing = [link for link in _links(path) if not _leads_somewhere(path, link)]
    assert not missing


def _links(path: Path) -> Iterator[str]:
    for one, other in LINK.findall(prose(path)):
        link = (one or other).strip("<>")
        if not link.startswith(("https://", "http://", "mailto:")):
            yield link


def _leads_somewhere(path: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_named_places_exist(path: Path) -> None:
    wrong = [
        f"{place}:{name}" if name else place
        for place, name in PLACE.findall(prose(path))
        if not _is_there(path, place, name)
    ]
    assert not wrong


def _is_there(document: Path, place: str, name: str) -> bool:
    if place.startswith("var/") or "NNN" in place:  # a place that a desk, or the reader, makes
        return True
    found = [base / place for base in (ROOT, ROOT / "zabota", document.parent)]
    files = [path for path in found if path.exists()]
    return any(not name or name in _names(path) for path in files)


@cache
def _names(path: Path) -> set[str]:
    """What a module defines: functions, classes, methods, constants."""
    if path.suffix != ".py":
        return set(re.findall(r"\w+", path.read_text()))
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def test_tables_are_fresh() -> None:
    command = [sys.executable, "scripts/tables.py", "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_readmes_have_the_same_commands() -> None:
    english, russian = (QUOTED.sub("''", "".join(_commands(path))) for path in README)
    assert english == russian


def _commands(path: Path) -> list[str]:
    return COMMANDS.findall(path.read_text())


def test_both_readmes_have_the_same_links() -> None:
    english, russian = ([*_links(path)] for path in README)
    assert [_other(link) for link in english] == russian


def _other(link: str) -> str:
    """What the Russian README links to where the English one links to this."""
    swapped = {
        "README.ru.md": "README.md",
        "docs/images/workspace.png": "docs/images/workspace.ru.png",
    }
    return swapped.get(link, link)


def test_make_has_what_the_readmes_say() -> None:
    used = {
        name for block in COMMANDS.findall(README[0].read_text()) for name in MAKE.findall(block)
    }
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert used and used <= set(targets)


def test_documents_stay_short() -> None:
    limits = {ROOT / name: limit for name, limit in LONGEST.items()}
    limits |= dict.fromkeys((ROOT / "docs" / "decisions").glob("*.md"), LONGEST_DECISION)
    long = {name_of(path) for path, limit in limits.items() if _lines(path) > limit}
    assert not long


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(_links(folder / "README.md"))
    assert listed == {path.name for path in folder.glob("0*.md")}


def test_rooms_name_their_events() -> None:
    load_rooms()
    for kind in EVENTS.values():
        room = kind.__module__.rpartition(".")[0]
        if room.startswith("zabota."):
            readme = ROOT / room.replace(".", "/") / "README.md"
            assert f"`{kind.name}`" in readme.read_text(), f"{name_of(readme)}: {kind.name}"
