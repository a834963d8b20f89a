"""When an appointment is, in the words and the time of who is looking."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from zabota.intake.details import Invitation
from zabota.workspace.words import Times, times

DAY_ONLY = len("2026-11-24")


def appointed(one: Invitation) -> str:
    """`tomorrow, 10:00–11:00`, `24 November – 26 November`; "" where nothing is said."""
    here = times()
    try:
        if not one.starts:
            return ""
        if len(one.starts) == DAY_ONLY:
            return _days(one, here)
        return _hours(one, here)
    except (ValueError, OverflowError):  # a day no calendar has
        return ""


def _days(one: Invitation, here: Times) -> str:
    first = date.fromisoformat(one.starts)
    last = date.fromisoformat(one.ends[:DAY_ONLY]) if one.ends else first
    return here.day(first) if last <= first else f"{here.day(first)} – {here.day(last)}"


def _hours(one: Invitation, here: Times) -> str:
    starts = datetime.fromisoformat(one.starts)
    ends = datetime.fromisoformat(one.ends) if len(one.ends) > DAY_ONLY else starts
    if starts.tzinfo is None or ends.tzinfo is None:  # in nobody's time, so in the sender's
        said = f"{here.day(starts.date())}, {starts.hour}:{starts.minute:02d}"
        return _("%(when)s in the sender's time") % {"when": said}
    if ends <= starts:
        return here.moment(starts)
    same_day = starts.astimezone(here.zone).date() == ends.astimezone(here.zone).date()
    until = f"–{here.clock(ends)}" if same_day else f" – {here.moment(ends)}"
    return here.moment(starts) + until
