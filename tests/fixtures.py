"""Fixtures every room's tests may use."""

import pytest

from tests.cast import Cast, make_cast
from zabota.events.apps import load_rooms


@pytest.fixture
def cast(db: None) -> Cast:
    """A desk with its people."""
    load_rooms()
    return make_cast()
