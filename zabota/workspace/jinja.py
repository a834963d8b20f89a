"""The Jinja2 environment of the pages: macros are the components, text is escaped, words are translated."""

from typing import Any

from django.urls import reverse
from django.utils import translation
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from zabota.workspace import words
from zabota.workspace.built import static_url


def environment(**options: Any) -> Environment:
    """Django's Jinja2 backend calls this once; `options` bring the loader and autoescape."""
    env = Environment(  # noqa: S701  Django's backend turns autoescape on in `options`
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        **options | {"undefined": StrictUndefined},
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]  added by the extension
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    env.globals.update(
        url=lambda name, *args: reverse(name, args=args),
        static_url=static_url,
        language=translation.get_language,
        times=words.times,
        language_name=words.language_name,
    )
    env.filters.update(
        time=words.time_tag,
        moment=lambda at: words.times().moment(at),
        exact=lambda at: words.times().exact(at),
        day_mark=lambda at: words.times().day_mark(at),
        number=words.number,
        size=words.size,
        initials=words.initials,
        paragraphs=words.paragraphs,
        marked=words.marked,
        # The one place where markup is believed: `core.html` made it harmless when it came in.
        harmless=Markup,
    )
    return env
