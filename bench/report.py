"""Figures against their targets, in words, and the file they are written to."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
RESULTS_FULL = Path(__file__).with_name("RESULTS-full.md")
APART = "\nMeasured apart: "


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table."""

    what: str
    figure: str
    target: str = ""
    verdict: str = ""


@dataclass
class Part:
    """What one part of the measure found; `faults` are what broke, not what was slow."""

    title: str
    method: str
    figures: list[Figure] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def say(self, what: str, figure: str) -> None:
        """A figure without a target."""
        self.figures.append(Figure(what, figure))

    def judge(
        self, what: str, value: float, unit: str = "", *, most: float, aim: float | None = None
    ) -> None:
        """A figure that should not be above `most`, better not above `aim`."""
        target = f"≤ {most:g}{_spaced(unit)}" + (f", aim {aim:g}" if aim else "")
        verdict = "met" if value <= most else "NOT MET"
        if aim and value <= most:
            verdict = "met, aim too" if value <= aim else "met, aim not"
        self.figures.append(Figure(what, said(value, unit), target, verdict))

    def judge_least(
        self, what: str, value: float, unit: str = "", *, least: float, aim: float
    ) -> None:
        """A figure that should not be below `least`, better not below `aim`."""
        verdict = "NOT MET" if value < least else "met, aim too" if value >= aim else "met, aim not"
        target = f"≥ {least:g}{_spaced(unit)}, aim {aim:g}"
        self.figures.append(Figure(what, said(value, unit), target, verdict))

    def expect(self, what: str, found: int) -> None:
        """Something there must be none of; if there is, the measure is worth nothing."""
        self.figures.append(Figure(what, str(found), "0", "met" if found == 0 else "BROKEN"))
        if found:
            self.faults.append(f"{what}: {found}")

    def lines(self) -> Iterable[str]:
        yield from (f"## {self.title}", "", self.method, "")
        yield from ("| what | figure | target | |", "|---|---|---|---|")
        for f in self.figures:
            strong = f"**{f.verdict}**" if f.verdict.isupper() else f.verdict
            yield f"| {f.what} | {f.figure} | {f.target} | {strong} |"
        yield ""


def said(value: float, unit: str = "") -> str:
    """Three digits are all that a measurement is worth."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}{_spaced(unit)}"


def _spaced(unit: str) -> str:
    return f" {unit}" if unit else ""


def write_report(parts: Iterable[Part], about: Iterable[str]) -> str:
    """The whole text of RESULTS.md; `about` are lines on the machine and the scale."""
    lines = ["# What Zabota costs", "", "Written by `make bench`; README.md says how.", ""]
    lines += [*(f"- {line}" for line in about), ""]
    for part in parts:
        lines += part.lines()
    return "\n".join(lines).rstrip() + "\n"


def merge(old: str, new: str, *, apart: bool) -> str:
    """One text of two of `write_report`: the old one's parts stay until they are measured again.

    `apart` are new parts in the old text; else the text is the new one, and has other parts of the
    old at its end. Such parts say when they were measured.
    """
    (old_head, olds), (new_head, news) = _sections(old), _sections(new)
    if apart and old:
        head, parts = old_head, olds | {k: _dated(part, new_head) for k, part in news.items()}
    else:
        left = {k: _dated(part, old_head) for k, part in olds.items() if k not in news}
        head, parts = new_head, news | left
    return head + "\n".join(parts.values())


def _sections(text: str) -> tuple[str, dict[str, str]]:
    """What stands above the first part; the parts by their titles."""
    head, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return head, {part.partition("\n")[0]: part.rstrip() + "\n" for part in parts}


def _dated(part: str, head: str) -> str:
    if APART in part:
        return part
    lines = (line.removeprefix("- ") for line in head.splitlines() if line.startswith("- "))
    return f"{part}{APART}{'; '.join(list(lines)[:2])}.\n"


def about_machine(folder: Path) -> list[str]:
    """What the figures were measured on; ask before the load of the measure itself."""
    return [
        f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC, {_revision()}",
        f"{_cpu()}, {os.cpu_count()} cores, {_memory()} GB; load before {os.getloadavg()[0]:.1f}",
        f"{platform.system()} {platform.release()}, data on {_file_system(folder)}",
        f"Python {platform.python_version()}",
    ]


def _revision() -> str:
    git = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(git, capture_output=True, text=True, check=False, cwd=RESULTS.parent)
    return f"revision {done.stdout.strip() or 'unknown'}"


def _cpu() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f}"


def _file_system(folder: Path) -> str:
    """Of the longest mount point above the folder; in memory a commit costs nothing."""
    mounts = [line.split()[1:3] for line in _read("/proc/mounts").splitlines()]
    above = [(p, kind) for p, kind in mounts if Path(p) in (folder, *folder.parents)]
    kind = max(above, default=("", "an unknown file system"))[1]
    return f"{kind}: COMMITS COST NOTHING HERE" if kind == "tmpfs" else kind


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
