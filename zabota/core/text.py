"""Strangers' text, made safe to store and to show."""

import re

_BREAKS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
# C0 and C1 but for tab and newline; byte order mark, non-characters, halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
# They turn the order of letters round: "exe.fdp" reads "pdf.exe".
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LETTER = re.compile("[a-zа-яё]", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Any text with newlines as its only line breaks, and no control characters."""
    return _CONTROL.sub("", _BREAKS.sub("\n", text.replace("\r\n", "\n")))


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
    sample = text[:1000]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return ""
    return "ru" if 3 * len(_CYRILLIC.findall(sample)) >= letters else "en"
