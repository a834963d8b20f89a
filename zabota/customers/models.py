"""Persons who write to us, and the addresses they write from."""

from django.db import models


class Customer(models.Model):
    """One person, whatever the channel."""

    name = models.CharField(max_length=160, blank=True)
    language = models.CharField(max_length=8, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class Identity(models.Model):
    """An address of a customer in normal form: `("email", "dana@example.ru")`."""

    kind = models.CharField(max_length=16)
    value = models.CharField(max_length=320)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="identities")
    bounced_at = models.DateTimeField(null=True)
    bounce_reason = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint("kind", "value", name="identity_once")]
