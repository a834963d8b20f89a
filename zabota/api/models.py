"""Answers kept for a day, so that a request sent twice happens once."""

from django.db import models

from zabota.staff.models import ApiToken


class Answer(models.Model):
    """What was answered to the POST with this `Idempotency-Key` and `request_hash`."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("token", "key", name="answer_once")]
        indexes = [models.Index(fields=["created_at"], name="answer_age")]
