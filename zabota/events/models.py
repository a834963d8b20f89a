"""History, outbox, live cursor and timeline in one append-only table."""

from django.db import models


class Event(models.Model):
    """One thing that happened, in the stream `(stream_kind, stream_id)`.

    A column `xid` (the writing transaction) is kept by the database: see migration and `feed.py`.
    Payloads hold ids, enums, numbers and times, never personal text.
    """

    stream_kind = models.CharField(max_length=16)
    stream_id = models.BigIntegerField()
    seq = models.IntegerField()
    kind = models.CharField(max_length=48)
    version = models.SmallIntegerField(default=1)
    payload = models.JSONField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    caused_by = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("stream_kind", "stream_id", "seq", name="event_stream_seq")
        ]


class EventTodo(models.Model):
    """An event that listeners have not been given yet; the row goes when they have."""

    event = models.OneToOneField(
        Event, models.CASCADE, primary_key=True, db_constraint=False, related_name="+"
    )


class ListenerBacklog(models.Model):
    """A listener that failed on a stream: it alone waits here, from `seq` on."""

    listener = models.CharField(max_length=96)
    stream_kind = models.CharField(max_length=16)
    stream_id = models.BigIntegerField()
    seq = models.IntegerField()
    attempts = models.IntegerField(default=1)
    retry_at = models.DateTimeField()
    is_dead = models.BooleanField(default=False)
    error = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint("listener", "stream_kind", "stream_id", name="backlog_once")
        ]


class Epoch(models.Model):
    """The generation of this history; a restore begins a new one, so old cursors are refused."""

    number = models.IntegerField(default=1)


class Audit(models.Model):
    """Sign-ins, permissions, exports. Insert only: a trigger refuses the rest."""

    at = models.DateTimeField()
    action = models.CharField(max_length=48)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
