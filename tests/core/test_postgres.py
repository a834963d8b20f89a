"""The embedded server, whatever is killed and wherever it runs."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.embedded import FAST
from tests.waiting import PATIENCE, is_gone, until
from zabota.core.environment import Environment, EnvironmentProblem, env, read_environment
from zabota.core.postgres import (
    EmbeddedServer,
    check_database,
    connection_string,
    running_database,
)
from zabota.core.processes import Hold


def server_in(folder: Path, **settings: str) -> EmbeddedServer:
    return EmbeddedServer(folder, settings=FAST | settings)


def ask(server: EmbeddedServer) -> str:
    with psycopg.connect(host=str(server.sockets), user="zabota", dbname="zabota") as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row
    return str(row[0])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a database in it; each test leaves it stopped."""
    folder = tmp_path_factory.mktemp("desk")
    server = server_in(folder)
    assert server.launch()
    server.wait_until_ready()
    server.stop()
    return folder


@pytest.fixture
def server(cluster: Path) -> Iterator[EmbeddedServer]:
    server = server_in(cluster)
    yield server
    server.stop()


@pytest.fixture
def at_cluster(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("ZABOTA_DATA_DIR", str(cluster))
    return read_environment()


def test_only_one_server_runs_on_a_data_directory(server: EmbeddedServer) -> None:
    assert server.launch()
    assert not server_in(server.data_dir).launch()
    server.wait_until_ready()
    assert ask(server) == "zabota"


def test_a_stopped_server_leaves_nothing(server: EmbeddedServer) -> None:
    server.launch()
    server.wait_until_ready()
    assert server.pid
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children()]
    server.stop()
    assert all(is_gone(process) for process in processes)
    assert list(server.sockets.iterdir()) == []


def test_a_pid_file_naming_another_process_is_no_hindrance(server: EmbeddedServer) -> None:
    there = f"{os.getppid()}\n/somewhere\n1\n5432\n"
    (server.cluster / "postmaster.pid").write_text(there)
    server.launch()
    server.wait_until_ready()
    assert ask(server) == "zabota"


def test_a_server_started_by_hand_is_left_alone(server: EmbeddedServer) -> None:
    with subprocess.Popen(["sleep", "600"], cwd=server.cluster) as stranger:
        (server.cluster / "postmaster.pid").write_text(f"{stranger.pid}\n")
        with pytest.raises(EnvironmentProblem, match=f"stop process {stranger.pid}"):
            server.launch()
        stranger.kill()


def test_files_of_another_version_are_refused_with_the_way_out(server: EmbeddedServer) -> None:
    version = server.cluster / "PG_VERSION"
    ours = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(EnvironmentProblem, match=r"made by PostgreSQL 14.*pg_dump"):
            server.launch()
    finally:
        version.write_text(ours)


def test_why_it_does_not_start_is_said_in_its_own_words(cluster: Path) -> None:
    server = server_in(cluster, shared_buffers="much")
    server.launch()
    with pytest.raises(EnvironmentProblem, match="shared_buffers"):
        server.wait_until_ready()


def test_a_long_path_gets_its_socket_elsewhere(cluster: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.symlink_to(cluster)
    server = server_in(folder)
    try:
        server.launch()
        server.wait_until_ready()
        assert len(str(server.sockets)) < 80
        assert ask(server) == "zabota"
    finally:
        server.stop()
        server.sockets.rmdir()


def test_a_command_uses_the_server_of_another(
    at_cluster: Environment, server: EmbeddedServer
) -> None:
    with running_database(at_cluster):
        assert not server.launch()
        with running_database(at_cluster):
            check_database(connection_string(at_cluster))
    assert server.launch()


def test_database_out_of_reach_is_one_line() -> None:
    with pytest.raises(EnvironmentProblem, match="cannot reach the database: ") as problem:
        check_database("postgresql://desk@127.0.0.1:1/desk")
    assert "\n" not in str(problem.value)


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="the locale of our own server")
def test_database_without_russian_is_refused() -> None:
    with psycopg.connect(connection_string(env), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS deaf")
        connection.execute(
            "CREATE DATABASE deaf TEMPLATE template0 "
            "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        with pytest.raises(EnvironmentProblem, match="Russian letters"):
            check_database(make_conninfo(connection_string(env), dbname="deaf"))
        connection.execute("DROP DATABASE deaf")


# Kills


def start_elsewhere(folder: Path) -> subprocess.Popen[str]:
    """A process that starts a server and stays."""
    script = f"""
        import time
        from pathlib import Path
        from zabota.core.postgres import EmbeddedServer
        server = EmbeddedServer(Path({str(folder)!r}))
        server.launch()
        server.wait_until_ready()
        print(server.pid, flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.faults
def test_a_killed_starter_takes_its_server_along(server: EmbeddedServer) -> None:
    with start_elsewhere(server.data_dir) as starter:
        assert starter.stdout
        postgres = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    assert server.launch(wait=PATIENCE)
    assert is_gone(postgres)
    server.wait_until_ready()
    assert ask(server) == "zabota"


@pytest.mark.faults
def test_a_killed_server_starts_again(server: EmbeddedServer) -> None:
    server.launch()
    server.wait_until_ready()
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.pid)
    assert server.launch(wait=PATIENCE)
    server.wait_until_ready()
    assert ask(server) == "zabota"


@pytest.mark.faults
@pytest.mark.parametrize("made", ["postgres.new", "postgres.new/global", "postgres.new/PG_VERSION"])
def test_a_kill_while_the_database_is_made_is_no_hindrance(made: str, tmp_path: Path) -> None:
    with start_elsewhere(tmp_path) as starter:
        until((tmp_path / made).exists)
        starter.kill()
    server = server_in(tmp_path)
    assert server.launch(wait=PATIENCE)
    server.wait_until_ready()
    assert ask(server) == "zabota"
    server.stop()
    assert not (tmp_path / "postgres.new").exists()


# Disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets us mount nothing")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line(small_disk: Path) -> None:
    with pytest.raises(EnvironmentProblem, match=r"only .* MB free"):
        server_in(small_disk).launch()
    assert not (small_disk / "postgres").exists()


def test_a_read_only_disk_is_one_line(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(EnvironmentProblem, match=r"Read-only file system.*--data-dir"):
        server_in(small_disk / "var").launch()


def test_a_hold_ends_with_its_last_holder(tmp_path: Path) -> None:
    first, second = Hold(tmp_path / "lock"), Hold(tmp_path / "lock")
    assert first.take()
    child = subprocess.Popen(["sleep", "600"], pass_fds=[first.fd])
    first.close()
    assert not second.take()
    child.kill()
    child.wait()
    assert second.take(wait=PATIENCE)
    second.close()
