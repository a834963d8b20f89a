"""Reading the ledger and the queue of deliveries."""

import zlib
from collections import Counter
from collections.abc import Iterable

from django.db.models import QuerySet

from zabota.core.literal import Literal
from zabota.files.actions import open_file
from zabota.intake.models import Delivery, Inbound, InboundRaw, Inbox
from zabota.staff.models import Agent

# Asked once a recipient: Django needs longer to put the query together than PostgreSQL to answer.
AT = "SELECT * FROM intake_inbox WHERE channel = %s AND address = ANY(%s) AND is_active"


def find_inbox(channel: str, address: str) -> Inbox | None:
    """The active inbox at this address; `support+anything@` is `support@` (RFC 5233)."""
    local, _, domain = address.lower().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    rows = Inbox.objects.raw(AT, [channel, [f"{local}@{domain}", plain]])
    found = {inbox.address: inbox for inbox in rows}
    return found.get(f"{local}@{domain}") or found.get(plain)


def own_addresses() -> set[tuple[str, str]]:
    """`(channel, address)` of every inbox, active or not: mail from these is our own."""
    return set(Inbox.objects.values_list("channel", "address"))


def take_received(limit: int) -> list[Inbound]:
    """The oldest rows nobody has applied, locked for this transaction, each with its inbox."""
    waiting = Inbound.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = waiting.filter(state=Literal(Inbound.State.RECEIVED)).select_related("inbox", "raw")
    return list(rows.order_by("id")[:limit])


def raw_bytes(inbound: Inbound) -> bytes:
    """The message exactly as it came."""
    raw: InboundRaw = inbound.raw
    if raw.data is not None:
        return zlib.decompress(raw.data)
    with open_file(raw.file_key) as file:
        return zlib.decompress(file.read())


def set_aside_visible_to(agent: Agent) -> QuerySet[Inbound]:
    """What was suspended or quarantined, newest first, for those who look after the intake."""
    if not agent.may("intake.manage"):
        return Inbound.objects.none()
    aside = [Literal(s) for s in (Inbound.State.SUSPENDED, Inbound.State.QUARANTINED)]
    return Inbound.objects.filter(state__in=aside).select_related("inbox").order_by("-id")


def outbox_visible_to(agent: Agent) -> QuerySet[Delivery]:
    """What has not gone out: waiting, on its way, failed; newest first."""
    if not agent.may("intake.manage"):
        return Delivery.objects.none()
    waiting = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.FAILED)
    states = [Literal(state) for state in waiting]
    return Delivery.objects.filter(state__in=states).select_related("inbox").order_by("-id")


def deliveries_of(message_ids: Iterable[int]) -> dict[int, Delivery]:
    """The newest delivery of each message."""
    rows = Delivery.objects.filter(message_id__in=list(message_ids)).defer("payload")
    return {row.message_id: row for row in rows.order_by("id") if row.message_id is not None}


def count_by_result(ids: Iterable[int]) -> Counter[tuple[int, int | None]]:
    """How many of these ledger rows are in which `(state, outcome)`."""
    rows = Inbound.objects.filter(pk__in=list(ids)).values_list("state", "outcome")
    return Counter(rows)
