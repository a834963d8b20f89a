"""Bringing an archive in: through the same ledger as everything else, quietly, at its own dates."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from zabota.channels.email.archives import Archived
from zabota.channels.email.identity import identify
from zabota.core.database import unless_deadlocked
from zabota.events.dispatch import drain
from zabota.intake.actions import accept_inbound
from zabota.intake.models import Inbound, Inbox
from zabota.intake.queries import count_by_result
from zabota.tickets.receive import apply_inbound

LOT = 200
State, Outcome = Inbound.State, Inbound.Outcome


@dataclass(slots=True)
class Totals:
    """What became of an archive; the five others add up to `received`."""

    received: int = 0
    tickets: int = 0
    replies: int = 0
    duplicates: int = 0
    suspended: int = 0
    quarantined: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    def add(self, results: Counter[tuple[int, int | None]]) -> None:
        self.tickets += results[State.APPLIED, Outcome.TICKET]
        self.replies += results[State.APPLIED, Outcome.REPLY]
        for (state, _outcome), count in results.items():
            self.duplicates += count if state == State.DUPLICATE else 0
            self.suspended += count if state == State.SUSPENDED else 0
            self.quarantined += count if state == State.QUARANTINED else 0


def import_mails(
    mails: Sequence[Archived], inbox: Inbox, tell: Callable[[int], None] = lambda _count: None
) -> Totals:
    """Take in and apply these mails, oldest first; `tell` hears how many more are done.

    A lot at a time is written to the ledger and applied, here or by a running worker.
    """
    totals = Totals()
    waiting = iter(mails)
    while lot := list(islice(waiting, LOT)):
        ids = [pk for mail in lot if (pk := _accept(mail, inbox)) is not None]
        totals.received += len(lot)
        totals.duplicates += len(lot) - len(ids)
        totals.add(_apply(ids))
        tell(len(lot))
    return totals


def _accept(mail: Archived, inbox: Inbox) -> int | None:
    raw = mail.read()
    external_id, body_hash = identify(raw)
    return accept_inbound(
        inbox,
        raw,
        external_id=external_id,
        body_hash=body_hash,
        envelope={},
        origin=Inbound.Origin.IMPORT,
    )


def _apply(ids: list[int]) -> Counter[tuple[int, int | None]]:
    while Inbound.objects.filter(pk__in=ids, state=State.RECEIVED).exists():
        unless_deadlocked(apply_inbound)
    while unless_deadlocked(drain):
        pass
    return count_by_result(ids)
