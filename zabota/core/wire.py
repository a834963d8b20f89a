"""Frozen dataclasses across a pipe: JSON for the plain part, bytes beside it. Nothing is executed.

What comes back is built by the types its class declares, so that the far side can send values, not
objects of its own choosing.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_wire(value: Any, blobs: list[bytes]) -> Any:
    """`value` as JSON can hold it; its bytes go to `blobs` and leave their number."""
    if isinstance(value, bytes):
        blobs.append(value)
        return len(blobs) - 1
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [to_wire(one, blobs) for one in value]
    if is_dataclass(value):
        return {f.name: to_wire(getattr(value, f.name), blobs) for f in fields(value)}
    return value


def from_wire(kind: type[T], value: Any, blobs: list[bytes]) -> T:
    """The `kind` that `to_wire` took apart. Raises `TypeError`, `ValueError`, `LookupError`."""
    built: T = _build(kind, value, blobs)
    return built


def _build(kind: Any, value: Any, blobs: list[bytes]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        (inner,) = [arg for arg in get_args(kind) if arg is not types.NoneType]
        return None if value is None else _build(inner, value, blobs)
    if origin is tuple:
        return tuple(_build(get_args(kind)[0], one, blobs) for one in value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _build(hints[name], one, blobs) for name, one in value.items()})
    if kind is bytes:
        return blobs[value]
    if kind is datetime:
        return datetime.fromisoformat(value)
    expected = origin or kind
    if expected is Mapping:
        expected = dict
    if kind is not Any and not isinstance(value, expected):
        raise TypeError(f"{expected} expected")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
