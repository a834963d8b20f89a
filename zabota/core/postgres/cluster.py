"""The files of a database: made whole or not at all, opened only by the version that made them."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from zabota.core.environment import EnvironmentProblem
from zabota.core.postgres.binaries import major_version
from zabota.core.postgres.owner import Owner
from zabota.core.processes import Hold

SUPERUSER = "postgres"
SPACE_TO_CREATE = 150 * 1024 * 1024
INITDB = ("-U", SUPERUSER, "-E", "UTF8", "--auth=trust", "--data-checksums")


def create_cluster(cluster: Path, binaries: Path, owner: Owner, hold: Hold) -> None:
    """Make it beside and rename it: after a kill in the middle the next start begins anew."""
    fresh = cluster.with_name(cluster.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    _need_space(cluster.parent)
    fresh.mkdir(mode=0o700)
    owner.take_over(fresh)
    initdb = owner.start(
        binaries / "initdb",
        *INITDB,
        *_locale(major_version(binaries)),
        folder=fresh,
        hold=hold,
        output=subprocess.PIPE,
        at_our_death=signal.SIGKILL,
    )
    said, _ = initdb.communicate()
    if initdb.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        reason = next((line for line in lines if "error:" in line), "".join(lines[-1:]))
        shutil.rmtree(fresh, ignore_errors=True)
        raise EnvironmentProblem(f"the database could not be made in {cluster}: {reason}")
    fresh.rename(cluster)
    _sync(cluster.parent)


def check_version(cluster: Path, binaries: Path) -> None:
    """Refuse files of another major version, saying the way out."""
    made_by = (cluster / "PG_VERSION").read_text().strip()
    ours = major_version(binaries)
    if made_by != str(ours):
        raise EnvironmentProblem(
            f"{cluster} was made by PostgreSQL {made_by}, here is {ours}: dump it with {made_by} "
            "(pg_dump), move the folder away, start once and load the dump; "
            f"or run PostgreSQL {made_by} and name it by DATABASE_URL"
        )


def _locale(version: int) -> list[str]:
    """With locale C lower() and ILIKE know no Russian; with ctype C pg_trgm is silently empty."""
    if version >= 17:
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return [*provider, "--lc-collate=C", "--lc-ctype=C.UTF-8"]
    return ["--lc-collate=C", "--lc-ctype=C.UTF-8"]


def _need_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < SPACE_TO_CREATE:
        raise EnvironmentProblem(
            f"only {free >> 20} MB free in {folder}, a new database needs {SPACE_TO_CREATE >> 20}: "
            "make room or choose another folder with --data-dir"
        )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
