"""The embedded server: started, found, stopped, and never left behind."""

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from zabota.core.environment import EnvironmentProblem, disk_problem, make_data_dir, socket_dir
from zabota.core.postgres.binaries import (
    find_binaries,
    major_version,
    readable_binaries,
)
from zabota.core.postgres.checks import create_database
from zabota.core.postgres.cluster import check_version, create_cluster
from zabota.core.postgres.owner import Owner, find_owner
from zabota.core.processes import Hold

# For a small machine: little memory when idle, no parallel workers. All of it durable.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "96MB",
    "work_mem": "8MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # People's words do not belong in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
SINCE_18 = {"io_method": "sync"}  # no I/O worker processes
WAL_SEGMENT = 16 * 1024 * 1024
LOG_LIMIT = 8 * 1024 * 1024
FAST_STOP = signal.SIGINT
START_LIMIT = 60.0  # a recovery after a crash replays at most max_wal_size


class EmbeddedServer:
    """PostgreSQL on the files in a data directory, reached by a Unix socket only.

    The lock `postgres.lock` is held by the server's own processes: while it is held there is a
    server, or an initdb; once it is free nothing of them is alive.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binaries: Path | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.cluster = data_dir / "postgres"
        self.log = data_dir / "postgres.log"
        self.sockets = socket_dir(data_dir)
        self.settings = SETTINGS | (settings or {})
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def launch(self, *, wait: float = 0) -> bool:
        """Start it, not waiting until it answers; False if one runs already and goes on for `wait`.

        Raises `EnvironmentProblem` where the machine does not let us.
        """
        try:
            hold = Hold(make_data_dir(self.data_dir) / "postgres.lock")
            if not hold.take(wait=wait):
                return False
            try:
                self._launch(hold)
            finally:
                hold.close()
        except OSError as error:
            raise disk_problem(self.data_dir, error) from error
        return True

    def _launch(self, hold: Hold) -> None:
        owner = find_owner(self.cluster)
        binaries = readable_binaries(self._binaries or find_binaries(), owner)
        if not self.cluster.exists():
            create_cluster(self.cluster, binaries, owner, hold)
        check_version(self.cluster, binaries)
        owner.take_over(self.cluster)
        self._make_socket_dir(owner)
        self._clear_leftovers()
        with self.log.open("ab") as log:
            if log.tell() > LOG_LIMIT:
                log.truncate(0)
            self._log_start = self.log.stat().st_size
            self._process = owner.start(
                binaries / "postgres",
                *self._options(major_version(binaries)),
                folder=self.cluster,
                hold=hold,
                output=log,
                at_our_death=FAST_STOP,
            )

    def _options(self, version: int) -> list[str]:
        near = self.sockets.parent == self.cluster
        folder = self.sockets.name if near else str(self.sockets)
        settings = self.settings | {"unix_socket_directories": folder}
        if version >= 18:
            settings |= SINCE_18
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _clear_leftovers(self) -> None:
        """After a kill. The pid there may be another program's now: PostgreSQL would not start."""
        pid_file = self.cluster / "postmaster.pid"
        if _is_server_of(self.cluster, pid := _read_pid(pid_file)):
            raise EnvironmentProblem(
                f"stop process {pid}: a PostgreSQL not started by Zabota runs on {self.cluster}"
            )
        pid_file.unlink(missing_ok=True)
        for leftover in self.sockets.iterdir():
            leftover.unlink()

    def _make_socket_dir(self, owner: Owner) -> None:
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
            owner.take_over(self.sockets)
        there = self.sockets.lstat()  # it may stand in /tmp, where anybody may put a link
        if there.st_uid != owner.uid or there.st_mode & 0o170777 != 0o040700:
            raise EnvironmentProblem(f"{self.sockets} is not ours: remove it")

    def wait_until_ready(self, limit: float = START_LIMIT) -> None:
        """Return once it answers, with role and database made. Raises `EnvironmentProblem`."""
        until = time.monotonic() + limit
        while True:
            try:
                return create_database(str(self.sockets))
            except psycopg.OperationalError as error:
                if self._process and self._process.poll() is not None:
                    raise EnvironmentProblem(self.why_it_ended()) from error
                if time.monotonic() > until:
                    raise EnvironmentProblem(
                        f"PostgreSQL does not answer after {limit:.0f} s: see {self.log}"
                    ) from error
                time.sleep(0.02)

    def why_it_ended(self) -> str:
        """The gravest line it wrote since it was started, unless that found no room."""
        if shutil.disk_usage(self.data_dir).free < WAL_SEGMENT:
            return f"no space left in {self.data_dir}: make room and start again"
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
        code = self._process.returncode if self._process else None
        reason = grave[0].split(":  ", 1)[-1] if grave else f"exit code {code}"
        return f"PostgreSQL ended: {reason} (see {self.log})"

    @property
    def pid(self) -> int | None:
        """Of the server this process started, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def stop(self, limit: float = 10) -> None:
        """A fast stop: open transactions are rolled back, everything is on disk."""
        if self._process is None:
            return
        for sign, patience in (FAST_STOP, limit), (signal.SIGQUIT, 2.0), (signal.SIGKILL, None):
            with suppress(subprocess.TimeoutExpired):
                self._process.send_signal(sign)
                self._process.wait(patience)
                break
        self._process = None


def _read_pid(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text().split("\n")[0])
    except (FileNotFoundError, ValueError):
        return 0


def _is_server_of(cluster: Path, pid: int) -> bool:
    """A server works in its data directory. Linux; elsewhere PostgreSQL's own check must do."""
    try:
        return pid > 0 and Path(f"/proc/{pid}/cwd").samefile(cluster)
    except OSError:
        return False
