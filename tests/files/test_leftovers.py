"""Files nobody names any more outlive a backup, and not much longer."""

from datetime import timedelta

import pytest

from zabota.core import clock
from zabota.files.actions import leave_files, open_file, sweep_files, write_file
from zabota.files.models import Leftover


def test_a_file_stays_a_day_after_its_last_row(db: None) -> None:
    key = write_file(b"a")
    leave_files([key])
    assert sweep_files() == 0
    with open_file(key) as file:
        assert file.read() == b"a"
    with clock.at(clock.now() + timedelta(days=1, seconds=1)):
        assert sweep_files() == 1
    with pytest.raises(FileNotFoundError):
        open_file(key)
    assert not Leftover.objects.exists()
