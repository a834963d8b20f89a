"""Taking in: safe on disk, once only, before it is acknowledged."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction

from zabota.company.actions import ensure_brand
from zabota.core import clock
from zabota.core.text import clean_text
from zabota.events.record import record
from zabota.events.registry import SYSTEM, Actor
from zabota.files.actions import delete_file, undone_with_rows, write_file
from zabota.intake.events import InboundRetried, InboundSetAside
from zabota.intake.models import Inbound, Inbox
from zabota.intake.protocol import USUAL

_MAIL_ADDRESS = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,255}")
RAW_IN_ROW = 256 * 1024
LONGEST_ID = 255
TRIES = "tries"

ACCEPT = """
WITH entry AS (
  INSERT INTO intake_inbound (inbox_id, channel, external_id, body_hash, envelope, origin, state,
                              reason, received_at)
  VALUES (%s, %s, %s, %s, %s::jsonb, %s, 0, '', %s) ON CONFLICT DO NOTHING RETURNING id
), bytes AS (
  INSERT INTO intake_inboundraw (inbound_id, data, file_key) SELECT id, %s, %s FROM entry
)
SELECT id, pg_notify('intake', '') FROM entry
"""
FINISH = """
UPDATE intake_inbound i SET state = n.state, outcome = n.outcome, reason = n.reason, applied_at = %s
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[]) AS n(id, state, outcome, reason)
WHERE i.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one ledger row."""

    inbound_id: int
    state: int
    outcome: int | None = None
    reason: str = ""


def accept_inbound(
    inbox: Inbox,
    raw: bytes,
    *,
    external_id: str,
    body_hash: bytes,
    envelope: Mapping[str, Any],
    origin: int = Inbound.Origin.LIVE,
    received_at: datetime | None = None,
) -> int | None:
    """Write raw bytes and their ledger row in one committed statement; the id, or None if known.

    When this returns outside a transaction, the message survives any crash: acknowledge it then.
    """
    packed = zlib.compress(raw, 1)
    said: list[Any] = [
        inbox.pk,
        inbox.channel,
        _short_id(external_id),
        body_hash,
        json.dumps(envelope),
        origin,
        received_at or clock.now(),
    ]
    with undone_with_rows():
        key = "" if len(packed) <= RAW_IN_ROW else write_file(packed)
        with connection.cursor() as cursor:
            cursor.execute(ACCEPT, [*said, None if key else packed, key])
            row = cursor.fetchone()
    if row is None and key:
        delete_file(key)
    return row[0] if row else None


def _short_id(external_id: str) -> str:
    """A stranger's id can be of any length; an index entry cannot."""
    if len(external_id.encode()) <= LONGEST_ID:
        return external_id
    return "sha256:" + hashlib.sha256(external_id.encode()).hexdigest()


def finish_inbound(verdicts: Sequence[Verdict]) -> None:
    """Note in the ledger what became of these rows; those set aside get an event."""
    if not verdicts:
        return
    columns: list[list[Any]] = [
        [v.inbound_id for v in verdicts],
        [v.state for v in verdicts],
        [v.outcome for v in verdicts],
        [clean_text(v.reason[:2000]) for v in verdicts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(FINISH, [clock.now(), *columns])
    record(*_set_aside(verdicts), actor=SYSTEM)


def _set_aside(verdicts: Iterable[Verdict]) -> list[InboundSetAside]:
    states = {
        Inbound.State.SUSPENDED.value: "suspended",
        Inbound.State.QUARANTINED.value: "quarantined",
    }
    return [
        InboundSetAside(inbound_id=v.inbound_id, state=states[v.state])
        for v in verdicts
        if v.state in states
    ]


@transaction.atomic
def retry_inbound(inbound: Inbound, *, actor: Actor) -> None:
    """Put a row that was set aside back into the queue."""
    aside = (Inbound.State.SUSPENDED, Inbound.State.QUARANTINED)
    changed = Inbound.objects.filter(pk=inbound.pk, state__in=aside).update(
        state=Inbound.State.RECEIVED, reason="", applied_at=None, envelope=_released(inbound)
    )
    if changed:
        record(InboundRetried(inbound_id=inbound.pk), actor=actor)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('intake', '')")


def _released(inbound: Inbound) -> dict[str, Any]:
    """A person looked at it: what only made it suspicious no longer holds it back."""
    released = inbound.state == Inbound.State.SUSPENDED
    said = {key: value for key, value in inbound.envelope.items() if key != TRIES}
    return {**said, **({"released": True} if released else {})}


def count_try(inbound: Inbound) -> int:
    """Note, before it is read, that it is being tried; give back how often it has been."""
    tries = int(inbound.envelope.get(TRIES, 0)) + 1
    inbound.envelope = {**inbound.envelope, TRIES: tries}
    inbound.save(update_fields=["envelope"])
    return tries


def forget_try(inbound: Inbound) -> None:
    """It was not to blame: that try does not count, if the database lets us say so."""
    inbound.envelope = {**inbound.envelope, TRIES: int(inbound.envelope.get(TRIES, 1)) - 1}
    with suppress(DatabaseError, InterfaceError):
        Inbound.objects.filter(pk=inbound.pk).update(envelope=inbound.envelope)


def is_mail_address(text: str) -> bool:
    """Whether mail could be sent there."""
    return _MAIL_ADDRESS.fullmatch(text) is not None


def add_inbox(
    address: str, *, channel: str = USUAL, brand: str | None = None, name: str = ""
) -> tuple[Inbox, bool]:
    """The inbox at this address, and whether it is new; of this brand, or of the first one.

    Raises `ValueError` on what is no address on this channel.
    """
    address = address.strip().lower()
    if channel == USUAL and not _MAIL_ADDRESS.fullmatch(address):
        raise ValueError(f"{address!r} is not an address; one looks like help@example.com")
    return Inbox.objects.get_or_create(
        channel=channel,
        address=address,
        defaults={"brand": ensure_brand(brand), "name": name, "created_at": clock.now()},
    )
