"""One parent and its children: started again when they end, gone when it is gone."""

import os
import select
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from zabota.core.environment import EnvironmentProblem
from zabota.core.logs import trace
from zabota.core.postgres import EmbeddedServer
from zabota.core.processes import end_with_parent

LONGEST_PAUSE = 5.0  # of what ends each time it starts; everybody waits for it
STABLE_AFTER = 3.0  # who lived that long starts again almost at once
STOP_ROLES = 3.0
STOP_DATABASE = 1.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(line: str) -> None:
    """To whoever watches, if anybody still does."""
    with suppress(OSError):
        click.echo(line, err=True)


class Child(ABC):
    """A process of the tree, and when to start it again once it has ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.running = False
        self._started = self._pause = self.due = 0.0

    def look(self) -> None:
        """See whether it ended, and start it if it is time to."""
        if self.running and (how := self._ended()):
            self._plan_restart(how)
        if not self.running and time.monotonic() >= self.due:
            self.start()

    def start(self) -> None:
        self._started = time.monotonic()
        try:
            self._start()
            self.running = True
        except (EnvironmentProblem, OSError) as problem:
            self._plan_restart(str(problem))

    def _plan_restart(self, how: str) -> None:
        self.running = False
        now = time.monotonic()
        stable = now - self._started > STABLE_AFTER
        self._pause = 0.2 if stable or not self._pause else min(self._pause * 2, LONGEST_PAUSE)
        self.due = now + self._pause
        say(f"{self.name} ended ({how}), starts again in {self._pause:g} s")

    @abstractmethod
    def _start(self) -> None: ...

    @abstractmethod
    def _ended(self) -> str | None:
        """How it ended, if it has."""


class Role(Child):
    """A child forked from here: it shares the memory of everything loaded before."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(name)
        self._work = work
        self._pid = 0
        self.exit_code: int | None = None

    def _start(self) -> None:
        self._pid = fork(self._work)

    def _ended(self) -> str | None:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return None
        self.exit_code = code = os.waitstatus_to_exitcode(status)
        return f"signal {-code}" if code < 0 else f"code {code}"

    def gone(self) -> bool:
        """Whether it is not running, asked while stopping."""
        self.running = self.running and not self._ended()
        return not self.running

    def signal(self, number: int) -> None:
        if self.running:
            os.kill(self._pid, number)


class Database(Child):
    """The embedded server."""

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__("postgres")
        self.server = server

    def problem(self) -> str | None:
        """Why it runs no more, if so."""
        return self.server.why_it_ended() if self.server.pid is None else None

    def launch(self, wait: float = 0) -> bool:
        """Start it if no other command's server is there, still so after `wait`."""
        self.running = self.server.launch(wait=wait)
        return self.running

    def _start(self) -> None:
        if not self.launch(wait=10):
            raise EnvironmentProblem(f"{self.server.data_dir} is held by another process")

    def _ended(self) -> str | None:
        return self.problem()


class _Stopped(BaseException):
    """A signal asked to stop."""


class Supervisor:
    """Keeps the database and the roles running until it is told to stop."""

    def __init__(self, roles: Sequence[Role], server: EmbeddedServer | None) -> None:
        self.roles = roles
        self.database = Database(server) if server else None
        self.stopping = False
        self._in_a_hurry = False
        self._wake, self._waker = os.pipe()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within, a signal asks to stop, and any ends a `rest`; after, all children are gone."""
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in STOP_SIGNALS:
            # Shells ignore SIGINT for what they start behind them; who sends it to us means us.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._ask_to_stop)
        try:
            yield
        except _Stopped:
            pass
        finally:
            self._stop()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within, a signal does not wait for the work to end. Nothing may be forked here."""
        self._in_a_hurry = True
        yield
        self._in_a_hurry = False

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True
        if self._in_a_hurry:
            self._in_a_hurry = False
            raise _Stopped

    def rest(self, seconds: float) -> None:
        """Sleep, but not through a signal."""
        if select.select([self._wake], [], [], max(seconds, 0))[0]:
            os.read(self._wake, 4096)

    def run_once(self, work: Callable[[], None]) -> int:
        """Run `work` in a child to its end, or until told to stop; its exit code.

        Raises `EnvironmentProblem` if the database ends meanwhile.
        """
        once = Role("once", work)
        once.start()
        while not once.gone():
            problem = self.database and self.database.problem()
            if self.stopping or problem:
                once.signal(signal.SIGKILL)
            if problem:
                raise EnvironmentProblem(problem)
            self.rest(1)
        return 0 if self.stopping else once.exit_code or 0

    def watch(self, until: Callable[[], bool] | None = None) -> None:
        """Look after everybody until told to stop, or until `until`, asked every 50 ms, is true."""
        everybody: list[Child] = [*([self.database] if self.database else []), *self.roles]
        while not self.stopping and not (until and until()):
            for child in everybody:
                child.look()
            waiting = [c.due - time.monotonic() for c in everybody if not c.running]
            self.rest(min([0.05 if until else 1.0, *waiting]))

    def _stop(self) -> None:
        """Everybody, within five seconds: the roles first, the database last."""
        for number, patience in (signal.SIGTERM, STOP_ROLES), (signal.SIGKILL, 0.3):
            for role in self.roles:
                role.signal(number)
            limit = time.monotonic() + patience
            while not all(role.gone() for role in self.roles) and time.monotonic() < limit:
                self.rest(0.1)
        if self.database:
            self.database.server.stop(STOP_DATABASE)


def fork(work: Callable[[], None]) -> int:
    """Run `work` in a child that dies with us and does not hear the terminal's Ctrl-C; its pid."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until the child has its own handlers
    if pid := os.fork():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return pid
    signal.set_wakeup_fd(-1)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)
    end_with_parent(parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    os._exit(_exit_code(work))


def _exit_code(work: Callable[[], None]) -> int:
    try:
        work()
        code = 0
    except EnvironmentProblem as problem:
        say(f"zabota: {problem}")
        code = 3
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # the child's outermost frame
        say("\n".join(trace(error)))
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code
