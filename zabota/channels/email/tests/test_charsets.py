"""Right bytes under wrong names."""

import pytest

from zabota.channels.email.charsets import decode_text, known_charset
from zabota.channels.email.limits import Reading

SENTENCE = "Добрый день! Где мой заказ № 4471 — «чайник»?"
PLAIN = "Добрый день, где мой заказ?"
CYRILLIC = ["utf-8", "cp1251", "koi8-r", "iso8859-5", "cp866"]


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "x-unknown", *CYRILLIC])
@pytest.mark.parametrize("actual", CYRILLIC)
def test_russian_under_any_name(actual: str, declared: str) -> None:
    reading = Reading()
    assert decode_text(PLAIN.encode(actual), declared, reading) == PLAIN
    assert bool(reading.warnings) is (
        known_charset(declared) != actual and not (actual == "utf-8" and not declared)
    )


@pytest.mark.parametrize(
    ("text", "charset", "declared"),
    [
        (SENTENCE, "cp1251", "windows-1251"),
        (SENTENCE, "cp1251", "iso-8859-1"),
        ("ГДЕ МОЙ ЗАКАЗ", "cp1251", "koi8-r"),
        ("Привіт, де моє замовлення?", "cp1251", "cp1251"),
        ("La cafetière est cassée", "iso-8859-1", "iso-8859-1"),
        ("Größe", "cp1252", ""),
        ("łódź, świeca", "iso-8859-2", "iso-8859-2"),
        ("γειά", "iso-8859-7", "iso-8859-7"),
        ("你好世界", "gb18030", "gb2312"),
        ("こんにちは", "iso-2022-jp", "iso-2022-jp"),
        ("Добрый день", "utf-16", "utf-16"),
        ("Добрый день", "utf-16", "utf-8"),
        ("Добрый день", "utf-16-le", "utf-16-le"),
        ("Добрый день", "utf-7", "utf-7"),
        ("plain", "ascii", "utf-16"),
        ("\ufeffДобрый", "utf-8", "utf-8"),
    ],
)
def test_other_texts(text: str, charset: str, declared: str) -> None:
    assert decode_text(text.encode(charset), declared, Reading()) == text.removeprefix("\ufeff")


def test_broken_utf8_loses_only_the_broken_letter() -> None:
    reading = Reading()
    broken = "До".encode() + b"\xff" + SENTENCE.removeprefix("До").encode()
    assert decode_text(broken, "utf-8", reading) == SENTENCE.replace("До", "До\ufffd")
    assert reading.warnings == ["broken utf-8, some letters are lost"]


@pytest.mark.parametrize(
    "name", ["zip", "base64", "rot13", "punycode", "idna", "unicode_escape", "mbcs", "", "\0"]
)
def test_codecs_that_are_no_character_sets(name: str) -> None:
    assert known_charset(name) == ""
    assert decode_text(b"abc", name, Reading()) == "abc"
