"""Taking in what lies in a folder: in windows, by UID, each mail safe here before it is done there.

The order is what makes it safe: ledger, then what happens on the server, then the position. A kill
anywhere repeats at most one window, and the ledger knows what it has.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction

from zabota.channels.email.channel import NOT_FETCHED
from zabota.channels.email.identity import identify
from zabota.channels.email.imap import Head, Mailbox
from zabota.channels.email.models import MailboxPosition
from zabota.channels.email.settings import MEGABYTE, mail_settings
from zabota.files.actions import undone_with_rows
from zabota.intake.actions import accept_inbound
from zabota.intake.models import Inbound, Inbox
from zabota.intake.sources import Source, SourceTrouble, Trouble

WINDOW = 50
MOST_AT_ONCE = 8 * 1024 * 1024  # bytes of mails held in memory together


class KeepFailed(Exception):
    """What was fetched cannot be kept here (no room); no fault of the server's."""


@dataclass(slots=True)
class Round:
    """One walk through what is new in a folder."""

    inbox: Inbox
    source: Source
    box: Mailbox
    should_stop: Callable[[], bool]
    progress: Callable[["Round"], None] = lambda _round: None
    found: int = 0
    done: int = 0
    taken: int = 0
    not_put_away: SourceTrouble | None = None
    position: MailboxPosition = field(init=False)

    def run(self) -> None:
        """Take in everything new. Raises `SourceTrouble`, `KeepFailed`, `DatabaseError`."""
        self.position = self._position()
        is_first = self.position.uid + 1 < self.position.old_below
        uids = self.box.uids_after(self.position.uid, self.source.since if is_first else None)
        self.found = len(uids)
        for window in windows(uids):
            if self.should_stop():
                return
            self._take(window)
            self.progress(self)
        if is_first:  # older ones that are left alone are done with, too
            self._move_to(self.position.old_below - 1)

    def _position(self) -> MailboxPosition:
        source, box = self.source, self.box
        return MailboxPosition.objects.get_or_create(
            inbox=self.inbox,
            account=source.account,
            folder=source.folder,
            uidvalidity=box.uidvalidity,
            defaults={"old_below": box.uidnext},
        )[0]

    def _take(self, window: Sequence[int]) -> None:
        wanted = [head for head in self.box.heads(window) if self._is_wanted(head)]
        whole = []
        for part in in_memory(wanted):
            whole += self._keep(part)
        try:
            self.box.put_away(whole)
        except SourceTrouble as trouble:
            if trouble.kind != Trouble.AFTERWARDS:
                raise
            self.not_put_away = trouble  # it is safe here; what follows must not wait
        self.done += len(window)
        self._move_to(window[-1])

    def _is_wanted(self, head: Head) -> bool:
        since = self.source.since
        return not since or head.uid >= self.position.old_below or head.arrived_at >= since

    def _move_to(self, uid: int) -> None:
        if uid > self.position.uid:
            self.position.uid = uid
            self.position.save(update_fields=["uid"])

    def _keep(self, heads: Sequence[Head]) -> list[int]:
        """Fetch and commit these; the UIDs of those that are here whole."""
        fits = [head for head in heads if head.size <= mail_settings().largest]
        bodies = self._bodies([head.uid for head in fits])
        connections.close_all()  # fetching took its time; the pool tries a connection before use
        try:
            with undone_with_rows(), transaction.atomic():
                for head in heads:
                    if raw := bodies.get(head.uid):
                        self._accept(head, raw)
                    else:
                        self._note_unfetched(head)
        except OSError as error:
            raise KeepFailed(str(error)) from error
        return [head.uid for head in heads if bodies.get(head.uid)]

    def _bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """All together; if the server stumbles over one, one by one."""
        try:
            return self.box.bodies(uids)
        except SourceTrouble as trouble:
            if trouble.kind != Trouble.SERVER:
                raise
        found: dict[int, bytes] = {}
        for uid in uids:
            try:
                found |= self.box.bodies([uid])
            except SourceTrouble as trouble:
                if trouble.kind != Trouble.SERVER:
                    raise
        return found

    def _note_unfetched(self, head: Head) -> None:
        """A mail that is too large, or that the server does not hand out: its head stands in the
        ledger, set aside, and it stays where it is."""
        why = "the server does not hand it out"
        if head.size > (largest := mail_settings().largest):
            why = f"{head.size / MEGABYTE:.0f} MB are more than {largest // MEGABYTE} MB"
        heads = self.box.bodies([head.uid], "HEADER")
        raw = heads.get(head.uid)
        if raw:  # else it was deleted meanwhile
            self._accept(head, raw, **{NOT_FETCHED: why})

    def _accept(self, head: Head, raw: bytes, **more: Any) -> None:
        external_id, body_hash = identify(raw)
        is_old = self._is_old(head)
        known = accept_inbound(
            self.inbox,
            raw,
            external_id=external_id,
            body_hash=body_hash,
            envelope={
                "folder": self.source.folder,
                "uid": head.uid,
                "uidvalidity": self.box.uidvalidity,
                **more,
            },
            origin=Inbound.Origin.IMPORT if is_old else Inbound.Origin.LIVE,
            received_at=head.arrived_at if is_old else None,
        )
        self.taken += known is not None

    def _is_old(self, head: Head) -> bool:
        """Nobody waits for an answer to it any more: no receipt goes out, no clock starts."""
        was_there = head.uid < self.position.old_below
        return was_there and head.arrived_at.isoformat() < self.source.saved_at


def windows(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """These UIDs, some at a time."""
    for start in range(0, len(uids), WINDOW):
        yield uids[start : start + WINDOW]


def in_memory(heads: Sequence[Head]) -> Iterator[list[Head]]:
    """These mails, as many at a time as may be held in memory together."""
    part: list[Head] = []
    held = 0
    for head in heads:
        if part and held + head.size > MOST_AT_ONCE:
            yield part
            part, held = [], 0
        part.append(head)
        held += head.size
    if part:
        yield part
