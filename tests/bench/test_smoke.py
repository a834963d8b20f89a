"""The measure still works: its parts that need no processes of their own, in tiny numbers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="it measures its own embedded server only")
def test_the_quick_measure_finds_nothing_broken() -> None:
    """Also that every mail is applied as what it is, and every word found by who may see it."""
    parts = ("search", "intake")
    results = ROOT / "bench" / "RESULTS.md"
    before = results.read_bytes() if results.exists() else b""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", *parts],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    for figure in ("холодильник, narrow", "CPU a mail at", "mails to raw"):
        assert figure in done.stdout
    after = results.read_bytes() if results.exists() else b""
    assert after == before, "a quick run must not replace the results"
