"""What the installation is told from outside: `ZABOTA_…` variables and `DATABASE_URL`."""

import errno
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PACKAGE = Path(__file__).resolve().parents[1]


class EnvironmentProblem(Exception):
    """Something outside the program is wrong; the text says what to do. Exit code 3."""


def disk_problem(path: Path, error: OSError) -> EnvironmentProblem:
    """What to do about a folder that cannot be written to."""
    if error.errno == errno.ENOSPC:
        return EnvironmentProblem(f"no space left in {path}: make room and start again")
    return EnvironmentProblem(
        f"cannot write to {path} ({error.strerror}): choose another folder with --data-dir"
    )


def make_data_dir(path: Path) -> Path:
    """The folder with everything of the desk, closed to others. Raises `EnvironmentProblem`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise disk_problem(path, error) from error
    return path


@dataclass(frozen=True, slots=True)
class Environment:
    """One installation's settings, already typed."""

    data_dir: Path
    database_url: str
    listen_database_url: str
    public_url: str
    allowed_hosts: list[str]
    behind_proxy: bool
    outgoing_mail: str
    language: str
    time_zone: str
    debug: bool
    log_level: str
    log_format: str
    files: str
    metrics_token: str
    metrics_from: str
    locale_dir: Path


def _flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0", "no", "false")


def machine_zone() -> str:
    """The machine's own time zone by its IANA name, UTC if it does not say."""
    _zones, _slash, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return "UTC"


def read_environment() -> Environment:
    """Read the process environment; nothing is required."""
    get = os.environ.get
    public_url = get("ZABOTA_PUBLIC_URL", "").rstrip("/")
    hosts = [h for h in get("ZABOTA_ALLOWED_HOSTS", "").split(",") if h]
    own_host = [urlsplit(public_url).hostname or ""] if public_url else []
    database_url = get("DATABASE_URL", "")
    return Environment(
        data_dir=Path(get("ZABOTA_DATA_DIR", "var")).absolute(),
        database_url=database_url,
        # A direct connection for LISTEN where the pages go through PgBouncer.
        listen_database_url=get("ZABOTA_LISTEN_DATABASE_URL", database_url),
        public_url=public_url,
        allowed_hosts=[*hosts, *own_host, "localhost", "127.0.0.1", "[::1]"],
        behind_proxy=_flag("ZABOTA_BEHIND_PROXY"),
        outgoing_mail=get("ZABOTA_OUTGOING_MAIL", ""),
        language=get("ZABOTA_LANGUAGE", "en"),
        time_zone=get("ZABOTA_TIME_ZONE", ""),
        debug=_flag("ZABOTA_DEBUG"),
        log_level=get("ZABOTA_LOG_LEVEL", "INFO"),
        log_format=get("ZABOTA_LOG_FORMAT", "text"),
        files=get("ZABOTA_FILES", ""),
        metrics_token=get("ZABOTA_METRICS_TOKEN", ""),
        metrics_from=get("ZABOTA_METRICS_FROM", "127.0.0.0/8,::1"),
        locale_dir=PACKAGE / "locale",
    )


if TYPE_CHECKING:
    env: Environment
else:

    def __getattr__(name: str) -> Environment:
        """`env` is read when first asked for: the command line's flags become variables before."""
        if name != "env":
            raise AttributeError(name)
        globals()["env"] = read_environment()
        return globals()["env"]


def socket_dir(data_dir: Path) -> Path:
    """Where the embedded PostgreSQL's socket is: a Unix path must stay under 108 bytes."""
    near = data_dir / "postgres" / "socket"
    if len(os.fsencode(near)) < 80:
        return near
    import hashlib

    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"zabota-{name}"  # noqa: S108  made 0700 by its owner


def database_options(environment: Environment) -> dict[str, Any]:
    """Django's DATABASES entry: `DATABASE_URL`, else the embedded server in the data directory."""
    options: dict[str, Any] = {
        "pool": {"min_size": 1, "max_size": 10, "timeout": 10},
        "server_side_binding": True,
        "prepare_threshold": 3,
        "application_name": "zabota",
    }
    # Checked when taken from the pool: after a restart of the database its connections are dead.
    common = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
    if not environment.database_url:
        host = str(socket_dir(environment.data_dir))
        where = {"NAME": "zabota", "USER": "zabota", "HOST": host}
        return {**common, **where, "OPTIONS": options}
    parts = read_database_url(environment.database_url)
    where = {
        name: parts.pop(key, "")
        for name, key in [
            ("NAME", "dbname"),
            ("USER", "user"),
            ("PASSWORD", "password"),
            ("HOST", "host"),
            ("PORT", "port"),
        ]
    }
    return {**common, **where, "OPTIONS": options | parts}


def read_database_url(url: str) -> dict[str, Any]:
    """The parts of `DATABASE_URL` as libpq names them. Raises `EnvironmentProblem`."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if not url.startswith(("postgresql://", "postgres://")):
        raise EnvironmentProblem("DATABASE_URL must start with postgresql://")
    try:
        return dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        raise EnvironmentProblem(f"DATABASE_URL is not understood: {error}") from error


def secret_key(data_dir: Path) -> str:
    """The installation's secret: `ZABOTA_SECRET_KEY`, else a file only its owner can read."""
    if given := os.environ.get("ZABOTA_SECRET_KEY"):
        return given
    path = make_data_dir(data_dir) / "secret.key"
    try:
        if not path.exists():
            _write_secret(path)
    except OSError as error:
        raise disk_problem(data_dir, error) from error
    try:
        return path.read_text().strip()
    except OSError as error:  # what root copied there is root's
        raise EnvironmentProblem(
            f"cannot read {path} ({error.strerror}): give it to the user the desk runs as"
        ) from error


def _write_secret(path: Path) -> None:
    """Whole or not at all, and only once, whoever else starts at this moment."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
