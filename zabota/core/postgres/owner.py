"""The user PostgreSQL runs as: it refuses to run as root, so root starts it as somebody else."""

import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from zabota.core.environment import EnvironmentProblem
from zabota.core.processes import Hold, end_with_parent

UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns the database's files and runs its server."""

    name: str
    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    def can_run(self, program: Path) -> bool:
        """Whether this user can reach and run the program."""
        try:
            done = subprocess.run(
                [program, "--version"],
                check=False,
                capture_output=True,
                cwd="/",
                **self._as_this_user(),
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def start(
        self,
        program: Path,
        *arguments: str,
        folder: Path,
        hold: Hold,
        output: IO[bytes] | int,
        at_our_death: signal.Signals,
    ) -> subprocess.Popen[bytes]:
        """Run a program of PostgreSQL on `folder`; it and its children keep the hold.

        It gets the signal when this process dies, and does not hear the terminal's Ctrl-C.
        """
        parent, handle = os.getpid(), os.open(folder, os.O_RDONLY)
        try:
            return subprocess.Popen(
                [program, "-D", _by_handle(folder, handle), *arguments],
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[hold.fd, handle],
                process_group=0,
                preexec_fn=lambda: end_with_parent(parent, at_our_death),  # noqa: PLW1509
                **self._as_this_user(),
            )
        finally:
            os.close(handle)

    def take_over(self, folder: Path) -> None:
        """Make the folder, and all in it, theirs and closed to everybody else."""
        folder.chmod(0o700)
        if self.is_me or folder.stat().st_uid == self.uid:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _as_this_user(self) -> dict[str, Any]:
        if self.is_me:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def _by_handle(folder: Path, handle: int) -> str:
    """The folder even where the way to it is closed to its owner, as in a clone under /root.

    A magic link of proc(5): following it asks for no permission but the folder's own.
    """
    return f"/proc/self/fd/{handle}" if sys.platform == "linux" else str(folder)


def find_owner(cluster: Path) -> Owner:
    """Me; for root, the owner of the files there are, else the first unprivileged user there is."""
    if os.geteuid() != 0:
        return Owner("", os.geteuid(), os.getegid())
    if cluster.exists() and (there := cluster.stat()).st_uid:
        return Owner(str(there.st_uid), there.st_uid, there.st_gid)
    for name in UNPRIVILEGED:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(name, user.pw_uid, user.pw_gid)
    raise EnvironmentProblem("PostgreSQL does not run as root: add a user named postgres")
