"""What was set aside: what it is about; letting it in, deleting it, bringing it back.

A deleted one keeps its ledger row, so that it does not come back; its bytes go after a day.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from zabota.core import clock
from zabota.core.text import clean_line
from zabota.events.record import Happening, record_all
from zabota.events.registry import Actor, DomainEvent
from zabota.files.actions import leave_files
from zabota.intake.actions import TRIES, Verdict
from zabota.intake.events import InboundDeleted, InboundRestored, InboundRetried
from zabota.intake.models import Inbound, InboundRaw
from zabota.intake.protocol import InboundMessage
from zabota.intake.queries import raw_bytes
from zabota.intake.reasons import HOMELESS

State = Inbound.State
ASIDE = (State.SUSPENDED, State.QUARANTINED)
ABOUT, RELEASED, TICKET, AUTHOR, WAS = "about", "released", "ticket", "author", "was"
REGRET = timedelta(days=1)

DESCRIBE = """
UPDATE intake_inbound i SET envelope = i.envelope || n.about
FROM unnest(%s::bigint[], %s::jsonb[]) AS n(id, about) WHERE i.id = n.id
"""
LET_IN = """
UPDATE intake_inbound SET state = 0, reason = '', applied_at = NULL,
  envelope = (envelope - %(tries)s) || CASE WHEN state = 2 THEN %(given)s::jsonb ELSE '{}' END
WHERE id = ANY(%(ids)s) AND state IN (2, 3)
  AND NOT (state = 2 AND %(needs_place)s AND split_part(reason, ':', 1) = ANY(%(homeless)s))
RETURNING id
"""
DELETE = """
UPDATE intake_inbound SET state = 5, applied_at = %s,
  envelope = envelope || jsonb_build_object('was', state)
WHERE id = ANY(%s) AND state IN (2, 3) RETURNING id
"""
RESTORE = """
UPDATE intake_inbound i SET state = (envelope->>'was')::int, envelope = envelope - 'was',
  applied_at = %s
WHERE id = ANY(%s) AND state = 5 AND envelope ? 'was'
  AND EXISTS (SELECT FROM intake_inboundraw r WHERE r.inbound_id = i.id) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class About:
    """What a list shows of something set aside."""

    author: str = ""
    name: str = ""
    subject: str = ""
    size: int = 0

    @classmethod
    def of(cls, envelope: Mapping[str, Any]) -> "About":
        """As stored; else what the sending server said."""
        return cls(**envelope.get(ABOUT, {"author": envelope.get("mail_from") or ""}))


def describe_set_aside(
    verdicts: Iterable[Verdict], entries: Iterable[Inbound], read: Mapping[int, InboundMessage]
) -> None:
    """Keep with each row that is set aside what it is about, as far as it could be read."""
    aside = {v.inbound_id for v in verdicts if v.state in ASIDE}
    rows = [entry for entry in entries if entry.pk in aside]
    if rows:
        said = [json.dumps({ABOUT: asdict(_about(e, read.get(e.pk)))}) for e in rows]
        with connection.cursor() as cursor:
            cursor.execute(DESCRIBE, [[e.pk for e in rows], said])


def _about(entry: Inbound, message: InboundMessage | None) -> About:
    size = len(raw_bytes(entry))
    if message is None:
        return About(author=clean_line(entry.envelope.get("mail_from") or "", 320), size=size)
    author = message.author
    return About(
        author=clean_line(author.value, 320) if author else "",
        name=clean_line(author.name, 160) if author else "",
        subject=clean_line(message.subject, 300),
        size=size,
    )


@transaction.atomic
def let_in(
    ids: Sequence[int], *, actor: Actor, ticket_id: int | None = None, author: str = ""
) -> int:
    """Put these back into the queue; how many. What only made them suspicious no longer counts.

    Those that lack a place are left, unless it is given: a ticket, or whose words they are.
    """
    given: dict[str, Any] = {RELEASED: True}
    given |= {TICKET: ticket_id} if ticket_id else {}
    given |= {AUTHOR: author} if author else {}
    values = {
        "ids": list(ids),
        "tries": TRIES,
        "given": json.dumps(given),
        "needs_place": len(given) == 1,
        "homeless": [str(reason) for reason in HOMELESS],
    }
    changed = _change(LET_IN, values, lambda pk: InboundRetried(inbound_id=pk), actor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('intake', '')")
    return changed


@transaction.atomic
def delete_set_aside(ids: Sequence[int], *, actor: Actor) -> int:
    """Out of sight; how many. For a day they can be brought back, and never come in again."""
    values = [clock.now(), list(ids)]
    return _change(DELETE, values, lambda pk: InboundDeleted(inbound_id=pk), actor)


@transaction.atomic
def restore_deleted(ids: Sequence[int], *, actor: Actor) -> int:
    """Set aside again what was deleted and still has its bytes; how many."""
    values = [clock.now(), list(ids)]
    return _change(RESTORE, values, lambda pk: InboundRestored(inbound_id=pk), actor)


def _change(statement: str, values: Any, event: Callable[[int], DomainEvent], actor: Actor) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        ids = [row[0] for row in cursor.fetchall()]
    record_all([Happening(event(pk), actor) for pk in ids])
    return len(ids)


@transaction.atomic
def forget_set_aside(before: datetime, *, limit: int = 500) -> int:
    """Housekeeping: what was set aside before this moment, or deleted a day ago, loses its bytes.

    Give back how many rows. The ledger keeps id and hash.
    """
    rows = InboundRaw.objects.select_for_update(of=("self",), skip_locked=True)
    old = rows.filter(inbound__state__in=ASIDE, inbound__applied_at__lt=before)
    gone = rows.filter(inbound__state=State.DELETED, inbound__applied_at__lt=clock.now() - REGRET)
    found = [*old[:limit], *gone[:limit]]
    ids = [raw.pk for raw in found]
    keys = [raw.file_key for raw in found if raw.file_key]
    InboundRaw.objects.filter(pk__in=ids).delete()
    Inbound.objects.filter(pk__in=ids).update(state=State.DELETED, envelope={}, reason="")
    leave_files(keys)
    return len(found)


def forget_applied(ids: Sequence[int]) -> None:
    """What these brought was deleted for good: the ledger keeps only their id and hash."""
    rows = InboundRaw.objects.filter(pk__in=ids)
    keys = list(rows.exclude(file_key="").values_list("file_key", flat=True))
    rows.delete()
    Inbound.objects.filter(pk__in=ids).update(envelope={}, reason="")
    leave_files(keys)
