"""The house as text and as trees, for tests that read it."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "zabota"
CHANNELS = sorted(p.name for p in (HOUSE / "channels").iterdir() if (p / "__init__.py").exists())


@cache
def floors() -> list[set[str]]:
    """The rooms of each floor from the top, as import-linter has them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = config["tool"]["importlinter"]["contracts"]
    return [
        {room.strip() for room in layer.replace(":", "|").split("|")}
        for layer in contract["layers"]
    ]


def height(room: str) -> int:
    """How high a room lies: 0 is the cellar."""
    for level, rooms in enumerate(reversed(floors())):
        if room in rooms:
            return level
    raise KeyError(room)


def room_of(path: Path) -> str:
    """The room a file is in: `tickets`, `channels`, `urls`."""
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def is_entrance(path: Path) -> bool:
    """Whether it only puts the house together."""
    return height(room_of(path)) > height("workspace")


def files(*suffixes: str, under: Path = HOUSE, tests: bool = False) -> Iterator[Path]:
    """Files of the product we write by hand, without migrations; tests only if asked for."""
    for path in sorted(under.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path == HOUSE / "__init__.py":
            continue
        skipped = {"migrations", "locale", "built", "node_modules", "__pycache__"} & {*parts}
        if path.suffix in suffixes and not skipped and (tests or "tests" not in parts):
            yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text())


def place(path: Path, line: int) -> str:
    """`zabota/tickets/models.py:12`."""
    return f"{path.relative_to(ROOT)}:{line}"
