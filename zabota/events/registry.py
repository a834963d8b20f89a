"""Kinds of events and who listens to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an agent, a customer, or the house itself."""

    kind: str
    id: int | None = None


SYSTEM = Actor("system")


class Names(Protocol):
    """What a sentence may ask when it names somebody or something by id."""

    def agent(self, pk: int | None) -> str: ...
    def team(self, pk: int | None) -> str: ...
    def category(self, pk: int | None) -> str: ...
    def choice(self, field: str, value: int | str | None) -> str: ...


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """A kind of event: the only place where the kind is named.

    Subclasses set `name` (stored; never reused), `stream`, `icon`, and `sentence`.
    Fields hold ids, enums, numbers and times. The stream's id is the field `<stream>_id`.
    """

    name: ClassVar[str] = ""
    stream: ClassVar[str] = ""
    version: ClassVar[int] = 1
    icon: ClassVar[str] = "check"
    on_timeline: ClassVar[bool] = True

    def stream_key(self) -> tuple[str, int]:
        """Which stream it belongs to."""
        return self.stream, int(getattr(self, f"{self.stream}_id"))

    def touches(self) -> tuple[str, int]:
        """Whose open screens it changes; its own stream's unless a class says otherwise."""
        return self.stream_key()

    def payload(self) -> dict[str, Any]:
        return dict(vars(self))

    def sentence(self, names: Names) -> str:
        """What the timeline says, in the current language, as a full sentence without a subject."""
        raise NotImplementedError

    @classmethod
    def lift(cls, payload: dict[str, Any], version: int) -> DomainEvent:
        """Read a stored payload; a class whose version grew overrides this for the older ones."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in payload.items() if k in known})


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in history."""

    id: int
    seq: int
    at: datetime
    actor: Actor
    event: Any
    caused_by: int | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """`handle` gets events of its kinds, in order per stream; it touches only the database."""

    name: str
    kinds: frozenset[str]
    handle: Callable[[Sequence[Recorded]], None]


Kind = TypeVar("Kind", bound=type[DomainEvent])

EVENTS: dict[str, type[DomainEvent]] = {}
LISTENERS: list[Listener] = []


def event(cls: Kind) -> Kind:
    """Class decorator: make a kind known. Raises on a name used twice."""
    if EVENTS.setdefault(cls.name, cls) is not cls:
        raise ValueError(f"event name used twice: {cls.name}")
    return cls


def listener(*kinds: type[DomainEvent]) -> Callable[[Any], Any]:
    """Function decorator: give it these kinds, as a list, once each."""

    def register(handle: Callable[[Sequence[Recorded]], None]) -> Callable[..., None]:
        name = f"{handle.__module__.removeprefix('zabota.')}.{handle.__name__}"
        LISTENERS.append(Listener(name, frozenset(k.name for k in kinds), handle))
        return handle

    return register


def lift(kind: str, payload: dict[str, Any], version: int) -> DomainEvent | None:
    """The event of a stored row, or None if this house no longer knows the kind."""
    return EVENTS[kind].lift(payload, version) if kind in EVENTS else None
