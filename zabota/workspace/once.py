"""A form that was sent twice (a double click, a lost network) does its work once.

The form carries a key made when it was drawn; the cache that all web processes share remembers it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.http import HttpRequest

from zabota.staff.models import Agent

KEPT = 24 * 3600
LONGEST = 64


class DoneAlready(Exception):
    """This form has done its work, or is doing it now."""


def new_key() -> str:
    """For a form that is being drawn."""
    return secrets.token_urlsafe(12)


@contextmanager
def once(request: HttpRequest, agent: Agent) -> Iterator[None]:
    """Within, do what the form asks for. Raises `DoneAlready`; what fails may be sent again."""
    given = request.POST.get("once", "")[:LONGEST]
    key = f"once:{agent.pk}:{given.encode().hex()}"
    if given and not cache.add(key, 1, KEPT):
        raise DoneAlready
    try:
        yield
    except BaseException:
        cache.delete(key)
        raise
