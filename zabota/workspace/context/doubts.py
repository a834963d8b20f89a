"""What could not be read of a message as it was declared, in words."""

import re

from django.utils.translation import gettext as _

_READ_AS = re.compile(r"declared as (?P<said>\S+), read as (?P<read>\S+)")
_GUESSED = re.compile(r"read as (?P<read>[^ ,]+)")


def doubt_in_words(warning: str) -> str:
    """A warning as a message keeps it, in the current language; unknown ones stay as they are.

    Warnings without a name in them are messages of the catalogue: `scripts/messages.py` finds
    them where they are raised.
    """
    if found := _READ_AS.fullmatch(warning):
        return _("declared as %(said)s, read as %(read)s") % found.groupdict()
    if found := _GUESSED.fullmatch(warning):
        return _("no character set was declared, read as %(read)s") % found.groupdict()
    return _(warning) if warning else ""
