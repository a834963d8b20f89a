"""`zabota run` in a folder of its own, and somebody who kills what it is made of."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.faults.witnessed import ROLES, TABLE
from tests.ports import free_port
from tests.prepared import prepare_desk
from tests.upkeep.desks import ROOT, Desk
from tests.waiting import PATIENCE, until
from zabota.cli.listening import answers_http


class WholeDesk(Desk):
    """All roles and the database under one parent, as `make run` starts them."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, post_port=9)
        self.who = folder.parent / "who"
        self.who.mkdir()
        self.log = folder.parent / "said.log"
        self.port, self.smtp_port, self.lmtp_port = free_port(), free_port(), free_port()
        del self.environment["ZABOTA_OUTGOING_MAIL"]
        self.environment |= {"ZABOTA_WHO": str(self.who), **environment}
        self.parent: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Start it; it is ready when this returns."""
        ports = {"port": self.port, "smtp-port": self.smtp_port, "lmtp-port": self.lmtp_port}
        options = [part for name, port in ports.items() for part in (f"--{name}", str(port))]
        command = [sys.executable, "-m", "tests.faults.witnessed", "run", *options]
        with self.log.open("a") as said:
            self.parent = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=said, stderr=said, text=True
            )
        until(lambda: "ready http" in self.log.read_text())

    def pid(self, role: str) -> int:
        """Of this role as it runs now; 0 if that is not known."""
        note = self.who / role
        if role == "postmaster":
            note = self.folder / "postgres" / "postmaster.pid"
        try:
            return int(note.read_text().split("\n")[0])
        except (OSError, ValueError):
            return 0

    def is_ready(self) -> bool:
        return answers_http("127.0.0.1", self.port) and self.readiness()[0] == 200

    def readiness(self) -> tuple[int, str]:
        """What `/readyz` says: status and body; 0 while nobody answers."""
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def count(self, query: str, *values: object) -> int:
        """The one number of a query; -1 while the database is away."""
        try:
            return int(self.one(query, *values))
        except psycopg.Error:
            return -1

    def end(self) -> None:
        """As Ctrl-C does."""
        if self.parent:
            self.parent.send_signal(signal.SIGINT)
            self.parent.wait(PATIENCE)


@contextmanager
def a_whole_desk(folder: Path, **environment: str) -> Iterator[WholeDesk]:
    """It runs, witnessed, until the end of the block."""
    prepare_desk(folder)
    desk = WholeDesk(folder, **environment)
    try:
        desk.run()
        desk.rows(TABLE)
        yield desk
    finally:
        desk.end()


class Killer:
    """Kills one of them after another, at moments chosen by `chance`, until told to stop.

    Between two kills `progress` grows, or on a busy machine nothing would come to pass at all.
    """

    def __init__(
        self,
        desk: WholeDesk,
        chance: random.Random,
        pauses: tuple[float, float],
        progress: Callable[[], int],
    ) -> None:
        self.desk, self.chance, self.pauses, self.progress = desk, chance, pauses, progress
        self.kills: Counter[str] = Counter()
        self._reached = -1
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> str:
        """How many of each were killed."""
        self._over.set()
        self._thread.join()
        return ", ".join(f"{n} {role}" for role, n in sorted(self.kills.items()))

    def _run(self) -> None:
        while True:
            for victim in self._shuffled((*ROLES, "postmaster")):
                if self._over.wait(self.chance.uniform(*self.pauses)):
                    return
                if not self._has_moved():
                    return
                self._kill(victim)

    def _has_moved(self) -> bool:
        """Wait for it; False if told to stop meanwhile."""
        while (now := self.progress()) <= self._reached:
            if self._over.wait(0.05):
                return False
        self._reached = now
        return True

    def _shuffled(self, roles: Sequence[str]) -> list[str]:
        return self.chance.sample(roles, len(roles))

    def _kill(self, role: str) -> None:
        pid = self.desk.pid(role)
        if pid and _is_of(pid, self.desk):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[role] += 1


def _is_of(pid: int, desk: WholeDesk) -> bool:
    """Ours, and not somebody else's who has the number now."""
    try:
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return bool(desk.parent) and int(parent) == desk.parent.pid  # type: ignore[union-attr]
