"""A desk that has just been started and does nothing: how soon, and how much memory."""

import http.client
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.gauges import tree, tree_pss
from bench.processes import free_port, running, start_zabota
from bench.report import Part, said
from bench.scale import Scale

METHOD = """\
`zabota run` on an empty folder, then again on the same one. Until the line `ready …`, and on until
the first page (`/sign-in`) has been read. Memory: PSS of the whole tree with PostgreSQL from
`/proc/PID/smaps_rollup`, {settle:g} s after ten pages; what is shared with programs outside the
tree counts in part. `make run` adds the check of what is installed."""
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until ready and until the first page; bytes of memory afterwards, by process name."""

    ready: float
    first_page: float
    memory: int
    processes: int


def measure_idle(scale: Scale, folder: Path) -> Part:
    """Must run before anything else has started a database of its own."""
    part = Part("Start and idle memory", METHOD.format(settle=scale.settle))
    data = folder / "idle"
    first = _start(data, settle=0.5)
    later = [_start(data, settle=0.5) for _ in range(scale.starts - 1)]
    later.append(_start(data, settle=scale.settle))
    part.say("first start: ready", said(first.ready, "s"))
    part.say("first start: first page", said(first.first_page, "s"))
    part.judge("next start: ready", median(s.ready for s in later), "s", most=5)
    part.say("next start: first page", said(median(s.first_page for s in later), "s"))
    part.judge("memory when idle (PSS)", later[-1].memory / 2**20, "MB", most=400)
    part.say("processes", str(later[-1].processes))
    return part


def _start(data: Path, *, settle: float) -> Start:
    port, smtp_port = free_port(), free_port()
    ports = ("--port", str(port), "--smtp-port", str(smtp_port))
    with (data.parent / "idle.log").open("ab") as log:
        started = time.perf_counter()
        process = start_zabota(
            "run", *ports, "--data-dir", str(data), log=log, stdout=subprocess.PIPE
        )
        with running(process):
            _read_until_ready(process)
            ready = time.perf_counter() - started
            _read_page(port)
            first_page = time.perf_counter() - started
            for _ in range(9):
                _read_page(port)
            time.sleep(settle)
            memory, processes = tree_pss(process.pid), len(tree(process.pid))
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
    return Start(ready, first_page, memory, processes)


def _read_until_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.startswith(b"ready "):
            return
    raise RuntimeError(f"zabota run ended with {process.wait()} before it was ready")


def _read_page(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/sign-in", headers={"Host": "localhost"})
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"/sign-in answered {response.status}")
