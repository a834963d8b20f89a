"""Strangers' text, made safe to store and to show."""

import re
import string

_BREAKS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
# C0 and C1 but for tab and newline; byte order mark, non-characters, halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
# They turn the order of letters round: "exe.fdp" reads "pdf.exe".
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CYRILLIC = bytes([*range(0xC0, 0x100), 0xA8, 0xB8])  # in cp1251
_LATIN = string.ascii_letters.encode()


def clean_text(text: str) -> str:
    """Any text with newlines as its only line breaks, and no control characters."""
    text = text.replace("\r\n", "\n")
    if text.replace("\n", "").isprintable():  # nearly all are: ten times as quick to tell
        return text
    return _CONTROL.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str, limit: int = 1000) -> str:
    """Any text as one line of at most `limit` characters: a subject, a name, the name of a file."""
    if not text.isprintable():
        text = _DIRECTION.sub("", clean_text(text))
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def guess_language(text: str) -> str:
    """The language a text is probably written in, by its script: "ru", "en", or "" for neither.

    Russian has many words in Latin letters, English none in Cyrillic: a third of them decides.
    """
    sample = text[:1000].encode("cp1251", "ignore")  # one byte a letter: counted at C's speed
    others = sample.translate(None, _CYRILLIC)
    cyrillic = len(sample) - len(others)
    letters = cyrillic + len(others) - len(others.translate(None, _LATIN))
    if not letters:
        return ""
    return "ru" if 3 * cyrillic >= letters else "en"
