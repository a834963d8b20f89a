"""A real Dovecot on this machine, of its own and unprivileged, for tests and measures of IMAP."""

import os
import pwd
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from imaplib import IMAP4_SSL
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.waiting import until
from zabota.core.processes import end_with_parent

PASSWORD = "correct-horse"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/mail/%n:INDEX={home}/index/%n
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login {mechanisms}
auth_failure_delay = 0 secs
mail_max_userip_connections = 100
maildir_very_dirty_syncs = yes
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%n
}}
{extra}
"""
OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
"""
OAUTH_CONF = """
introspection_mode = get
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot:
    """One server with any mailbox you ask for; all have `PASSWORD`. Raises nothing: skips."""

    def __init__(self, introspection: str = "") -> None:
        if not shutil.which("dovecot"):
            pytest.skip("there is no Dovecot here: apt-get install dovecot-imapd")
        self.home = Path(tempfile.mkdtemp(prefix="zabota-dovecot-"))
        self.port, self.plain_port = free_port(), free_port()
        self._as = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self._write(introspection)
        self.process: subprocess.Popen[bytes] | None = None

    def _write(self, introspection: str) -> None:
        group = subprocess.run(
            ["id", "-gn", self._as.pw_name], check=True, capture_output=True, text=True
        )
        words = {
            "home": self.home,
            "user": self._as.pw_name,
            "group": group.stdout.strip(),
            "uid": self._as.pw_uid,
            "gid": self._as.pw_gid,
            "port": self.port,
            "plain_port": self.plain_port,
            "password": PASSWORD,
            "mechanisms": "xoauth2 oauthbearer" if introspection else "",
        }
        extra = OAUTH.format(**words) if introspection else ""
        self.config = self.home / "dovecot.conf"
        self.config.write_text(CONFIG.format(**words, extra=extra))
        (self.home / "oauth2.conf").write_text(OAUTH_CONF.format(url=introspection))
        self._certify()
        for folder in ("run", "state", "mail", "index"):
            (self.home / folder).mkdir()
        for path in [self.home, *self.home.rglob("*")]:
            os.chown(path, self._as.pw_uid, self._as.pw_gid)

    def _certify(self) -> None:
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        files = ["-keyout", str(self.home / "key.pem"), "-out", str(self.cert)]
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        subprocess.run([*made, *files, *subject], check=True, capture_output=True)

    @property
    def cert(self) -> Path:
        """The certificate, for who is to trust it: `SSL_CERT_FILE`."""
        return self.home / "cert.pem"

    def start(self) -> None:
        """Serve, and answer when this returns."""
        is_root, parent = os.getuid() == 0, os.getpid()
        # The kernel watches the thread that forked: one that ends earlier must not take it along.
        is_main = threading.current_thread() is threading.main_thread()
        end = partial(end_with_parent, parent, signal.SIGTERM) if is_main else None
        self.process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.config)],
            user=self._as.pw_uid if is_root else None,
            group=self._as.pw_gid if is_root else None,
            extra_groups=[] if is_root else None,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end,  # noqa: PLW1509
        )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            self.client("probe").logout()
        except (OSError, ssl.SSLError, IMAP4_SSL.abort):
            return False
        return True

    def stop(self) -> None:
        """End at once, as in a crash: sessions are cut."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def client(self, user: str) -> IMAP4_SSL:
        """Somebody else at this mailbox, signed in."""
        client = IMAP4_SSL("localhost", self.port, ssl_context=trusting(self.cert))
        client.login(user, PASSWORD)
        return client

    def deliver(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder, as a mail server does."""
        client = self.client(user)
        for mail in mails:
            kind, said = client.append(folder, "", "", mail)
            assert kind == "OK", said
        client.logout()

    def count(self, user: str, folder: str = "INBOX") -> int:
        """How many mails lie in a folder."""
        client = self.client(user)
        _kind, data = client.select(folder, readonly=True)
        client.logout()
        return int(data[0] or 0)

    def fill(self, user: str, mails: Callable[[int], bytes], count: int) -> None:
        """A mailbox with many mails, written straight to where they lie."""
        new = self.home / "mail" / user / "new"
        new.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (new / f"{number:010}.M1P1.host").write_bytes(mails(number))
        top = self.home / "mail" / user
        for path in [top, *top.rglob("*")]:
            os.chown(path, self._as.pw_uid, self._as.pw_gid)

    def forget_validity(self, user: str) -> None:
        """Another UIDVALIDITY, and all mails numbered anew, as after a restore. Stopped only.

        Written here: the server takes the time in seconds for it, which may be the same again.
        """
        shutil.rmtree(self.home / "index" / user, ignore_errors=True)
        top = self.home / "mail" / user
        for path in top.glob("dovecot-uidvalidity*"):
            path.unlink()
        kept = top / "dovecot-uidlist"
        version, validity, _next, guid = kept.read_text().partition("\n")[0].split()
        kept.write_text(f"{version} V{int(validity[1:]) + 1000} N1 {guid}\n")


def trusting(cert: Path) -> ssl.SSLContext:
    """Trusts this certificate only."""
    return ssl.create_default_context(cafile=str(cert))
