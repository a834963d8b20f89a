"""What was just done, said once on the next page: kept in the session until it is shown."""

import secrets
from typing import NamedTuple

from django.http import HttpRequest

KEY = "toasts"


class Toast(NamedTuple):
    """`undo` is the address its way back is posted to; `seconds` counts down after the words.

    `block` is a sender it offers to block.
    """

    id: str
    words: str
    icon: str = "check"
    undo: str = ""
    seconds: int = 0
    block: str = ""


def add_toast(
    request: HttpRequest,
    words: str,
    *,
    icon: str = "check",
    undo: str = "",
    seconds: int = 0,
    block: str = "",
) -> None:
    """Say this on the page that comes next."""
    toast = Toast(secrets.token_hex(4), words, icon, undo, seconds, block)
    request.session[KEY] = [*request.session.get(KEY, []), toast]


def take_toasts(request: HttpRequest) -> list[Toast]:
    """Everything to say, forgotten as it is taken."""
    return [Toast(*one) for one in request.session.pop(KEY, [])] if KEY in request.session else []
