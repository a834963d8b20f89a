"""Senders nothing is wanted of: an address, or a whole domain. Their mail is only suspended."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zabota.core import clock
from zabota.core.text import clean_line
from zabota.events.record import audit
from zabota.events.registry import Actor
from zabota.intake.models import Block
from zabota.intake.queries import own_addresses
from zabota.staff.models import Agent

_DOMAIN = re.compile(r"[^\s@<>\"',;]+\.[^\s@<>\"',;.]{2,}")


def read_blocked(value: str) -> str:
    """An address or a domain in normal form: `@Example.com` is `example.com`.

    Raises `ValidationError` on what is neither, and on what is ours.
    """
    value = clean_line(value, 320).lower().strip("<> ").removeprefix("@").removeprefix("*@")
    local, at, domain = value.rpartition("@")
    if not _DOMAIN.fullmatch(domain) or (at and not local) or " " in local:
        raise ValidationError(
            _("An address looks like name@example.com, a domain like example.com")
        )
    ours = {address for _channel, address in own_addresses()}
    if value in ours or (not at and domain in {address.rpartition("@")[2] for address in ours}):
        raise ValidationError(_("That is our own: nothing of ours can be blocked"))
    return value


@transaction.atomic
def block(value: str, *, channel: str, actor: Agent, reason: str = "") -> Block:
    """Suspend what comes from there from now on; the block, perhaps one that was there.

    Raises `ValidationError`.
    """
    made, is_new = Block.objects.get_or_create(
        channel=channel,
        value=read_blocked(value),
        defaults={"agent": actor, "reason": reason[:200], "created_at": clock.now()},
    )
    if is_new:
        audit("block.added", actor=Actor("agent", actor.pk), block=made.pk, value=made.value)
    return made


@transaction.atomic
def unblock(row: Block, *, actor: Agent) -> None:
    """Take in again what comes from there."""
    audit("block.removed", actor=Actor("agent", actor.pk), block=row.pk, value=row.value)
    row.delete()


def blocks_visible_to(agent: Agent, words: str = "") -> QuerySet[Block]:
    """Blocks with these words in them, newest first, for who looks after the intake."""
    if not agent.may("intake.manage"):
        return Block.objects.none()
    rows = Block.objects.select_related("agent").order_by("-id")
    return rows.filter(Q(value__icontains=words) | Q(reason__icontains=words)) if words else rows


def blocked_among(senders: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Which of these `(channel, address)` are blocked, and by which block; in one query."""
    names = {sender: domains_of(sender[1]) for sender in senders}
    if not names:
        return {}
    wanted = {value for values in names.values() for value in values}
    found = set(Block.objects.filter(value__in=wanted).values_list("channel", "value"))
    return {
        sender: hit
        for sender, values in names.items()
        if (hit := next((value for value in values if (sender[0], value) in found), ""))
    }


def domains_of(address: str) -> list[str]:
    """The address, its domain, and the domains that one belongs to."""
    labels = address.rpartition("@")[2].split(".")
    return [address, *(".".join(labels[n:]) for n in range(len(labels) - 1))]
