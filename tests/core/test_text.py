"""Strangers' text made safe."""

import pytest

from zabota.core.text import clean_line, clean_text, guess_language


def test_text() -> None:
    assert clean_text("a\r\nb\rc\u2028d\x85e\tf") == "a\nb\nc\nd\ne\tf"
    assert clean_text("a\x00b\x1b[0m\x7f\x9f\ufeff\ud800c") == "ab[0mc"


def test_line() -> None:
    assert clean_line("  a\r\n\tb \u202egpj.exe\u202c ") == "a b gpj.exe"
    assert clean_line("обычная тема") == "обычная тема"
    assert clean_line("x" * 20, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Где мой заказ?", "ru"),
        ("Не работает iPhone 15 Pro Max", "ru"),
        ("Where is my order?", "en"),
        ("Ask Анна about it, please", "en"),
        ("12345 !!!", ""),
        ("", ""),
    ],
)
def test_language(text: str, language: str) -> None:
    assert guess_language(text) == language
