"""Bytes strangers and agents gave us, outside the web root under names of our own."""

from django.db import models


class Blob(models.Model):
    """One content, stored once: `key` is random, `refs` counts who still needs it."""

    sha256 = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField()
    key = models.CharField(max_length=40, unique=True)
    refs = models.IntegerField(default=1)
    created_at = models.DateTimeField()


class Leftover(models.Model):
    """A file no row names any more; a day it stays, for a backup that has still to come to it."""

    key = models.CharField(max_length=40, primary_key=True)
    since = models.DateTimeField(db_index=True)
