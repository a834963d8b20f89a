"""The demonstration company as it stands in the TOML files beside this one, read and checked."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent
CUSTOMER = "customer"
EMOTIONS = ("calm", "upset", "aggressive", "grateful")
CLIENTS = ("gmail", "mailru", "yandex", "outlook", "apple", "thunderbird", "plain")

T = TypeVar("T")


class BadStory(ValueError):
    """A file of the demonstration says something the loader does not know; names file and word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """An address the company listens at, and whose work it is."""

    address: str
    name: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody who answers."""

    name: str
    email: str
    role: str
    teams: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of this company's own."""

    names: Mapping[str, str]
    permissions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who writes, and the program they write with."""

    name: str
    email: str
    language: str
    client: str
    signature: str = ""
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment, made when it is needed: a `photo`, a `pdf` or a `text` with these words."""

    name: str
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words of ours that are no turn of this story, quoted by the customer."""

    ago: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something written or done: `after` the turn before or `ago`, perhaps `at` some hour."""

    by: str
    after: str = ""
    ago: str = ""
    at: str = ""
    text: str = ""
    note: str = ""
    do: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    quote: bool | Quote = False
    emotion: str = "calm"
    auto: bool = False
    subject: str = ""

    @property
    def is_customers(self) -> bool:
        return self.by == CUSTOMER


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One ticket from its first word; `ends` is the status it has when the demonstration begins."""

    slug: str
    about: str
    customer: str
    subject: str
    language: str
    ends: str
    turns: tuple[Turn, ...]
    inbox: str = "help"
    continues: str = ""
    odd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everything but the stories."""

    brand: Mapping[str, Any]
    hours: tuple[str, str]
    inboxes: Mapping[str, Inbox]
    teams: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, Role]
    categories: Mapping[str, Mapping[str, str]]
    tags: Mapping[str, str]
    agents: Mapping[str, Agent]
    customers: Mapping[str, Customer]


@cache
def read_company() -> Company:
    """The company and its customers. Raises `BadStory`."""
    data = _read(HERE / "company.toml")
    return Company(
        brand=data["brand"],
        hours=(data["hours"]["opens"], data["hours"]["closes"]),
        inboxes=_each(Inbox, data["inboxes"]),
        teams=data["teams"],
        roles=_each(Role, data["roles"]),
        categories=data["categories"],
        tags=data["tags"],
        agents=_each(Agent, data["agents"]),
        customers=_each(Customer, _read(HERE / "customers.toml")),
    )


@cache
def read_stories() -> tuple[Story, ...]:
    """All stories in the order of their files. Raises `BadStory`."""
    return tuple(read_story(path) for path in sorted((HERE / "stories").glob("*.toml")))


def read_story(path: Path) -> Story:
    """One story. Raises `BadStory`, naming the file."""
    data = _read(path)
    turns = data.pop("turn", [])
    if not turns:
        raise BadStory(f"{path.name}: a story needs a [[turn]]")
    first = {key: data.pop(key) for key in ("ago", "at") if key in data}
    built = [_turn(turn, path.name) for turn in [{**first, **turns[0]}, *turns[1:]]]
    slug = path.stem.partition("-")[2]
    return _build(Story, {**data, "slug": slug, "turns": tuple(built)}, path.name)


def _turn(table: dict[str, Any], where: str) -> Turn:
    table = {("by" if key == "from" else key): value for key, value in table.items()}
    table["files"] = tuple(_build(File, file, where) for file in table.get("files", ()))
    if isinstance(table.get("quote"), dict):
        table["quote"] = _build(Quote, table["quote"], where)
    return _build(Turn, table, where)


def _each(kind: Callable[..., T], tables: Mapping[str, Any]) -> dict[str, T]:
    return {key: _build(kind, table, key) for key, table in tables.items()}


def _build(kind: Callable[..., T], table: Mapping[str, Any], where: str) -> T:
    lists = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    try:
        return kind(**lists)
    except TypeError as error:
        raise BadStory(f"{where}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadStory(f"{path.name}: {error}") from error
