"""Where a person's signature begins."""

from .styles import AFTERTHOUGHT, DELIMITER, DEVICE, SIGN_OFF

_MOST_LINES_BELOW = {DELIMITER: 12, SIGN_OFF: 8, DEVICE: 2}
_LONGEST_LINE = 90


def find_signature(lines: list[str]) -> int:
    """The first line of the signature in `lines` (no blank ones), else their number.

    A signature ends the text, is short, asks nothing and is followed by no afterthought: what is
    not surely one is the person's own words.
    """
    last = range(max(0, len(lines) - 13), len(lines))
    starts = (i for i in last if _is_signature(lines[i], lines[i + 1 :]))
    return next(starts, len(lines))


def _is_signature(first: str, below: list[str]) -> bool:
    line, left = first.strip(), len(below)
    begins = (most >= left and p.match(line) for p, most in _MOST_LINES_BELOW.items())
    if not any(begins) or any(AFTERTHOUGHT.match(line.strip()) for line in below):
        return False
    # The space is RFC 3676's (4.3): programs write it, people do not.
    return first == "-- " or not any(len(line) > _LONGEST_LINE or "?" in line for line in below)
