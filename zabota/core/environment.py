"""What the installation is told from outside: `ZABOTA_…` variables and `DATABASE_URL`."""

import errno
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

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
    locale_dir: Path


def _flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0", "no", "false")


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
        time_zone=get("ZABOTA_TIME_ZONE", "UTC"),
        debug=_flag("ZABOTA_DEBUG"),
        log_level=get("ZABOTA_LOG_LEVEL", "INFO"),
        locale_dir=PACKAGE / "locale",
    )


env = read_environment()


def socket_dir(data_dir: Path) -> Path:
    """Where the embedded PostgreSQL's socket is: a Unix path must stay under 108 bytes."""
    near = data_dir / "postgres" / "socket"
    if len(os.fsencode(near)) < 80:
        return near
    import hashlib

    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"zabota-{name}"  # noqa: S108  made 0700 by its owner


def database_options(environment: Environment) -> dict[str, Any]:
    """Django's DATABASES entry from `DATABASE_URL`, else the embedded server in the data directory.

    >>> # postgresql://user:pass@host:5432/name?sslmode=require
    """
    common = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 10, "timeout": 10},
            "server_side_binding": True,
            "prepare_threshold": 3,
        },
    }
    if not environment.database_url:
        host = str(socket_dir(environment.data_dir))
        return {**common, "NAME": "zabota", "USER": "zabota", "HOST": host}
    url = urlsplit(environment.database_url)
    if url.scheme not in ("postgres", "postgresql"):
        raise EnvironmentProblem("DATABASE_URL must start with postgresql://")
    query = dict(parse_qsl(url.query))
    common["OPTIONS"] |= {k: v for k, v in query.items() if k != "host"}  # type: ignore[operator]
    return {
        **common,
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or query.get("host", ""),
        "PORT": str(url.port or ""),
    }


def secret_key(data_dir: Path) -> str:
    """The installation's secret: `ZABOTA_SECRET_KEY`, else a file only its owner can read."""
    if given := os.environ.get("ZABOTA_SECRET_KEY"):
        return given
    path = data_dir / "secret.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise disk_problem(data_dir, error) from error
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(48))
    return key
