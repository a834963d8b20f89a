"""Processes that end with the one that started them, and files held while something lives."""

import ctypes
import fcntl
import os
import resource
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def end_with_parent(parent: int, with_signal: int = signal.SIGKILL) -> None:
    """In a child, after any change of user: get `with_signal` when `parent` dies, however it dies.

    Linux only: prctl(2), PR_SET_PDEATHSIG. The parent must have forked from its main thread: the
    kernel watches the thread.
    """
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), with_signal)


def allow_files() -> int:
    """Let this process and its children open as many files as they may; how many that is."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Hold:
    """A file that is held as long as a process that has it open lives: no kill leaves it held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = -1

    def take(self, *, wait: float = 0, shared: bool = False) -> bool:
        """True if it is ours now. Raises `OSError` if the file cannot be made."""
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self.fd, kind | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= until:
                    self.close()
                    return False
                time.sleep(0.02)

    def close(self) -> None:
        """Let go; children that inherited the file go on holding it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
