"""Where a person's signature begins."""

from .styles import AFTERTHOUGHT, DELIMITER, DEVICE, SIGN_OFF

_MOST_LINES = {DELIMITER: 12, SIGN_OFF: 8, DEVICE: 2}
_LONGEST_LINE = 90


def find_signature(lines: list[str]) -> int:
    """The first line of the signature in `lines` (no blank ones), else their number.

    A signature ends the text, is short, asks nothing and is followed by no afterthought: what is
    not surely one is the person's own words.
    """
    for start in range(max(0, len(lines) - 13), len(lines)):
        below = len(lines) - start - 1
        for pattern, most in _MOST_LINES.items():
            if (
                below <= most
                and pattern.match(lines[start].strip())
                and _is_dry(lines[start + 1 :])
            ):
                return start
    return len(lines)


def _is_dry(lines: list[str]) -> bool:
    return not any(
        len(line) > _LONGEST_LINE or "?" in line or AFTERTHOUGHT.match(line.strip())
        for line in lines
    )
