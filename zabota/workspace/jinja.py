"""The Jinja2 environment of the pages: macros are components, text is escaped and translated."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.urls import reverse
from jinja2 import Environment, StrictUndefined
from jinja2.runtime import Context
from markupsafe import Markup

from zabota.workspace import marks, words
from zabota.workspace.appointments import appointed
from zabota.workspace.built import static_url
from zabota.workspace.drawn import drawn
from zabota.workspace.once import new_key


@lru_cache(maxsize=4096)
def _url(name: str, *args: Any) -> str:
    return reverse(name, args=args)


@lru_cache(maxsize=16)
def _always(env: Environment, name: str, language: str) -> Markup:
    """A part that is the same on every page of a language, drawn once."""
    return Markup(env.get_template(name).render())  # noqa: S704  a template of ours, escaped


class PlainContext(Context):
    """Calls what a template calls, a thousand times a page; none of our functions asks for it."""

    def call(
        self,
        called: Callable[..., Any],
        /,
        *args: Any,
        _loop_vars: Any = None,
        _block_vars: Any = None,
        **kwargs: Any,
    ) -> Any:
        return called(*args, **kwargs)


def environment(**options: Any) -> Environment:
    """Django's Jinja2 backend calls this once; `options` bring the loader and autoescape."""
    env = Environment(  # noqa: S701  Django's backend turns autoescape on in `options`
        trim_blocks=True, lstrip_blocks=True, **options | {"undefined": StrictUndefined}
    )
    env.context_class = PlainContext
    env.globals.update(
        _=words.say,
        pgettext=words.say_in,
        ngettext=words.say_many,
        icon=marks.icon,
        avatar=marks.avatar,
        menu_item=marks.menu_item,
        kbd=marks.kbd,
        drawn=drawn,
        attributes=marks.attributes,
        always=lambda name: _always(env, name, words.times().language),
        url=_url,
        static_url=static_url,
        language=lambda: words.times().language,
        times=words.times,
        language_name=words.language_name,
        new_key=new_key,
    )
    env.filters.update(
        time=words.time_tag,
        moment=lambda at: words.times().moment(at),
        exact=lambda at: words.times().exact(at),
        day_mark=lambda at: words.times().day_mark(at),
        number=words.number,
        size=words.size,
        initials=words.initials,
        written=marks.written,
        marked=words.marked,
        appointed=appointed,
        # The one place where markup is believed: `core.html` made it harmless when it came in.
        harmless=Markup,
    )
    return env
