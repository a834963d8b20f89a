"""The smallest parts of a page: drawn hundreds of times, so functions and not macros."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from zabota.workspace.built import static_url
from zabota.workspace.words import initials, paragraphs

ADDRESS = re.compile(r"https?://[^\s<>\"]+")
AFTER_ADDRESS = ".,;:!?)»”’'"
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


@lru_cache(maxsize=2048)
def avatar(
    name: str, size: str = "", *, ours: bool = False, presence: str = "", title: str | bool = True
) -> Markup:
    """A person: initials in a circle; `ours` is who looks, no name is nobody.

    `size` is "", "small" or "large"; without `title` the name stands beside it already.
    """
    marks = {f"is-{size}": size, "is-ours": ours, "is-nobody": not name}
    css = " ".join(["avatar", *(mark for mark, on in marks.items() if on)])
    said = f'title="{escape(name if title is True else title)}"' if title else 'aria-hidden="true"'
    letters = escape(initials(name, 1 if size == "small" else 2)) if name else ""
    dot = f'<i class="is-{presence}"></i>' if presence else ""
    return Markup(f'<span class="{css}" {said}>{letters}{dot}</span>')  # noqa: S704


def menu_item(words: str, mark: str = "", on: bool = False, **given: Any) -> Markup:
    """One row of a menu, a button of its form; `on` is the value that stands.

    `key`, `danger`, `person` ("" is nobody) and `mine` dress it, the rest are attributes.
    """
    return _menu_item(static_url("icons.svg"), words, mark, on, **given)


@lru_cache(maxsize=4096)
def _menu_item(
    sprite: str,
    words: str,
    mark: str,
    on: bool,
    *,
    key: str = "",
    danger: bool = False,
    person: str | None = None,
    mine: bool = False,
    **given: Any,
) -> Markup:
    css = "menu-item is-danger" if danger else "menu-item"
    now = ' aria-current="true"' if on else ""
    start = _icon(sprite, mark, "") if mark else NOTHING
    if person is not None:
        start += avatar(person, "small", ours=mine, title=False)
    end = kbd(key) if key else _icon(sprite, "check", "push") if on else NOTHING
    return Markup(  # noqa: S704  marks of ours around escaped words
        f'<button type="submit" class="{css}"{now}{attributes(given)}>{start}'
        f'<span class="cut">{escape(words)}</span>{end}</button>'
    )


def written(text: str) -> Markup:
    """What somebody wrote: paragraphs at empty lines, single breaks kept, addresses to follow."""
    said = [_linked(p) if "://" in p else escape(p) for p in paragraphs(text)]
    return Markup("".join(f'<p class="as-written">{piece}</p>' for piece in said))  # noqa: S704


def _linked(text: str) -> str:
    said, end = [], 0
    for found in ADDRESS.finditer(text):
        address = found[0].rstrip(AFTER_ADDRESS)
        link = f'<a href="{escape(address)}" rel="noreferrer nofollow" target="_blank">'
        said += [escape(text[end : found.start()]), f"{link}{escape(address)}</a>"]
        end = found.start() + len(address)
    return "".join([*said, escape(text[end:])])


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
