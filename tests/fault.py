"""The line each fault test leaves with its figure."""

import os
from pathlib import Path

import pytest

_said: list[str] = []


def report(fault: int, figure: str) -> None:
    """Keep `fault N: figure` for the end of the run, and in the file `ZABOTA_FAULT_REPORT` names.

    The file gathers the lines of every process of a run; the summary those of this one.
    """
    line = f"fault {fault}: {figure}"
    _said.append(line)
    path = os.environ.get("ZABOTA_FAULT_REPORT")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def said() -> list[str]:
    """The lines said since the last call."""
    lines = _said.copy()
    _said.clear()
    return lines


def is_full() -> bool:
    """Whether the faults are to run at full size (`ZABOTA_FAULT_FULL=1`)."""
    return os.environ.get("ZABOTA_FAULT_FULL") == "1"


# For quick ones: a fault where all of them are reported, else a check like others.
QUICK = [pytest.mark.faults] if is_full() else []
