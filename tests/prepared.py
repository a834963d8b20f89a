"""What is made once and kept between runs: a desk's database, migrated and empty of people."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.embedded import FAST, SLOTS
from zabota.core.postgres import EmbeddedServer

ROOT = Path(__file__).resolve().parents[1]


def migrations_hash() -> str:
    """Another one when a migration or a dependency has changed."""
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted((ROOT / "zabota").rglob("migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Of all processes, those of other runs included."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare_desk(folder: Path) -> None:
    """Put a migrated database into this data directory, as if it had been started before.

    Saves `initdb` and all migrations; that a desk starts from nothing is told in
    `tests/cli/test_run.py`.
    """
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    copied = ["cp", "-a", "--reflink=auto", str(_prepared() / "postgres"), str(folder)]
    subprocess.run(copied, check=True)


def _prepared() -> Path:
    made = SLOTS / f"desk-{migrations_hash()}"
    with one_at_a_time(SLOTS / "desk.lock"):
        if not made.exists():
            for outdated in SLOTS.glob("desk-*"):
                shutil.rmtree(outdated)
            _make(fresh := made.with_suffix(".new"))
            fresh.rename(made)
    return made


def _make(folder: Path) -> None:
    server = EmbeddedServer(folder, settings=FAST)
    server.launch()
    try:
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        environment |= {"ZABOTA_DATA_DIR": str(folder), "ZABOTA_LOG_LEVEL": "ERROR"}
        migrate = [sys.executable, "-m", "zabota", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, capture_output=True)
    finally:
        server.stop()
