"""Bytes strangers and agents gave us, outside the web root under names of our own."""

from django.db import models


class Blob(models.Model):
    """One content, stored once: `key` is random, `refs` counts who still needs it."""

    sha256 = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField()
    key = models.CharField(max_length=40, unique=True)
    refs = models.IntegerField(default=1)
    created_at = models.DateTimeField()
