"""What is stored of a secret says nothing without the key."""

import pytest
from pytest_django import Settings

from zabota.core.sealing import Unsealable, seal, unseal


def test_sealed_and_opened() -> None:
    sealed = seal("пароль")
    assert "пароль" not in sealed and seal("пароль") != sealed
    assert unseal(sealed) == "пароль"
    assert seal("") == unseal("") == ""


def test_another_key_does_not_open_it(settings: Settings) -> None:
    before, sealed = settings.SECRET_KEY, seal("secret")
    settings.SECRET_KEY = "another"
    with pytest.raises(Unsealable, match="enter it again"):
        unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert unseal(sealed) == "secret"


@pytest.mark.parametrize(
    "rubbish", ["x", "gAAAAA", "ключ", seal("a")[:-3]], ids=["short", "cut", "words", "torn"]
)
def test_rubbish_is_refused(rubbish: str) -> None:
    with pytest.raises(Unsealable):
        unseal(rubbish)
