"""Fixtures every room's tests may use."""

import pytest

from tests.cast import Cast, make_cast
from zabota.events.apps import load_rooms

SLOW = ("tests/faults", "tests/upkeep", "tests/bench", "tests/cli", "tests/browser/test_hostile")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first: none is left to one process at the end, while the others have nothing."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


@pytest.fixture
def cast(db: None) -> Cast:
    """A desk with its people."""
    load_rooms()
    return make_cast()
