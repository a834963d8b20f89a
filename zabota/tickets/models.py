"""The heart: a ticket, what was said in it, and what is said only among ourselves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from zabota.company.models import Brand, Category
from zabota.customers.models import Customer, Identity
from zabota.files.models import Blob
from zabota.intake.models import Inbox
from zabota.staff.models import Agent, Team
from zabota.tickets.choices import OPEN_WORK, AuthorKind, Direction, Outcome, Priority, Status


class Ticket(models.Model):
    """One request of one customer, from the first word to its closing."""

    number = models.BigIntegerField(unique=True)
    subject = models.CharField(max_length=500, blank=True)
    status = models.SmallIntegerField(choices=Status.choices, default=Status.NEW)
    outcome = models.SmallIntegerField(choices=Outcome.choices, null=True)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    channel = models.CharField(max_length=16)
    language = models.CharField(max_length=8, blank=True)
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="+", db_index=False)
    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tickets", db_index=False)
    identity = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_index=False)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    assignee = models.ForeignKey(
        Agent, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="follow_ups", db_index=False
    )
    tags = ArrayField(models.CharField(max_length=40), default=list)
    last_words = models.CharField(max_length=160, blank=True)
    last_author = models.SmallIntegerField(choices=AuthorKind.choices, default=AuthorKind.CUSTOMER)
    created_at = models.DateTimeField()
    last_message_at = models.DateTimeField()
    first_replied_at = models.DateTimeField(null=True)
    solved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # in the bin, or spam
    is_spam = models.BooleanField(default=False, db_default=False)
    spam_score = models.FloatField(null=True)  # 0 … 1, when it came
    external_ref = models.CharField(max_length=120, null=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=None) | Q(status__gte=OPEN_WORK), name="outcome_when_solved"
            )
        ]
        indexes = [
            models.Index(
                fields=["-last_message_at", "-id"],
                name="ticket_open",
                include=["team_id", "brand_id", "assignee_id", "status"],
                condition=Q(status__lt=OPEN_WORK, deleted_at=None),
            ),
            models.Index(
                fields=["assignee", "-last_message_at", "-id"],
                name="ticket_open_assignee",
                condition=Q(status__lt=OPEN_WORK, deleted_at=None),
            ),
            models.Index(
                fields=["-last_message_at", "-id"],
                name="ticket_solved",
                include=["team_id", "brand_id", "assignee_id"],
                condition=Q(status=Status.SOLVED, deleted_at=None),
            ),
            models.Index(
                fields=["-deleted_at", "-id"], name="ticket_bin", condition=~Q(deleted_at=None)
            ),
            models.Index(fields=["customer", "-id"], name="ticket_customer"),
            models.Index(fields=["follows"], name="ticket_follows", condition=~Q(follows=None)),
        ]

    def __str__(self) -> str:
        return f"№ {self.number}"

    @property
    def is_open(self) -> bool:
        return self.status < OPEN_WORK


class Message(models.Model):
    """Words between the customer and us. A column `search` is kept by the database."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages", db_index=False)
    direction = models.SmallIntegerField(choices=Direction.choices)
    author_kind = models.SmallIntegerField(choices=AuthorKind.choices)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", db_index=False)
    author_name = models.CharField(max_length=160, blank=True)
    author_address = models.CharField(max_length=320, blank=True)
    copies = models.JSONField(default=list)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    quoted_text = models.TextField(blank=True)
    html = models.TextField(null=True)
    external_id = models.TextField()
    is_automatic = models.BooleanField(default=False)
    warnings = models.JSONField(default=list)
    # What the channel knows besides: who vouches for the sender, invitations, a bounce's reason …
    details = models.JSONField(default=dict, db_default={})
    inbound_id = models.BigIntegerField(null=True)
    status_before = models.SmallIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="message_ticket"),
            models.Index(fields=["external_id"], name="message_external"),
        ]


class Note(models.Model):
    """Words among ourselves; the customer never sees them. A column `search` is kept as above."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="notes", db_index=False)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", db_index=False)
    author_name = models.CharField(max_length=160, blank=True)
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ticket", "created_at", "id"], name="note_ticket")]


class Attachment(models.Model):
    """A file of a message or note, under the name its sender gave it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    note = models.ForeignKey(Note, models.CASCADE, null=True, related_name="attachments")
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.BigIntegerField()
    is_inline = models.BooleanField(default=False)
    content_id = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(message=None) ^ Q(note=None), name="attachment_of_one_thing"
            )
        ]


class Draft(models.Model):
    """What an agent has begun to write; never lost."""

    class Kind(models.IntegerChoices):
        MESSAGE = 0
        NOTE = 1

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="drafts", db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    kind = models.SmallIntegerField(choices=Kind.choices, default=Kind.MESSAGE)
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("ticket", "agent", "kind", name="draft_once")]


class Seen(models.Model):
    """The last message an agent has had on the screen; what is newer is unread."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="seen_by")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("agent", "ticket", name="seen_once")]


class SpamWord(models.Model):
    """How many tickets with this word were spam, and how many were not."""

    word = models.CharField(max_length=40, primary_key=True)
    spam = models.IntegerField(default=0)
    ham = models.IntegerField(default=0)


class SpamLesson(models.Model):
    """What the desk has learned from a ticket, so that it can be unlearned."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")
    is_spam = models.BooleanField()
    words = ArrayField(models.CharField(max_length=40))
    at = models.DateTimeField()
