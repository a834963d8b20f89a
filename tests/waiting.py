"""Waiting for what other threads and processes do."""

import threading
import time
from collections.abc import Callable

import psutil

# A limit for what never happens, not a measure of speed: a slow and busy machine takes its time.
PATIENCE = 180.0


def until(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until it is so; fails when it takes too long."""
    limit, pause = time.monotonic() + seconds, threading.Event()
    while not what():
        assert time.monotonic() < limit, "waited in vain"
        pause.wait(0.02)


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended, waited for or not; it may do so while it is asked."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
