"""Tables in docs/reference/, made from the code. `tables.py` writes them, `tables.py check` fails
when one is stale.
"""

import ast
import inspect
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from meanings import MEANINGS

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "reference"
MADE = "*Made from the code by `scripts/tables.py`; change the code, then run it again.*"
VARIABLE = re.compile(r"ZABOTA_[A-Z_]+|DATABASE_URL")
DATA_DIR = "data_dir"


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or compare them; 1 if one is stale."""
    _set_up()
    pages = {
        "events": events_page,
        "permissions": permissions_page,
        "settings": settings_page,
        "commands": commands_page,
    }
    stale = 0
    for name, make in pages.items():
        path, text = PAGES / f"{name}.md", make()
        if "check" not in arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(ROOT)} is stale: run scripts/tables.py")
            stale = 1
    return stale


def _set_up() -> None:
    """Django with the house's settings; nothing is written, no database asked."""
    os.environ["ZABOTA_SECRET_KEY"] = "not used"  # noqa: S105
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zabota.settings")
    import django

    django.setup()
    from zabota.events.apps import load_rooms

    load_rooms()


def page(title: str, lead: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join([f"# {title}", MADE, lead, *parts]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""

    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line("---" for _ in head), *map(line, rows)])


def summary(thing: object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# Events


def events_page() -> str:
    """Every kind of event, and who listens."""
    from zabota.events.registry import EVENTS, LISTENERS

    kinds = table(
        ["kind", "what happened", "stream", "fields", "timeline", "class"],
        [_event_row(name, EVENTS[name]) for name in sorted(EVENTS)],
    )
    listeners = table(
        ["listener", "what it does", "kinds"],
        [
            (f"`{one.name}`", summary(one.handle), _codes(sorted(one.kinds)))
            for one in sorted(LISTENERS, key=lambda one: one.name)
        ],
    )
    lead = (
        "A kind has a name that is never used again for another, and a version. Fields hold ids, "
        "enums, numbers and times, never personal text."
    )
    return page("Events", lead, "## Kinds", kinds, "## Listeners", listeners)


def _event_row(name: str, kind: type[Any]) -> Sequence[str]:
    own = [f.name for f in fields(kind) if f.name != f"{kind.stream}_id"]
    version = f" v{kind.version}" if kind.version > 1 else ""
    place = f"{kind.__module__.replace('.', '/')}.py"
    return (
        f"`{name}`{version}",
        summary(kind),
        kind.stream,
        _codes(own),
        "yes" if kind.on_timeline else "",
        f"[{kind.__name__}](../../{place})",
    )


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


# Permissions


def permissions_page() -> str:
    """Which role may what, how far; what a token can be given."""
    from zabota.staff.permissions import PERMISSIONS, ROLES, TOKEN_SCOPES

    names = [labels["en"] for labels, _ in ROLES.values()]
    rows = [
        (f"`{permission}`", meaning, *(given.get(permission, "") for _, given in ROLES.values()))
        for permission, meaning in PERMISSIONS.items()
    ]
    lead = (
        "A role is a set of permissions, each with a scope: `own` (assigned to me), `team` (of my "
        "teams, of no team yet, or mine), `brand`, `all`. These are the roles a new desk begins "
        "with."
    )
    tokens = table(["scope", "allows"], [(f"`{s}`", text) for s, text in TOKEN_SCOPES.items()])
    limit = "A token never reaches further than the agent it belongs to."
    given = table(["permission", "allows to", *names], rows)
    return page("Permissions", lead, given, "## API tokens", limit, tokens)


# Settings


def settings_page() -> str:
    """Every variable the code reads."""
    defaults = _variables()
    if odd := sorted(set(defaults) ^ set(MEANINGS)):
        raise SystemExit(f"scripts/meanings.py and the code differ in {', '.join(odd)}")
    rows = [
        (f"`{name}`", MEANINGS[name], f"`{default}`" if default else "")
        for name, default in sorted(defaults.items())
    ]
    lead = (
        "Settings are variables of the environment; none is required. Flags of the command line "
        "win over them."
    )
    return page("Settings", lead, table(["variable", "meaning", "default"], rows))


def _variables() -> dict[str, str]:
    """Each variable the package reads, with its default where the code names one."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "zabota").rglob("*.py")):
        if "tests" not in path.parts:
            for name, default in _read_in(ast.parse(path.read_text())):
                found[name] = found.get(name) or default
    return found


def _read_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """`get("NAME", "default")`, `environ["NAME"]` and `option(…, default=…, envvar="NAME")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = {k.arg: k.value for k in node.keywords}
            named = words["envvar"] if "envvar" in words else next(iter(node.args), None)
            default = words.get("default") or (node.args[1] if len(node.args) > 1 else None)
            if name := _variable(named):
                yield name, str(default.value) if isinstance(default, ast.Constant) else ""
        elif isinstance(node, ast.Subscript) and (name := _variable(node.slice)):
            yield name, ""


def _variable(node: ast.AST | None) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and VARIABLE.fullmatch(value) else None


# Commands


def commands_page() -> str:
    """Every command of `zabota` and every target of make."""
    from zabota.cli import cli

    parts = list(_commands(cli, "zabota"))
    lead = (
        "Exit codes: 0 done, 1 some items refused, 2 wrong usage, 3 the environment. Commands find "
        "a running desk by its data directory (`--data-dir`, or `ZABOTA_DATA_DIR`, or `var`) and "
        "take effect without a restart; where none runs they start its database for as long as "
        "they need it."
    )
    targets = re.findall(r"^([a-z]+):.*## (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    make = table(["command", "does"], [(f"`make {name}`", text) for name, text in targets])
    return page("Commands", lead, "## make", make, "## zabota", *parts)


def _commands(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            if child := command.get_command(context, name):
                yield from _commands(child, f"{path} {name}")
        return
    usage = " ".join([path, *command.collect_usage_pieces(context)[1:]])
    yield f"### `{usage}`"
    options = [p for p in command.params if isinstance(p, click.Option)]
    has_desk = any(option.name == DATA_DIR for option in options)
    yield summary(command.callback) + ("" if has_desk else " Needs no desk.")
    if shown := [_option(option) for option in options if option.name != DATA_DIR]:
        yield "\n".join(shown)


def _option(option: click.Option) -> str:
    """``- `--port PORT`: default 8000, or `ZABOTA_PORT` ``"""
    is_flag = option.is_flag or option.type is click.BOOL
    name = option.opts[0] if is_flag else f"{option.opts[0]} {option.human_readable_name.upper()}"
    has_default = option.show_default and not is_flag
    said = [
        (option.help or "").rstrip("."),
        "required" if option.required else "",
        f"default {option.default}" if has_default else "",
        f"or `{option.envvar}`" if option.envvar else "",
    ]
    words = ", ".join(filter(None, said))
    return f"- `{name}`" + (f": {words}" if words else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
