"""A Postfix of our own: its configuration, queue and port in one folder."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.ports import is_open
from tests.waiting import until

MASTER = Path("/usr/lib/postfix/sbin/master")
QUEUES = (
    "active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved"
)
MAIN = """\
compatibility_level = 3.6
config_directory = {folder}
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example.com
mydestination =
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtp_host_lookup = native
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
"""
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
"""


def need_postfix() -> None:
    """Skip, saying why, where there is none or it cannot be started."""
    if not MASTER.exists():
        pytest.skip("Postfix is not installed (apt-get install postfix)")
    if os.geteuid() != 0:
        pytest.skip("Postfix can be started by root only")


@contextmanager
def run_postfix(folder: Path, port: int, settings: str) -> Iterator[None]:
    """Postfix at this port, with these lines in its main.cf, until the end of the block."""
    _prepare(folder, port, settings)
    # Its own session: what it starts dies with it, and nothing else does.
    master = subprocess.Popen([MASTER, "-c", folder, "-d"], start_new_session=True)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(master.pid, signal.SIGTERM)
        master.wait()


def log_of(folder: Path) -> str:
    """What it said."""
    log = folder / "log" / "mail.log"
    return log.read_text() if log.exists() else ""


def _prepare(folder: Path, port: int, settings: str) -> None:
    owner = pwd.getpwnam("postfix")
    folder.chmod(0o755)
    for name in ("queue", "data", "log"):
        (folder / name).mkdir()
    for name in QUEUES.split():
        (folder / "queue" / name).mkdir()
        if name != "pid":
            shutil.chown(folder / "queue" / name, owner.pw_uid)
    shutil.chown(folder / "data", owner.pw_uid)
    shutil.chown(folder / "log", owner.pw_uid)
    (folder / "main.cf").write_text(MAIN.format(folder=folder) + settings)
    (folder / "master.cf").write_text(SERVICES.format(port=port))


def wait_for_port(port: int) -> None:
    """Until somebody takes a connection there."""
    until(lambda: is_open(port))
