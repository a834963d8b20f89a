"""Reading what processes have used, and summing up samples."""

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil


def tree(root: int) -> list[psutil.Process]:
    """A process and all that live below it."""
    top = psutil.Process(root)
    return [top, *top.children(recursive=True)]


def tree_cpu(root: int) -> float:
    """Seconds of CPU, user and system, of the tree, with those of its members that ended."""
    total = 0.0
    for process in tree(root):
        try:
            spent = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has its time now
        ended = getattr(spent, "children_user", 0.0) + getattr(spent, "children_system", 0.0)
        total += spent.user + spent.system + ended
    return total


def own_cpu(pid: int) -> float:
    """Seconds of CPU of one process alone."""
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def tree_pss(root: int) -> int:
    """Bytes of memory of the tree; what processes share is divided among them (Linux)."""
    return sum(_pss(process.pid) for process in tree(root))


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


@dataclass
class Spent:
    """Seconds of CPU of this process and of its database session, and by the clock."""

    app: float = 0.0
    database: float = 0.0
    wall: float = 0.0

    @property
    def cpu(self) -> float:
        return self.app + self.database


@dataclass
class Meter:
    """What each phase spends, in this process and in the database session it works with."""

    session_pid: int
    phases: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add what happens within to `name`."""
        app, wall = time.process_time(), time.perf_counter()
        database = own_cpu(self.session_pid)
        yield
        spent = self.phases[name]
        spent.app += time.process_time() - app
        spent.wall += time.perf_counter() - wall
        spent.database += own_cpu(self.session_pid) - database


BUFFERS = "SELECT coalesce(sum(hits + reads), 0) FROM pg_stat_get_backend_io(pg_backend_pid())"


def buffers() -> int:
    """Blocks Django's database session has looked at so far, in memory or not; PostgreSQL 18."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(BUFFERS)
        return int(cursor.fetchone()[0])


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that `part` of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(part * len(ranked)) - 1)]


def middle_of_runs(runs: Sequence[Sequence[float]], part: float) -> float:
    """The median over runs of each run's percentile: a disturbed run does not count."""
    return median(percentile(run, part) for run in runs)
