"""New tickets of a batch that look like spam: hidden at birth, or marked to be asked about."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zabota.company.preferences import preferences
from zabota.tickets.models import Ticket
from zabota.tickets.spam import clues_of, knows_enough, load_counts, score, words_of

if TYPE_CHECKING:
    from zabota.tickets.placing import Placed

IDLE = 2.0  # seconds until it is asked again whether enough has been learned
_idle_until = 0.0


def forget_idleness() -> None:
    """Something was learned: ask anew."""
    globals()["_idle_until"] = 0.0


def judge(placed: Sequence["Placed"]) -> None:
    """Score the new tickets of a batch, not stored yet; hide those above the company's limit.

    Never replies, archives, or customers whose tickets were answered before.
    """
    new = [p for p in placed if p.is_new and not p.is_ours and not p.incoming.is_import]
    new = [p for p in new if not p.incoming.entry.envelope.get("released")]
    if not new or time.monotonic() < _idle_until:
        return
    said = {id(p): _words(p) for p in new}
    counts = load_counts({word for words in said.values() for word in words})
    if not knows_enough(counts):
        globals()["_idle_until"] = time.monotonic() + IDLE
        return
    limits = preferences("spam_above", "spam_doubt")
    for p in new:
        p.ticket.spam_score = round(score(clues_of(said[id(p)], counts)), 4)
    doubtful = [p for p in new if (p.ticket.spam_score or 0) >= limits["spam_doubt"]]
    known = _answered({p.ticket.customer_id for p in doubtful})
    for p in doubtful:
        if p.ticket.customer_id in known or p.ticket.follows is not None:
            p.ticket.spam_score = None
        elif (p.ticket.spam_score or 0) >= limits["spam_above"]:
            p.ticket.is_spam, p.ticket.deleted_at = True, p.ticket.created_at


def _words(p: "Placed") -> list[str]:
    return words_of(p.row.subject, p.row.text, p.row.author_address, p.row.details)


def _answered(customer_ids: set[int]) -> set[int]:
    rows = Ticket.objects.filter(customer__in=customer_ids, first_replied_at__isnull=False)
    return set(rows.values_list("customer_id", flat=True)) if customer_ids else set()
