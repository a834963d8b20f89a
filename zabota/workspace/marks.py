"""The smallest parts of a page: drawn hundreds of times, so functions and not macros."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext
from jinja2.utils import urlize
from markupsafe import Markup, escape

from zabota.workspace.built import static_url
from zabota.workspace.words import initials, paragraphs

NOTHING = Markup()
DRAWING = Markup('<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>')


def icon(name: str, css: str = "") -> Markup:
    """An icon of the sprite: `icon("mail")` is frontend/icons/mail.svg."""
    return _icon(static_url("icons.svg"), name, css)


@lru_cache(maxsize=512)
def _icon(sprite: str, name: str, css: str) -> Markup:
    css = f"icon {css}".strip()
    return DRAWING.format(css, sprite, name)


@lru_cache(maxsize=256)
def kbd(key: str) -> Markup:
    """A key, shown where the mouse would click; read aloud it would only disturb."""
    return Markup('<span class="kbd" aria-hidden="true">{}</span>').format(key)


def avatar(
    name: str, size: str = "", *, ours: bool = False, presence: str = "", title: bool = True
) -> Markup:
    """A person: initials in a circle; `ours` is who looks, no name is nobody.

    `size` is "", "small" or "large"; without `title` the name stands beside it already.
    """
    marks = {f"is-{size}": size, "is-ours": ours, "is-nobody": not name}
    css = " ".join(["avatar", *(mark for mark, on in marks.items() if on)])
    said = f'title="{escape(name or gettext("Unassigned"))}"' if title else 'aria-hidden="true"'
    letters = escape(initials(name, 1 if size == "small" else 2)) if name else ""
    dot = f'<i class="is-{presence}"></i>' if presence else ""
    return Markup(f'<span class="{css}" {said}>{letters}{dot}</span>')  # noqa: S704


def written(text: str) -> Markup:
    """What somebody wrote: paragraphs at empty lines, single breaks kept, addresses to follow."""
    has_links = "://" in text or "www." in text
    said = [_linked(piece) if has_links else escape(piece) for piece in paragraphs(text)]
    return Markup("".join(f'<p class="as-written">{piece}</p>' for piece in said))  # noqa: S704


def _linked(text: str) -> Markup:
    return Markup(urlize(text, rel="noreferrer nofollow", target="_blank"))  # noqa: S704  it escapes


def attributes(given: Mapping[str, Any]) -> Markup:
    """Attributes of an element from keyword arguments: `data_key="r"` is ` data-key="r"`.

    True is an attribute without a value; false and None are none at all.
    """
    if not given:
        return NOTHING
    said = [
        f" {name.replace('_', '-')}" + ("" if value is True else f'="{escape(value)}"')
        for name, value in given.items()
        if value is not False and value is not None
    ]
    return Markup("".join(said))  # noqa: S704  names are ours, values are escaped
