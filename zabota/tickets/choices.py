"""The values a ticket's fields can take; numbers are stored, names travel."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class _Named(models.IntegerChoices):
    """Choices whose `slug` is what URLs and the API say: `on_hold`."""

    @property
    def slug(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, slug: str) -> Self:
        """The value with this slug. Raises `KeyError`."""
        return cls[slug.upper()]


class Status(_Named):
    """Below SOLVED a ticket is open work."""

    NEW = 0, pgettext_lazy("status", "New")
    OPEN = 1, pgettext_lazy("status", "Open")
    PENDING = 2, pgettext_lazy("status", "Pending")
    ON_HOLD = 3, pgettext_lazy("status", "On hold")
    SOLVED = 4, pgettext_lazy("status", "Solved")
    CLOSED = 5, pgettext_lazy("status", "Closed")


class Outcome(_Named):
    """How a solved ticket ended."""

    SOLVED = 1, pgettext_lazy("outcome", "Solved")
    PARTLY = 2, pgettext_lazy("outcome", "Partly solved")
    COULD_NOT_HELP = 3, pgettext_lazy("outcome", "Could not help")
    OUT_OF_SCOPE = 4, pgettext_lazy("outcome", "Out of scope")
    DUPLICATE = 5, pgettext_lazy("outcome", "Duplicate")


class Priority(_Named):
    LOW = 0, pgettext_lazy("priority", "Low")
    NORMAL = 1, pgettext_lazy("priority", "Normal")
    HIGH = 2, pgettext_lazy("priority", "High")
    URGENT = 3, pgettext_lazy("priority", "Urgent")


class Direction(models.IntegerChoices):
    IN = 0, _("from the customer")
    OUT = 1, _("to the customer")


class AuthorKind(_Named):
    """Whose words these are."""

    CUSTOMER = 0, _("customer")
    AGENT = 1, _("agent")
    MACHINE = 2, _("machine")
    THIRD = 3, _("somebody else")


OPEN_WORK = Status.SOLVED  # statuses below this one
