"""Connecting inboxes to where their mail lies, and noting how fetching goes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import connection, transaction

from zabota.core import clock
from zabota.core.text import clean_line
from zabota.events.record import audit
from zabota.events.registry import Actor
from zabota.intake.models import Inbox, InboxHealth
from zabota.intake.sources import KEY, Secret, Source, SourceTrouble

CHANGED = "inboxes"  # NOTIFY
WAITING = "waiting"  # among the figures: nobody has looked since it was changed


@transaction.atomic
def connect_inbox(inbox: Inbox, source: Source, secret: Secret | None, *, actor: Actor) -> Inbox:
    """Fetch from there from now on, at once; without `secret` the one there is stays.

    What was noted of another source's health is forgotten.
    """
    locked = _lock(inbox)
    saved = replace(source, saved_at=clock.now().isoformat())
    locked.settings = {**locked.settings, KEY: saved.as_json()}
    if secret is not None:
        locked.secret = secret.sealed()
    _save(locked, "inbox.connected", actor, "settings", "secret")
    return locked


@transaction.atomic
def disconnect_inbox(inbox: Inbox, *, actor: Actor) -> Inbox:
    """Fetch no more; mail is brought here. The password is forgotten."""
    locked = _lock(inbox)
    if KEY not in locked.settings and not locked.secret:
        return locked
    locked.settings = {k: v for k, v in locked.settings.items() if k != KEY}
    locked.secret = ""
    _save(locked, "inbox.disconnected", actor, "settings", "secret")
    return locked


@transaction.atomic
def set_active(inbox: Inbox, is_active: bool, *, actor: Actor) -> None:
    """Take in at this inbox, or pause."""
    locked = _lock(inbox)
    if locked.is_active != is_active:
        locked.is_active = is_active
        _save(locked, "inbox.resumed" if is_active else "inbox.paused", actor, "is_active")


@transaction.atomic
def describe_inbox(inbox: Inbox, *, name: str, brand_id: int, actor: Actor) -> None:
    """Give it a name and a brand."""
    locked = _lock(inbox)
    if (locked.name, locked.brand_id) != (name, brand_id):
        locked.name, locked.brand_id = name, brand_id
        _save(locked, "inbox.changed", actor, "name", "brand_id")


def renew_secret(inbox: Inbox, secret: Secret) -> None:
    """Keep the token we were given for the old one; who entered another meanwhile wins."""
    sealed = secret.sealed()
    Inbox.objects.filter(pk=inbox.pk, secret=inbox.secret).update(secret=sealed)
    inbox.secret = sealed


def note_success(
    inbox: Inbox, figures: Mapping[str, Any], trouble: SourceTrouble | None = None
) -> None:
    """Fetching works, as of now; `trouble` is with what happens on the server afterwards."""
    now = clock.now()
    _note(inbox, checked_at=now, worked_at=now, figures=dict(figures), **_said(inbox, trouble))


def note_trouble(inbox: Inbox, trouble: SourceTrouble) -> None:
    """Fetching does not work; since when stays what it was."""
    _note(inbox, checked_at=clock.now(), **_said(inbox, trouble))


def _said(inbox: Inbox, trouble: SourceTrouble | None) -> dict[str, Any]:
    if trouble is None:
        return {"trouble": "", "trouble_since": None}
    since = _health(inbox).trouble_since or clock.now()
    return {"trouble": clean_line(str(trouble), 500), "trouble_since": since}


def _note(inbox: Inbox, **values: Any) -> None:
    if not InboxHealth.objects.filter(inbox=inbox).update(**values):
        InboxHealth.objects.update_or_create(inbox=inbox, defaults=values)


def _health(inbox: Inbox) -> InboxHealth:
    return InboxHealth.objects.filter(inbox=inbox).first() or InboxHealth(inbox=inbox)


def _lock(inbox: Inbox) -> Inbox:
    return Inbox.objects.select_for_update(of=("self",)).select_related("brand").get(pk=inbox.pk)


def _save(inbox: Inbox, action: str, actor: Actor, *fields: str) -> None:
    inbox.save(update_fields=fields)
    # Whoever begins anew, or not at all, begins without the trouble there was.
    fresh = {"checked_at": clock.now(), "trouble": "", "trouble_since": None}
    InboxHealth.objects.update_or_create(
        inbox=inbox, defaults={**fresh, "figures": {WAITING: True}}
    )
    audit(action, actor=actor, inbox=inbox.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANGED])
