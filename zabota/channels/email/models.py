"""How far mail was fetched."""

from django.db import models

from zabota.intake.models import Inbox


class MailboxPosition(models.Model):
    """Up to which UID a folder was taken in, RFC 3501 §2.3.1.1; `\\Seen` says nothing here.

    UIDs below `old_below` were there when the folder was first read: of those only what is young
    enough is taken, see `Source.since`.
    """

    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="+")
    account = models.CharField(max_length=600)  # user@host: another server counts from anew
    folder = models.CharField(max_length=255)
    uidvalidity = models.BigIntegerField()
    uid = models.BigIntegerField(default=0)
    old_below = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "inbox", "account", "folder", "uidvalidity", name="mailbox_position_once"
            )
        ]
