"""What stops letters, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zabota.intake.brake import AUTOMATIC, TO_ONE
from zabota.intake.holds import open_holds
from zabota.intake.models import Hold
from zabota.workspace.words import times


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One hold as the outbox says it."""

    words: str


def hold_lines() -> list[HoldLine]:
    """The open holds, oldest first."""
    return [HoldLine(_words(hold)) for hold in open_holds()]


def _words(hold: Hold) -> str:
    about = {"when": times().moment(hold.since), "reason": hold.reason}
    if hold.cause == Hold.Cause.RESTORED:
        return _("Restored from a backup %(when)s: what waits may have left before") % about
    if hold.cause == Hold.Cause.BY_HAND:
        return _("Stopped by %(reason)s, %(when)s") % about
    words = _("Too much at once, %(when)s") % about
    what, _colon, count = hold.reason.rpartition(": ")
    if what not in (AUTOMATIC, TO_ONE):
        return words
    n = int(count)
    if what == AUTOMATIC:
        said = ngettext("%(n)s automatic letter", "%(n)s automatic letters within a minute", n)
    else:
        said = ngettext("%(n)s letter", "%(n)s letters to one address within ten minutes", n)
    return f"{words}: {said % {'n': n}}"
