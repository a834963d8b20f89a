"""What the stories of mail are told with."""

import pytest

from tests.cast import Cast
from zabota.intake.actions import add_inbox
from zabota.intake.models import Inbox


@pytest.fixture
def inbox(cast: Cast) -> Inbox:
    """An inbox that takes mail, of the first line."""
    inbox = add_inbox("help@example.com")[0]
    inbox.team = cast.first_line
    inbox.save()
    return inbox
