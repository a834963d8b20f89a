"""What import-linter cannot see: the house plan where it is written in strings and templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models.fields.reverse_related import ForeignObjectRel

from tests.architecture.sources import (
    CHANNELS,
    HOUSE,
    ROOT,
    files,
    floors,
    height,
    is_entrance,
    place,
    room_of,
    tree,
)

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
LONGEST_README = 15
WRITTEN = (".py", ".html", ".css", ".js", ".mjs")
# Here HTML is made of our own words and of values that are escaped.
MAKERS_OF_HTML = {
    "zabota/workspace/jinja.py",
    "zabota/workspace/marks.py",
    "zabota/workspace/words.py",
}

MODELS = [m for m in apps.get_models() if m.__module__.startswith("zabota.")]


def room_of_model(model: Any) -> str:
    return str(model.__module__.split(".")[1])


def calls(path: Path, *names: str) -> Iterator[ast.Call]:
    """Calls of functions with these names, however they were imported."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in names:
                yield node


def label_of_model(model: Any) -> str:
    """The room's name; a channel's is `email_channel`."""
    room, folder = model.__module__.split(".")[1:3]
    return f"{folder}_channel" if room == "channels" else room


def test_every_model_has_its_rooms_label() -> None:
    for model in MODELS:
        assert model._meta.app_label == label_of_model(model), model


def test_rows_point_down() -> None:
    """A foreign key is an import that import-linter does not see when it is a string."""
    for model in MODELS:
        for field in model._meta.get_fields():
            if field.is_relation and not isinstance(field, ForeignObjectRel):
                target = field.related_model
                assert target.__module__.startswith("zabota."), field
                there, here = room_of_model(target), room_of_model(model)
                assert there == here or height(there) < height(here), f"{model} → {target}"


def test_foreign_keys_name_their_class() -> None:
    kinds = ("ForeignKey", "OneToOneField", "ManyToManyField")
    for path in files(".py"):
        for call in calls(path, *kinds):
            target = call.args[0]
            by_string = isinstance(target, ast.Constant) and target.value != "self"
            assert not by_string, place(path, call.lineno)


def reverse_names() -> dict[str, int]:
    """What rows of lower rooms are called by from above: `customer.tickets`; and from how high."""
    names: dict[str, int] = {}
    for model in MODELS:
        for field in model._meta.get_fields():
            if isinstance(field, ForeignObjectRel) and not field.hidden:
                source = field.related_model
                if not source.__module__.startswith("zabota."):
                    continue
                above = height(room_of_model(source))
                if above > height(room_of_model(model)):
                    names[field.get_accessor_name() or field.name] = above
    return names


def test_nobody_reaches_up_by_a_reverse_name() -> None:
    names = reverse_names()
    for path in files(".py"):
        here = height(room_of(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute):
                assert names.get(node.attr, here) <= here, place(path, node.lineno)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                first = node.value.split("__")[0]
                looks_up = "__" in node.value and names.get(first, here) > here
                assert not looks_up, place(path, node.lineno)


def of_channels() -> Iterator[Path]:
    """Every Python file that has to do with no channel in particular."""
    for path in files(".py"):
        if room_of(path) != "channels" and not is_entrance(path):
            yield path


def test_channels_are_known_by_what_they_can_do() -> None:
    """`channel.capabilities.subject`, never `kind == "email"`."""
    for path in of_channels():
        for node in ast.walk(tree(path)):
            for value in could_be_kinds(node):
                named = isinstance(value, ast.Constant) and value.value in CHANNELS
                assert not named, place(path, value.lineno)


def could_be_kinds(node: ast.AST) -> list[ast.expr]:
    """What is compared, or given to or taken for a parameter called `kind` or `channel`."""
    match node:
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.MatchValue():
            return [node.value]
        case ast.keyword(arg="kind" | "channel"):
            return [node.value]
        case ast.arguments():
            plain = [*node.posonlyargs, *node.args]
            pairs = [*zip(plain[::-1], node.defaults[::-1], strict=False)]
            pairs += [(a, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True) if d]
            return [default for arg, default in pairs if arg.arg in ("kind", "channel")]
    return []


def test_only_the_entrance_knows_a_channels_folder() -> None:
    for path in of_channels():
        for node in ast.walk(tree(path)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(n.startswith("zabota.channels") for n in names), path


def test_rooms_are_those_of_the_plan() -> None:
    rooms = {p.name for p in HOUSE.iterdir() if (p / "__init__.py").exists()}
    planned = set().union(*floors())
    assert rooms <= planned


@pytest.mark.parametrize("room", sorted(p.parent.name for p in HOUSE.rglob("apps.py")))
def test_every_room_says_what_it_is(room: str) -> None:
    (readme,) = [p.parent / "README.md" for p in HOUSE.rglob(f"{room}/apps.py")]
    assert readme.exists(), f"{readme.relative_to(ROOT)} is missing"
    lines = readme.read_text().splitlines()
    assert 0 < len(lines) <= LONGEST_README, f"{readme.relative_to(ROOT)}: {len(lines)} lines"


def test_models_are_plain() -> None:
    """No `save()` of their own, no signals: what happens stands in actions."""
    for model in MODELS:
        assert not {"save", "delete"} & set(vars(model)), model
    for path in files(".py"):
        text = path.read_text()
        assert "django.db.models.signals" not in text, path
        assert "django.dispatch" not in text, path


def test_html_is_made_in_few_places() -> None:
    for path in files(".py"):
        if str(path.relative_to(ROOT)) not in MAKERS_OF_HTML:
            for call in calls(path, "Markup", "mark_safe", "SafeString", "format_html"):
                pytest.fail(place(path, call.lineno))
            assert not re.search(r"\bMarkup\b", path.read_text()), path
    for path in files(".html"):
        assert not re.search(r"\|\s*safe\b|autoescape", path.read_text()), path


def test_scripts_put_in_no_html() -> None:
    unsafe = re.compile(
        r"(inner|outer)HTML\s*[+]?=[^=]|insertAdjacentHTML|document\.write|\beval\("
    )
    for path in files(".js", ".mjs", under=ROOT / "frontend"):
        assert not unsafe.search(path.read_text()), path


def test_templates_pass_the_strict_policy() -> None:
    """No inline style, script or handler, no scripted link: the policy would stop them."""
    inline = {
        "style": re.compile(r"""[\s"']style\s*="""),
        "handler": re.compile(r"""<[^>]*[\s"']on[a-z]+\s*=""", re.IGNORECASE),
        "script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
        "link": re.compile(r"javascript:", re.IGNORECASE),
    }
    for path in files(".html"):
        for name, pattern in inline.items():
            found = pattern.search(path.read_text())
            assert not found, f"{path.relative_to(ROOT)}: inline {name}: {found and found[0]}"


@pytest.mark.parametrize("folder", ["zabota", "tests", "scripts", "bench", "frontend"])
def test_files_are_short(folder: str) -> None:
    for path in files(*WRITTEN, under=ROOT / folder, tests=True):
        length = len(path.read_text().splitlines())
        assert length <= LONGEST_FILE, f"{path.relative_to(ROOT)}: {length} lines"


@pytest.mark.parametrize("folder", ["zabota", "tests", "scripts", "bench"])
def test_functions_are_short(folder: str) -> None:
    for path in files(".py", under=ROOT / folder, tests=True):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{place(path, node.lineno)}: {length} lines"


def test_only_the_command_line_prints() -> None:
    for path in files(".py"):
        if room_of(path) != "cli":
            for call in calls(path, "print"):
                pytest.fail(place(path, call.lineno))
