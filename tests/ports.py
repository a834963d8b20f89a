"""Ports for the programs that tests start.

One that the system chose and we let go may be the near end of somebody's connection before the
program takes it. These lie below those the system chooses from, and each process of a run has a
lane of them for itself: it listens at the first, so that the others see whose it is.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import cycle, islice

HOST = "127.0.0.1"
FIRST, LAST, WIDTH = 12_000, 32_000, 100  # Linux chooses from 32768 on


def free_port() -> int:
    """A port nobody has, and nobody gets by chance. Raises `OSError` where all are taken."""
    for port in islice(_lane()[1], WIDTH):
        with suppress(OSError), socket.create_server((HOST, port)):
            return port
    raise OSError("all ports of this process's lane are taken")


def is_open(port: int) -> bool:
    """Whether somebody takes a connection there."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


@cache
def _lane() -> tuple[socket.socket, Iterator[int]]:
    """What marks our lane as taken, and its ports, round and round."""
    for first in range(FIRST, LAST, WIDTH):
        with suppress(OSError):
            return socket.create_server((HOST, first)), cycle(range(first + 1, first + WIDTH))
    raise OSError("all lanes are taken")
