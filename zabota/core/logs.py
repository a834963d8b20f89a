"""Log lines: text or JSON, with the request they belong to, without people's words.

An exception says what kind it is and where it came from, not what it says: a database names the
value it did not like, a parser the letter it was reading. Addresses are taken out of the rest.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from zabota.core.environment import PACKAGE, EnvironmentProblem

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=\[\]]+@[^\s@<>\"'(),;:=\[\]]+")
# What PostgreSQL adds to an error: it quotes rows, statements and parameters.
_QUOTING = re.compile(r"\n\s*(DETAIL|CONTEXT|STATEMENT|HINT|QUERY|LINE \d+):.*", re.DOTALL)
HIDDEN = "…@…"
DEEPEST = 40
FIELDS = ("route", "method", "status", "ms", "agent")


@dataclass(slots=True)
class RequestLine:
    """The request a line belongs to."""

    id: str


current_request: ContextVar[RequestLine | None] = ContextVar("current_request", default=None)


def harmless_text(text: str) -> str:
    """A message without addresses and without what a database quotes."""
    return _ADDRESS.sub(HIDDEN, _QUOTING.sub("", text))


def describe(error: BaseException) -> str:
    """What kind of exception it is, as exactly as can be said without quoting anybody."""
    name = type(error).__name__
    if isinstance(error, EnvironmentProblem):
        return f"{name}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    cause = error.__cause__ if not hasattr(error, "sqlstate") else error
    if state := getattr(cause, "sqlstate", None):
        diagnosis = getattr(cause, "diag", None)
        place = getattr(diagnosis, "constraint_name", None) or ""
        return f"{name} {state} {place}".rstrip()
    return name


def trace(error: BaseException) -> list[str]:
    """The exception and what led to it: kinds and places, the newest first."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < DEEPEST:
        lines.append(describe(seen))
        lines += [f"  {place}" for place in _places(seen.__traceback__)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return lines


def _places(step: TracebackType | None) -> Iterator[str]:
    places = []
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    yield from places[-12:]


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(PACKAGE.parent)) if path.is_relative_to(PACKAGE) else path.name


class HouseFormatter(logging.Formatter):
    """Common to both looks: `parts` is what a line says."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            return self.line(record)
        except Exception as error:
            # Python would print the arguments, whoever's words they are.
            return f"a line of {record.name} could not be written: {type(error).__name__}"

    def line(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    @staticmethod
    def message(record: logging.LogRecord) -> str:
        """The record's own words."""
        args: Any = record.args
        if isinstance(args, tuple):
            args = tuple(describe(a) if isinstance(a, BaseException) else a for a in args)
        text = (
            str(record.msg) if not isinstance(record.msg, BaseException) else describe(record.msg)
        )
        return harmless_text(text % args if args else text)

    @staticmethod
    def error(record: logging.LogRecord) -> list[str]:
        """What went wrong, if something did."""
        error = record.exc_info[1] if record.exc_info else None
        return trace(error) if error else []


class TextLines(HouseFormatter):
    """For a terminal."""

    def line(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        request = current_request.get()
        marks = f" id={request.id}" if request else ""
        head = f"{at} {record.levelname} {record.name} {self.message(record)}{marks}"
        return "\n".join([head, *self.error(record)])


class JsonLines(HouseFormatter):
    """For a collector: one object a line."""

    def line(self, record: logging.LogRecord) -> str:
        request = current_request.get()
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message(record),
            "process": record.process,
        }
        if request:
            said["request"] = request.id
        said |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if error := self.error(record):
            said["error"] = error
        return json.dumps(said, ensure_ascii=False)


FORMATTERS = {"text": "zabota.core.logs.TextLines", "json": "zabota.core.logs.JsonLines"}


def formatter_named(name: str) -> str:
    """The class for `ZABOTA_LOG_FORMAT`. Raises `EnvironmentProblem`."""
    if name not in FORMATTERS:
        raise EnvironmentProblem(f"ZABOTA_LOG_FORMAT is text or json, not {name}")
    return FORMATTERS[name]


def log_last_words() -> None:
    """Let what nobody caught end as a log line, in every thread: Python would print its words."""
    log = logging.getLogger("zabota")
    usual = sys.excepthook

    def ended(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            usual(kind, error, at)
        else:
            log.critical("ended by an error", exc_info=(kind, error, at))

    def thread_ended(said: threading.ExceptHookArgs) -> None:
        if said.exc_value is not None:
            ended(said.exc_type, said.exc_value, said.exc_traceback)

    sys.excepthook = ended
    threading.excepthook = thread_ended
