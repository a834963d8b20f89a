"""Work in a process of its own: what ends there ends nothing here."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from zabota.core import confined
from zabota.core.confined import Helper, TooMuch
from zabota.core.wire import from_wire, to_wire

HERE = "tests.core.test_confined"


@pytest.fixture
def helper() -> Iterator[Helper]:
    made = Helper()
    yield made
    made.end()


def say_back(arguments: Any, blobs: list[bytes]) -> tuple[Any, list[bytes]]:
    return {"said": arguments, "pid": os.getpid(), "env": dict(os.environ)}, blobs[::-1]


def hang(_arguments: Any, _blobs: list[bytes]) -> tuple[Any, list[bytes]]:
    while True:
        pass


def sleep(_arguments: Any, _blobs: list[bytes]) -> tuple[Any, list[bytes]]:
    time.sleep(60)
    return None, []


def grow(_arguments: Any, _blobs: list[bytes]) -> tuple[Any, list[bytes]]:
    return None, [b"a" * (1 << 30)]


def crash(_arguments: Any, _blobs: list[bytes]) -> tuple[Any, list[bytes]]:
    os.abort()


def test_one_process_serves_many_times_and_knows_no_secrets(
    helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    first, blobs = helper.run(f"{HERE}:say_back", {"a": "ё"}, [b"1", b"2" * 200_000])
    second, _ = helper.run(f"{HERE}:say_back", None, [])
    assert first["said"] == {"a": "ё"} and blobs == [b"2" * 200_000, b"1"]
    assert first["pid"] == second["pid"] != os.getpid()
    assert "DATABASE_URL" not in first["env"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("hang", "more than 0.5 seconds"),
        ("grow", "too much memory"),
        ("crash", "ended"),
        ("nothing", "AttributeError"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_one_is_served(
    helper: Helper, what: str, why: str
) -> None:
    with pytest.raises(TooMuch, match=why):
        helper.run(f"{HERE}:{what}", None, [], seconds=0.5)
    assert helper.run(f"{HERE}:say_back", 1, [])[0]["said"] == 1


def test_what_only_sleeps_is_ended_by_the_clock_on_the_wall(
    helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper.run(f"{HERE}:say_back", 1, [])
    monkeypatch.setattr(confined, "WALL_SECONDS", 0.5)
    with pytest.raises(TooMuch, match="seconds, or all the memory"):
        helper.run(f"{HERE}:sleep", None, [])


def test_a_process_that_left_in_peace_is_no_fault_of_the_next_mail(helper: Helper) -> None:
    helper.run(f"{HERE}:say_back", 1, [])
    assert helper._process and helper._process.stdin
    helper._process.stdin.close()
    helper._process.wait()
    assert helper.run(f"{HERE}:say_back", 2, [])[0]["said"] == 2


def test_it_is_replaced_after_some_turns(helper: Helper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "TURNS", 2)
    pids = [helper.run(f"{HERE}:say_back", 1, [])[0]["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


@dataclass(frozen=True)
class Leaf:
    content: bytes
    at: datetime | None = None


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    names: tuple[str, ...]
    first: Leaf | None
    details: dict[str, Any]


def test_plain_data_comes_back_as_it_was() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    tree = Tree((Leaf(b"a", at), Leaf(b"b")), ("x", "y"), None, {"k": [1, {"a": None}]})
    blobs: list[bytes] = []
    assert from_wire(Tree, to_wire(tree, blobs), blobs) == tree
    assert blobs == [b"a", b"b"]


def test_what_is_not_declared_is_not_built() -> None:
    with pytest.raises(TypeError):
        from_wire(Tree, {"leaves": [], "names": [1], "first": None, "details": {}}, [])
