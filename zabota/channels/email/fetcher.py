"""One inbox that is fetched, in a thread of its own: round by round, and IDLE between them."""

import logging
import random
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

from zabota.channels.email.fetch import KeepFailed, Round
from zabota.channels.email.imap import Mailbox, open_mailbox
from zabota.channels.email.signing_in import Login, open_secret
from zabota.intake.inboxes import note_success, note_trouble, renew_secret
from zabota.intake.models import Inbox
from zabota.intake.sources import Source, SourceTrouble, source_of

log = logging.getLogger("zabota.imap")

IDLE_FOR = 300.0  # RFC 2177 allows 29 minutes; routers forget quiet connections much earlier
POLL = 30.0  # where there is no IDLE
BREATH = 0.25  # between rounds that found nothing, however much the server has to say
SAY_EVERY = 2.0
SHORTEST, LONGEST = 5.0, 15 * 60.0
MOST_BUSY = 4  # inboxes that take in at the same moment: memory, and connections to the database
_busy = threading.BoundedSemaphore(MOST_BUSY)


class Patience:
    """How long to wait before the next try: doubling, so that nobody is hammered, with jitter, so
    that a hundred inboxes do not come back to a server at once."""

    def __init__(self) -> None:
        self._next = SHORTEST

    def take(self) -> float:
        """Seconds to wait now."""
        now, self._next = self._next, min(self._next * 2, LONGEST)
        return min(now * random.uniform(1, 1.3), LONGEST)  # noqa: S311

    def renew(self) -> None:
        self._next = SHORTEST


class Fetcher(threading.Thread):
    """Fetches until `stop()`. Nothing that goes wrong ends it."""

    def __init__(self, inbox: Inbox, source: Source) -> None:
        super().__init__(name=f"imap {inbox.address}", daemon=True)
        self.inbox, self.source = inbox, source
        self.patience = Patience()
        self.rounds = 0
        self._login: Login | None = None
        self._box: Mailbox | None = None
        self._over = threading.Event()
        self._wake, self._waker = socket.socketpair()
        self._said_at = 0.0
        self._found = 0
        self._not_put_away: SourceTrouble | None = None

    def stop(self) -> None:
        """From another thread: end soon, whatever is being waited for."""
        self._over.set()
        with suppress(OSError):  # it ended this moment
            self._waker.send(b".")
        if self._box:
            self._box.cut()

    @property
    def is_leaving(self) -> bool:
        return self._over.is_set()

    def run(self) -> None:
        while not self._over.is_set():
            pause = self._try()
            connections.close_all()
            self._over.wait(pause)
        self._wake.close()
        self._waker.close()

    def _try(self) -> float:
        """One connection as long as it lasts; the seconds until the next."""
        try:
            self._session()
            return 0
        except SourceTrouble as trouble:
            return 0 if self._over.is_set() else self._note(trouble)
        except KeepFailed as error:
            log.warning("inbox %s: cannot keep what was fetched: %s", self.inbox.pk, error)
        except (DatabaseError, InterfaceError) as error:
            log.warning("inbox %s: the database is away: %s", self.inbox.pk, _first_line(error))
        except Exception:
            log.exception("inbox %s: fetching goes on after an error", self.inbox.pk)
        return self.patience.take()

    def _note(self, trouble: SourceTrouble) -> float:
        pause = self.patience.take()
        log.warning("inbox %s: %s; again in %.0f s", self.inbox.pk, trouble.kind.value, pause)
        try:
            note_trouble(self.inbox, trouble)
        except (DatabaseError, InterfaceError) as error:
            log.warning("inbox %s: the database is away: %s", self.inbox.pk, _first_line(error))
        return pause

    def _session(self) -> None:
        login = self._signed_in_by()
        login.prepare()
        try:
            with open_mailbox(self.source, login, started=self._is_there) as box:
                box.open_folder()
                while not self._over.is_set():
                    self._round(box)
                    self._rest(box)
        finally:
            self._box = None

    def _signed_in_by(self) -> Login:
        """Kept between connections, for the token in it is good for an hour."""
        if self._login is None:
            secret = open_secret(self.inbox)
            self._login = Login(self.source, secret, lambda new: renew_secret(self.inbox, new))
        return self._login

    def _is_there(self, box: Mailbox) -> None:
        self._box = box
        if self._over.is_set():
            box.cut()

    def _round(self, box: Mailbox) -> None:
        one = Round(self.inbox, self.source, box, self._over.is_set, self._say)
        with _busy:
            one.run()
        self.patience.renew()
        self.rounds += 1
        self._found = one.found
        if one.done:
            self._not_put_away = one.not_put_away
            log.info("inbox %s: %d taken of %d seen", self.inbox.pk, one.taken, one.done)
        self._say(one, last=True)
        connections.close_all()

    def _say(self, one: Round, *, last: bool = False) -> None:
        now = time.monotonic()
        if last or now - self._said_at > SAY_EVERY:
            self._said_at = now
            trouble = one.not_put_away or self._not_put_away
            note_success(self.inbox, self._figures(one), trouble)

    def _figures(self, one: Round) -> dict[str, Any]:
        ends_at = self._login.secret.ends_at if self._login else None
        return {
            "left": one.found - one.done,
            "done": one.done,
            "idle": one.box.can("IDLE"),
            "sign_in_ends_at": ends_at.isoformat() if ends_at else None,
        }

    def _rest(self, box: Mailbox) -> None:
        """Until the server has something to say."""
        if self._over.is_set():
            return
        began = time.monotonic()
        if box.can("IDLE"):
            box.wait(IDLE_FOR, self._wake)
        else:
            self._over.wait(POLL)
            box.look()
        if time.monotonic() - began < BREATH and not self._found:
            self._over.wait(BREATH)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def make_fetcher(inbox: Inbox) -> Fetcher | None:
    """Somebody who fetches at this inbox, if it is one that fetches."""
    source = source_of(inbox)
    return Fetcher(inbox, source) if source else None
