"""Parting a person's own words from what they quote and sign with.

Nothing is ever cut: each line goes to one side or the other, in its order. In doubt a line is the
person's own. Quotations above and below an answer are folded; answers between quotations keep
what they answer beside them.
"""

from dataclasses import dataclass
from itertools import dropwhile, groupby

from .history import find_attribution, find_forwarded, find_history, is_attributed
from .signature import find_signature
from .styles import QUOTED

_MOST_LINES = 10_000  # what is longer is no letter


def split_quotes(text: str, *, forwarded: bool = False) -> tuple[str, str]:
    """Return (the person's own words, quotations and signature): all lines of `text`, parted.

    A forwarded message is what its sender wants read, so it stays with their words: from the line
    that announces it, or, if the subject says `forwarded`, from its block of headers on.
    """
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        return text, ""
    forward = find_forwarded(lines)
    history = find_history(lines[:forward])
    folded = _folded_lines(lines[:history])
    speaks = any(line.strip() and i not in folded for i, line in enumerate(lines[:history]))
    if speaks and not forwarded:
        folded |= set(range(history, forward))
    return _chosen(lines, folded, False), _chosen(lines, folded, True)


def _chosen(lines: list[str], folded: set[int], wanted: bool) -> str:
    chosen = [line for i, line in enumerate(lines) if (i in folded) is wanted]
    while chosen and not chosen[-1].strip():
        chosen.pop()
    return "\n".join(dropwhile(lambda line: not line.strip(), chosen))


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of one kind, blank ones left out. The last of own words may be a signature."""

    lines: list[int]
    quoted: bool
    attributed: bool = False
    signature: tuple[int, ...] = ()

    @property
    def speaks(self) -> bool:
        return not self.quoted and len(self.signature) < len(self.lines)


def _folded_lines(lines: list[str]) -> set[int]:
    runs = _runs(lines)
    quotes = [run for run in runs if run.quoted]
    speaking = [i for i, run in enumerate(runs) if run.speaks]
    if not speaking:  # nothing to read but the quotation: fold it only if it is surely one
        attributed = any(run.attributed for run in quotes)
        return {i for run in quotes for i in run.lines} if attributed else set()
    above = [run for run in runs[: speaking[-1]] if run.quoted]
    if len(above) > 1 or (above and runs[0].speaks and not above[0].attributed):
        quotes = [run for run in runs[speaking[-1] :] if run.quoted]  # answered line by line
    folded = {i for run in quotes for i in run.lines} | {i for run in runs for i in run.signature}
    for i, line in enumerate(lines):
        if i - 1 in folded and not line.strip():
            folded.add(i)
    return folded


def _runs(lines: list[str]) -> list[_Run]:
    words = [i for i, line in enumerate(lines) if line.strip()]
    quoted = {i for i in words if QUOTED.match(lines[i])}
    for before, i in zip([-1, *words], words, strict=False):
        if i in quoted and before not in quoted:
            quoted.update(range(find_attribution(lines, i), i))
    return [
        _quotation(lines, list(run)) if is_quoted else _own_words(lines, list(run))
        for is_quoted, run in groupby(words, key=quoted.__contains__)
    ]


def _quotation(lines: list[str], run: list[int]) -> _Run:
    introduced = not QUOTED.match(lines[run[0]])
    return _Run(run, True, introduced or is_attributed([lines[i] for i in run[:3]]))


def _own_words(lines: list[str], run: list[int]) -> _Run:
    start = find_signature([lines[i] for i in run])
    return _Run(run, False, signature=tuple(run[start:]))
