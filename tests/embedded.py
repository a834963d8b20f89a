"""Loaded before Django's settings: a database server for this run, and no network but loopback.

Runs side by side take a data directory each, `var/test-pg/0`, `1` …; it is kept for the next run.
Where `DATABASE_URL` is set, that server is tested on.
"""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from zabota.core.postgres import EmbeddedServer

SLOTS = Path(__file__).resolve().parents[1] / "var" / "test-pg"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _start_server() -> EmbeddedServer | None:
    """For this process and its pytest-xdist workers, which inherit the environment."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return None
    if "DATABASE_URL" in os.environ:
        os.environ["ZABOTA_DATA_DIR"] = str(SLOTS / "external")
        return None
    for slot in range(100):
        server = EmbeddedServer(SLOTS / str(slot), settings=FAST)
        if server.launch():
            os.environ["ZABOTA_DATA_DIR"] = str(server.data_dir)
            server.wait_until_ready()
            return server
    raise pytest.UsageError(f"too many test runs at once: see {SLOTS}")


_server = _start_server()


def pytest_unconfigure() -> None:
    if _server:
        _server.stop()


def _only_here(address: Any) -> None:
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"a test reached for the network: {address}")


class _LocalSocket(socket.socket):
    def connect(self, address: Any) -> None:
        _only_here(address)
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        _only_here(address)
        return super().connect_ex(address)


socket.socket = _LocalSocket  # type: ignore[misc]
