"""The front hall: addresses we listen at, everything that came in, everything that goes out."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from zabota.company.models import Brand
from zabota.staff.models import Agent, Team


class Inbox(models.Model):
    """An address customers write to."""

    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=120, blank=True)
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="inboxes")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    is_active = models.BooleanField(default=True)
    settings = models.JSONField(default=dict)  # the channel's own
    secret = models.TextField(blank=True)  # sealed: see core.sealing
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "inboxes"
        constraints = [models.UniqueConstraint("channel", "address", name="inbox_once")]

    def __str__(self) -> str:
        return self.address


class InboxHealth(models.Model):
    """How taking in at an inbox goes, as the process that fetches there last saw it."""

    inbox = models.OneToOneField(Inbox, models.CASCADE, primary_key=True, related_name="health")
    checked_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)
    trouble_since = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)


class Block(models.Model):
    """A sender, or a whole domain, nothing of whom is wanted: `spam@example.com`, `example.com`."""

    channel = models.CharField(max_length=16)
    value = models.CharField(max_length=320)
    reason = models.CharField(max_length=200, blank=True)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("channel", "value", name="block_once")]


class Hold(models.Model):
    """While one is open nothing is sent: after a restore, at a burst, or by hand."""

    class Cause(models.IntegerChoices):
        RESTORED = 0
        BURST = 1
        BY_HAND = 2

    cause = models.SmallIntegerField(choices=Cause.choices)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], name="hold_once", condition=Q(released_at=None)
            )
        ]


class Inbound(models.Model):
    """The ledger: one row for everything taken in, and its own queue.

    Once only: `(channel, external_id, body_hash)`. Raw bytes stand in `InboundRaw`.
    """

    class State(models.IntegerChoices):
        RECEIVED = 0
        APPLIED = 1
        SUSPENDED = 2
        QUARANTINED = 3
        DUPLICATE = 4
        DELETED = 5  # only the row is kept, so that it does not come back

    class Outcome(models.IntegerChoices):
        """What became of an applied one."""

        TICKET = 1
        REPLY = 2

    class Origin(models.IntegerChoices):
        LIVE = 0
        IMPORT = 1

    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=16)
    external_id = models.TextField()
    body_hash = models.BinaryField(max_length=32)
    envelope = models.JSONField(default=dict)
    origin = models.SmallIntegerField(choices=Origin.choices, default=Origin.LIVE)
    state = models.SmallIntegerField(choices=State.choices, default=State.RECEIVED)
    outcome = models.SmallIntegerField(choices=Outcome.choices, null=True)
    reason = models.TextField(blank=True)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("channel", "external_id", "body_hash", name="inbound_once")
        ]
        indexes = [
            models.Index(fields=["id"], name="inbound_waiting", condition=Q(state=0)),
            models.Index(fields=["-id"], name="inbound_set_aside", condition=Q(state__in=[2, 3])),
        ]


class InboundRaw(models.Model):
    """The bytes as they came: up to 256 kB compressed here, larger ones as a file."""

    inbound = models.OneToOneField(Inbound, models.CASCADE, primary_key=True, related_name="raw")
    data = models.BinaryField(null=True)
    file_key = models.CharField(max_length=40, blank=True)


class Chore(models.Model):
    """What somebody asked for many rows at once: done in lots, its progress in sight."""

    kind = models.CharField(max_length=24)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    ids = ArrayField(models.BigIntegerField())
    done = models.IntegerField(default=0)  # how many of them it has come by
    changed = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="chore_open", condition=Q(finished_at=None))]


class Delivery(models.Model):
    """Something on its way to a customer: whole, frozen when queued, id fixed at birth."""

    class State(models.IntegerChoices):
        QUEUED = 0
        SENDING = 1
        SENT = 2
        FAILED = 3
        CANCELLED = 4

    channel = models.CharField(max_length=16)
    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="+")
    stream_kind = models.CharField(max_length=16)
    stream_id = models.BigIntegerField()
    message_id = models.BigIntegerField(null=True)
    recipient = models.CharField(max_length=320)
    is_automatic = models.BooleanField(default=False)
    external_id = models.TextField()
    payload = models.JSONField()
    state = models.SmallIntegerField(choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(blank=True)
    is_waiting = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state__in=[0, 1])),
            models.Index(
                fields=["-id"],
                name="delivery_outbox",
                include=["state"],
                condition=Q(state__in=[0, 1, 3]),
            ),
            models.Index(fields=["message_id"], name="delivery_message"),
            models.Index(fields=["external_id"], name="delivery_external"),
            models.Index(
                fields=["recipient", "created_at"],
                name="delivery_auto",
                condition=Q(is_automatic=True),
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.SENDING)
