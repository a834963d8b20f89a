"""Text from bytes whose declared character set is a hint and no more.

Half the broken mail in Russian is right bytes under a wrong name. UTF-8 proves itself; among the
single-byte sets the likeliest reading wins, with the declared one given a start.
"""

import codecs
import re
from functools import lru_cache

from .limits import Reading

_ALIASES = {
    "ansi": "cp1252",
    "ascii": "us-ascii",
    "cp-1251": "cp1251",
    "koi8": "koi8-r",
    "koi-8": "koi8-r",
    "ks_c_5601-1987": "cp949",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "win-1251": "cp1251",
    "windows1251": "cp1251",
    "x-cp1251": "cp1251",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-sjis": "shift_jis",
    "iso-8859-8-i": "iso-8859-8",
}
# Python has codecs that are no character sets, some of them slow or dangerous (zip, punycode).
_FAMILIES = re.compile(
    r"(utf|cp|windows|iso|latin|koi|mac|gb|big5|euc|shift|hz|tis|johab|us-ascii)[\w-]*$"
)
_CYRILLIC = ("cp1251", "koi8-r", "iso8859-5", "cp866")
_WESTERN = {"ascii", "iso8859-1", "cp1252", "iso8859-15"}
_SEVEN_BIT = re.compile(r"utf-7|iso2022|hz")
_DOUBLE_BYTE = re.compile(r"gb|big5|euc|shift|cp9[345]|johab")


@lru_cache(maxsize=256)
def known_charset(declared: str) -> str:
    """Python's name for a declared character set, or "" if it is none."""
    name = declared.strip(" \"'").lower()
    name = _ALIASES.get(name, name)
    if not _FAMILIES.match(name):
        return ""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""


def decode_text(data: bytes, declared: str, reading: Reading) -> str:
    """Read `data` whatever it is; a declaration that was not followed is warned about."""
    charset = known_charset(declared) if declared else ""
    if declared and not charset:
        reading.warn("unknown character set")
    if wide := _wide_charset(data, charset):
        return data.decode(wide, "replace")
    if data.isascii() and not _SEVEN_BIT.match(charset):
        return data.decode("ascii")
    if _SEVEN_BIT.match(charset) or (_DOUBLE_BYTE.match(charset) and _fits(data, charset)):
        return data.decode(charset, "replace")
    if _fits(data, "utf-8-sig"):
        if charset not in ("", "utf-8", "ascii"):
            reading.warn(f"declared as {charset}, read as utf-8")
        return data.decode("utf-8-sig")
    return _decode_single_byte(data, charset, reading)


def _fits(data: bytes, charset: str) -> bool:
    try:
        data.decode(charset)
    except ValueError:
        return False
    return True


def _wide_charset(data: bytes, charset: str) -> str:
    """UTF-16 or UTF-32 where the bytes bear it out."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return charset if charset.startswith("utf-32") else "utf-16"
    claimed = charset.startswith(("utf-16", "utf-32"))
    return charset if claimed and (b"\0" in data or b"\x04" in data) else ""


def _decode_single_byte(data: bytes, charset: str, reading: Reading) -> str:
    guesses = ["utf-8"] if _nearly_utf8(data) else _guesses(data, charset)
    best = max(guesses, key=lambda name: _likelihood(data, name) + 12 * (name == charset))
    if best == "utf-8":
        reading.warn("broken utf-8, some letters are lost")
    elif best != charset:
        reading.warn(f"declared as {charset}, read as {best}" if charset else f"read as {best}")
    return data.decode("cp1252" if best in _WESTERN else best, "replace")


def _nearly_utf8(data: bytes) -> bool:
    text = data[:20_000].decode("utf-8", "replace")
    return 4 * text.count("\ufffd") < sum(char > "\x7f" for char in text)


# A Western text has single letters above ASCII between others, a Cyrillic one has words of them.
_HIGH_WORDS = re.compile(rb"[\x80-\xff]{3,}")
_HIGH_IN_LATIN = re.compile(rb"[A-Za-z][\x80-\xff]{1,2}(?![\x80-\xff])")


def _guesses(data: bytes, charset: str) -> list[str]:
    sample = data[:20_000]
    if charset and charset not in ("utf-8", *_WESTERN, *_CYRILLIC):
        return [charset]
    if len(_HIGH_IN_LATIN.findall(sample)) > len(_HIGH_WORDS.findall(sample)):
        return [charset if charset in _WESTERN else "cp1252"]
    return list(dict.fromkeys([charset, *_CYRILLIC] if charset in _CYRILLIC else _CYRILLIC))


# Pairs of letters that make up two thirds of any Russian text.
_PAIRS = re.compile(
    "(?=ад|ак|ал|ам|ан|ар|ас|ат|аш|бо|ва|ве|ви|во|вы|го|да|де|до|др|ед|ем|ен|ер|ес|ет|за|из|ик|ил"
    "|ин|ис|ит|ка|ко|ку|ла|ле|ли|ло|ль|ма|ме|ми|мо|на|не|ни|но|ну|об|ов|од|ой|ок|ол|ом|он|оп|ор"
    "|ос|от|оч|па|пе|пи|по|пр|ра|ре|ри|ро|ру|са|се|си|ск|сл|со|ст|та|тв|те|ти|то|тр|ть|че|ый"
    "|аз|ав|бы|вс|дн|ей|ие|их|ки|лю|мы|ня|ож|ря|сь|ся|ут|хо|ча|чт|ши|ъя|ые|ют|ят)",
    re.IGNORECASE,
)
_RUSSIAN = re.compile("[а-яёіїєґ]", re.IGNORECASE)
_CAPITAL = re.compile("[А-ЯЁІЇЄҐ]")
_CASE_BREAK = re.compile("[а-яё][А-ЯЁ]")
_OTHER = re.compile("[^\x00-\x7fа-яёіїєґ«»„“”‘’—–…№\xa0©®€°•·]", re.IGNORECASE)
_RARE = {"iso8859-5": 12, "cp866": 12}


def _likelihood(data: bytes, charset: str) -> float:
    """How much like Russian the first letters read in that character set."""
    text = data[:1000].decode(charset, "replace")
    score = 100 * len(_PAIRS.findall(text)) - 20 * len(_CAPITAL.findall(text))
    score -= 100 * len(_CASE_BREAK.findall(text)) + 150 * len(_OTHER.findall(text))
    letters = len(_RUSSIAN.findall(text)) + len(_OTHER.findall(text))
    return score / max(letters, 1) - _RARE.get(charset, 0)
