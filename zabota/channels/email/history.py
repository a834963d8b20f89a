"""Who said what follows: attributions, and history quoted without marks as Outlook does it."""

import re

from .styles import (
    ATTRIBUTION,
    DATE_FIRST,
    FORWARD,
    LABEL,
    LOOSE_ATTRIBUTION,
    ORIGINAL,
    QUOTED,
    RULE,
    SENDER_LABELS,
    SUBJECT_LABELS,
)

_LONGEST_ATTRIBUTION = 400


def find_forwarded(lines: list[str]) -> int:
    """The line that announces a forwarded message, else the number of lines."""
    return next((i for i, line in enumerate(lines) if FORWARD.match(line.strip())), len(lines))


def find_history(lines: list[str]) -> int:
    """The first line of history without marks, else the number of lines."""
    return next((i for i, line in enumerate(lines) if _opens_history(lines, i)), len(lines))


def _opens_history(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if ":" in line and LABEL.match(line):
        return _is_header_block(lines, at)
    if line.startswith(("-", "_", "=")):
        below = _skip_blank(lines, at + 1) if RULE.match(line) else len(lines)
        return bool(ORIGINAL.match(line)) or _is_header_block(lines, below)
    return bool(DATE_FIRST.match(line)) and _is_bare_attribution(lines, at)


def _skip_blank(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _is_header_block(lines: list[str], at: int) -> bool:
    """`From: … Sent: … To: … Subject: …` in any order, some lines wrapped; not any form."""
    block = lines[at : at + 8]
    labels = {match[1].lower() for line in block if (match := LABEL.match(line))}
    of_mail = labels & SUBJECT_LABELS or any("@" in line for line in block)
    return len(labels) >= 3 and bool(labels & SENDER_LABELS and of_mail and LABEL.match(block[0]))


def _is_bare_attribution(lines: list[str], at: int) -> bool:
    """«On 1 May 2024, at 10:00, Anna <a@example.com> wrote:» above a quotation without marks."""
    for end in range(at + 1, min(at + 4, len(lines))):
        if not lines[end - 1].strip():
            break
        if _says_who(lines[at:end], ATTRIBUTION):
            below = _skip_blank(lines, end)
            return below < len(lines) and not QUOTED.match(lines[below])
    return False


def find_attribution(lines: list[str], quote: int) -> int:
    """Where the words begin that introduce the marked quotation at `quote`; `quote` if none do."""
    end = _back(lines, quote)
    for start in range(end - 1, max(end - 4, -1), -1):
        if not lines[start].strip() or QUOTED.match(lines[start]):
            break
        if DATE_FIRST.match(lines[start]) and _says_who(lines[start:end], ATTRIBUTION):
            return _above_labels(lines, start)
    return end - 1 if end and _says_who(lines[end - 1 : end], LOOSE_ATTRIBUTION) else quote


def _back(lines: list[str], at: int) -> int:
    """Back over three blank lines at most."""
    for end in range(at, max(at - 4, 0), -1):
        if lines[end - 1].strip():
            return end
    return 0


def _above_labels(lines: list[str], start: int) -> int:
    """Yandex puts a rule, the recipient and the subject above the line that says who wrote."""
    at = _back(lines, start)
    if at and LABEL.match(lines[at - 1]):
        return _above_labels(lines, at - 1)
    return at - 1 if at and RULE.match(lines[at - 1].strip()) else start


def is_attributed(lines: list[str]) -> bool:
    """Does a marked quotation itself begin by saying whose it is, as on an iPhone?"""
    return any(_says_who([line.lstrip("> ")], ATTRIBUTION) for line in lines[:3])


def _says_who(lines: list[str], pattern: re.Pattern[str]) -> bool:
    line = " ".join(lines).strip(" *_\xa0")
    return line.endswith(":") and len(line) < _LONGEST_ATTRIBUTION and bool(pattern.match(line))
