"""The whole desk as one tree: it starts, heals and stops, whatever is killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port
from tests.waiting import PATIENCE, is_gone, until
from zabota.cli.listening import answers_http, answers_tcp
from zabota.core.processes import Hold

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Desk:
    """Where one runs."""

    data_dir: Path
    port: int
    smtp_port: int

    def command(self) -> list[str]:
        ports = ["--port", str(self.port), "--smtp-port", str(self.smtp_port)]
        return [sys.executable, "-m", "zabota", "run", *ports, "--data-dir", str(self.data_dir)]

    def answers(self) -> bool:
        return answers_http("127.0.0.1", self.port) and answers_tcp("127.0.0.1", self.smtp_port)


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "ZABOTA_DATA_DIR")}


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until_ready(run: subprocess.Popen[str]) -> list[str]:
    assert run.stdout
    lines = []
    for line in run.stdout:
        lines.append(line.rstrip())
        if line.startswith("ready "):
            return lines
    raise AssertionError("\n".join(lines))


@contextmanager
def running(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    with start(desk.command()) as run:
        try:
            read_until_ready(run)
            yield run
        finally:
            run.terminate()


def cost_of(run: subprocess.Popen[str]) -> float:
    """Seconds of CPU of the tree: the clock says more about others."""
    parent = psutil.Process(run.pid)
    spent = 0.0
    for one in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # PostgreSQL's come and go
            spent += sum(one.cpu_times()[:2])
    return spent


def children(pid: int) -> list[psutil.Process]:
    """PostgreSQL, web, worker and mail."""
    return [child for child in psutil.Process(pid).children() if not is_gone(child)]


def is_replaced(victim: psutil.Process, parent: int) -> bool:
    there = children(parent)
    return victim not in there and len(there) == 4


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Kept from test to test, as it would be from start to start."""
    return Desk(tmp_path_factory.mktemp("desk"), free_port(), free_port())


@dataclass
class First:
    """The first start of a desk, and what it said."""

    run: subprocess.Popen[str]
    lines: list[str]


@pytest.fixture(scope="module")
def first(desk: Desk) -> Iterator[First]:
    with start(desk.command()) as run:
        try:
            yield First(run, read_until_ready(run))
        finally:
            run.terminate()


def test_the_first_start_gives_a_link_for_the_administrator(desk: Desk, first: First) -> None:
    assert f"http://127.0.0.1:{desk.port}/setup/" in first.lines[-2]
    assert first.lines[-1] == f"ready http://127.0.0.1:{desk.port}/"


def test_a_second_desk_on_the_same_data_is_refused(desk: Desk, first: First) -> None:
    with start(desk.command()) as second:
        said, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 3
    assert "runs on" in said
    assert len(said.splitlines()) == 1


def test_a_command_works_on_the_running_desk(desk: Desk, first: First) -> None:
    command = [sys.executable, "-m", "zabota", "inbox", "add", "--address", "help@shop.example"]
    with start([*command, "--data-dir", str(desk.data_dir)]) as done:
        said, _ = done.communicate(timeout=PATIENCE)
    assert said.startswith("help@shop.example added")
    until(desk.answers)


def test_whatever_is_killed_comes_back(desk: Desk, first: First) -> None:
    for victim in children(first.run.pid):
        victim.kill()
        until(partial(is_replaced, victim, first.run.pid))
    until(desk.answers)


def test_ctrl_c_stops_all_of_it(first: First) -> None:
    processes = psutil.Process(first.run.pid).children(recursive=True)
    first.run.send_signal(signal.SIGINT)
    assert first.run.wait(5) == 0
    assert all(is_gone(process) for process in processes)


def test_the_next_start_is_quick_and_a_killed_parent_leaves_nothing(
    desk: Desk, first: First
) -> None:
    first.run.terminate()
    first.run.wait()
    with running(desk) as run:
        processes = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
        assert cost_of(run) < 5
        run.kill()
        until(lambda: all(is_gone(process) for process in processes))


def test_a_kill_at_any_instant_of_the_start_is_no_hindrance(desk: Desk) -> None:
    for seconds in (0.1, 0.4, 0.8, 1.2):
        with start(desk.command()) as run:
            with suppress(subprocess.TimeoutExpired):
                run.wait(seconds)
            run.kill()
    with running(desk):
        until(desk.answers)


def test_it_stops_while_it_starts(desk: Desk) -> None:
    with start(desk.command()) as run:
        until((desk.data_dir / "postgres" / "postmaster.pid").exists)
        run.send_signal(signal.SIGTERM)
        assert run.wait(5) == 0


def test_it_ends_with_the_make_that_started_it(desk: Desk) -> None:
    script = "import subprocess, sys; subprocess.call(sys.argv[1:])"
    command = ["env", "ZABOTA_END_WITH_PARENT=1", *desk.command()]
    with start([sys.executable, "-c", script, *command]) as make:
        read_until_ready(make)
        processes = psutil.Process(make.pid).children(recursive=True)
        make.kill()
        until(lambda: all(is_gone(process) for process in processes))


def test_a_command_works_where_no_desk_runs(desk: Desk) -> None:
    command = [sys.executable, "-m", "zabota", "inbox", "list", "--data-dir", str(desk.data_dir)]
    with start(command) as done:
        said, _ = done.communicate(timeout=PATIENCE)
    assert said == "help@shop.example  main\nsupport@localhost  main\n"
    lock = Hold(desk.data_dir / "postgres.lock")
    assert lock.take()  # so it left no server behind
    lock.close()


@pytest.mark.parametrize("taken", ["port", "smtp_port"])
def test_a_port_in_use_is_one_line_before_any_work(taken: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ports = {"port": free_port(), "smtp_port": free_port(), taken: listener.getsockname()[1]}
        with start(Desk(tmp_path / "desk", **ports).command()) as run:
            said, _ = run.communicate(timeout=PATIENCE)
    option = "--" + taken.replace("_", "-")
    assert run.returncode == 3
    assert said.startswith(f"zabota: port {ports[taken]} is in use")
    assert said.rstrip().endswith(option)
    assert not (tmp_path / "desk" / "postgres").exists()
