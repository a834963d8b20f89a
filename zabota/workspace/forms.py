"""Reading what forms send into the values actions take."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _

from zabota.company.models import Category
from zabota.staff.models import Agent, Team
from zabota.tickets.actions import TagChange
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.writing import MOST_FILE_BYTES, NewFile

MOST_FILES = 20
CHOICES: dict[str, type[Status] | type[Priority]] = {"status": Status, "priority": Priority}
THINGS = {
    "assignee": Agent.objects.filter(is_active=True),
    "team": Team.objects.all(),
    "category": Category.objects.all(),
}


def said_wrong(error: ValidationError) -> str:
    """The sentences of an error, one after another."""
    return " ".join(error.messages)


def read_changes(post: QueryDict) -> tuple[dict[str, Any], Outcome | None]:
    """The fields a form changes, and the outcome if it solves. Raises `ValidationError`."""
    given = post.dict()
    try:
        changes: dict[str, Any] = {n: CHOICES[n].of(str(given[n])) for n in CHOICES if n in given}
        outcome = Outcome[str(given["outcome"]).upper()] if "outcome" in given else None
        changes |= {name: _thing(name, str(given[name])) for name in THINGS if name in given}
    except (KeyError, ValueError) as error:
        raise ValidationError(_("There is no such choice any more. Reload the page.")) from error
    if outcome is not None:
        changes["status"] = Status.SOLVED
    if tags := _tags(post):
        changes["retag"] = tags
    return changes, outcome


def _thing(name: str, pk: str) -> Any:
    if not pk:
        return None
    found = THINGS[name].filter(pk=int(pk)).first()
    if found is None:
        raise KeyError(pk)
    return found


def _tags(post: QueryDict) -> TagChange | None:
    """Only what was pressed: meanwhile a colleague may have put on others."""
    added, removed = post.get("known_tag") or post.get("tag"), post.get("untag")
    return TagChange(add=added or "", remove=removed or "") if added or removed else None


def read_files(uploads: Iterable[UploadedFile]) -> list[NewFile]:
    """Files as actions take them. Raises `ValidationError` before anything large is read."""
    given = list(uploads)
    if len(given) > MOST_FILES:
        raise ValidationError(_("At most %(n)d files in one message") % {"n": MOST_FILES})
    if sum(file.size or 0 for file in given) > MOST_FILE_BYTES:
        raise ValidationError(_("Files of one message may have 20 MB together"))
    return [
        NewFile(file.name or "file", file.content_type or "application/octet-stream", file.read())
        for file in given
    ]
