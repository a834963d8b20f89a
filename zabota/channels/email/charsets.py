"""Text from bytes whose declared character set is a hint and no more.

Half the broken mail in Russian is right bytes under a wrong name. UTF-8 proves itself; among the
single-byte sets the likeliest reading wins, with the declared one given a start.
"""

import codecs
import re
from functools import lru_cache
from itertools import pairwise

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
    if not charset and data.isascii():
        return data.decode("ascii")
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


# What the guess is made from: the first stretches of bytes above ASCII.
_HIGH = re.compile(rb"[\x80-\xff]+")
_SAMPLE = 300
# A Western text has single letters above ASCII between others, a Cyrillic one has words of them.
_HIGH_WORD = re.compile(rb"[\x80-\xff]{3}")
_HIGH_IN_LATIN = re.compile(rb"[A-Za-z][\x80-\xff]{1,2}(?![\x80-\xff])")


def _decode_single_byte(data: bytes, charset: str, reading: Reading) -> str:
    head = data[:20_000]
    best = _guess(b" ".join(_HIGH.findall(head))[:_SAMPLE], head, charset)
    if best == "utf-8":
        reading.warn("broken utf-8, some letters are lost")
    elif best != charset:
        reading.warn(f"declared as {charset}, read as {best}" if charset else f"read as {best}")
    return data.decode("cp1252" if best in _WESTERN else best, "replace")


def _guess(sample: bytes, head: bytes, charset: str) -> str:
    if charset and charset not in ("utf-8", *_WESTERN, *_CYRILLIC):
        return charset
    text = sample.decode("utf-8", "replace")
    if 4 * text.count("\ufffd") < len(text) - text.count(" "):
        return "utf-8"
    if len(_HIGH_IN_LATIN.findall(head)) > len(_HIGH_WORD.findall(head)):
        return charset if charset in _WESTERN else "cp1252"
    if charset in _CYRILLIC and _likelihood(sample, charset) > _SURE:
        return charset
    return max(_CYRILLIC, key=lambda name: _likelihood(sample, name) + 12 * (name == charset))


# Pairs of letters that make up two thirds of any Russian text.
_PAIRS = frozenset(
    re.findall(
        "..",
        "адакаламанарасаташбовавевивовыгодадедодредеменересетзаизикилиниситкакокулалелилольмамемимона"
        "ненинонуобоводойоколомонопоросоточпапепипопррарерирорусасесискслсосттатвтетитотртьчеыйазавбы"
        "всднейиеихкилюмыняожрясьсяутхочачтшиъяыеютят",
    )
)
_LETTER = re.compile("[а-яёіїєґ]", re.IGNORECASE)
_CAPITAL = re.compile("[А-ЯЁІЇЄҐ]")
_CASE_BREAK = re.compile("[а-яё][А-ЯЁ]")
_OTHER = re.compile("[^ а-яёіїєґ«»„“”‘’—–…№\xa0©®€°•·]", re.IGNORECASE)
_RARE = {"iso8859-5": 12, "cp866": 12}
_SURE = 30


def _likelihood(sample: bytes, charset: str) -> float:
    """How much like Russian it reads: some 50 if it is, below 20 if it is not."""
    text = sample.decode(charset, "replace")
    lower = text.lower()
    score = 100 * sum(pair in _PAIRS for pair in map("".join, pairwise(lower)))
    score -= 20 * len(_CAPITAL.findall(text)) + 100 * len(_CASE_BREAK.findall(text))
    others = len(_OTHER.findall(text))
    letters = len(_LETTER.findall(text)) + others
    return (score - 150 * others) / max(letters, 1) - _RARE.get(charset, 0)
