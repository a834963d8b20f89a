"""Hostile HTML made harmless: the only module that decides what markup of strangers may do.

What comes out has no script, style sheet, frame, form or drawing; nothing in it is loaded from
afar. It is still shown in a sandboxed frame (docs/architecture.md): two walls, not one.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from html import escape, unescape
from urllib.parse import unquote

import nh3

from zabota.core.text import clean_text

#: Longer pages are cut; whoever takes them in keeps the whole beside them.
LONGEST = 400_000

# html5ever needs time in the square of the depth and of the attributes of one tag. Pages above
# these sizes (one in a hundred) are first rewritten so that both are small, see `_tame`.
_SMALL_PAGE = 30_000
_SMALL_TAGS = 1_500
_DEEPEST = 100

_REMOTE = "\x01"  # no page has it: control characters are taken out before
_VOID = {"br", "col", "hr", "img", "wbr"}
_ENDED_BY_THE_NEXT = {"p", "li", "td", "th", "tr", "dt", "dd"}
_DROPPED_WHOLE = {
    "applet", "audio", "embed", "iframe", "math", "noembed", "noframes",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title",
    "video", "xmp",
}  # fmt: skip
_TAGS = {
    "a", "abbr", "address", "b", "bdi", "big", "blockquote", "br", "caption", "center", "cite",
    "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
_CELL = {"colspan", "rowspan", "align", "valign", "width", "height", "bgcolor"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span", "width"},
    "div": {"align"},
    "font": {"color", "face", "size"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "type"},
    "p": {"align"},
    "table": {"align", "bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "td": _CELL,
    "th": _CELL,
    "tr": {"align", "valign", "bgcolor"},
}
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-left",
    "border-radius", "border-right", "border-top", "color", "font-family", "font-size",
    "font-style", "font-weight", "line-height", "list-style-type", "max-width", "padding",
    "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align",
    "text-decoration", "vertical-align", "white-space", "width",
}  # fmt: skip
# Functions but for colours, and escapes that could hide one.
_STYLE_TRICK = re.compile(r"[\\@]|(?<!rgb)(?<!rgba)\(", re.IGNORECASE)


def _filter(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return (_style(value) if len(value) < 300 else _style.__wrapped__(value)) or None
    if name == "href":
        return None if value.lstrip().lower().startswith("cid:") else value
    if name == "src":
        return _source(value.strip())
    return value


@lru_cache(1024)  # letters repeat the same few for every paragraph
def _style(value: str) -> str:
    return ";".join(rule for rule in value.split(";") if not _STYLE_TRICK.search(rule))


def _source(address: str) -> str | None:
    scheme = address[:5].lower()
    if scheme.startswith("cid:"):
        return "cid:" + address[4:]
    return _REMOTE + address if scheme.startswith("http") else None


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_DROPPED_WHOLE,
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    filter_style_properties=_STYLES,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def clean_html(html: str) -> str:
    """Return `html` with only harmless markup left, in a form with one spelling for everything.

    Never raises. Pictures of the message itself stay `src="cid:…"` for `place_inline`; those from
    afar lose their address to `data-remote-src`, so that nothing is fetched until somebody asks.
    """
    html = clean_text(html[:LONGEST])
    if len(html) > _SMALL_PAGE or html.count("<") > _SMALL_TAGS:
        html = _tame(html)
    return _CLEANER.clean(html).replace(f' src="{_REMOTE}', ' data-remote-src="')


_INLINE = re.compile(r'(<img(?: [a-z-]+="[^"]*")*?) src="cid:([^"]*)"')


def inline_pictures(clean: str) -> set[str]:
    """The content ids of the message's own pictures that a page from `clean_html` shows."""
    return {unquote(unescape(match[2])) for match in _INLINE.finditer(clean)}


def place_inline(clean: str, address_of: Callable[[str], str | None]) -> str:
    """Give the message's own pictures an address: `address_of(content_id)`, None to leave one out.

    `clean` must come from `clean_html`.
    """

    def place(match: re.Match[str]) -> str:
        address = address_of(unquote(unescape(match[2])))
        return f'{match[1]} src="{escape(address)}"' if address else match[1]

    return _INLINE.sub(place, clean)


_AFAR = re.compile(r'(<img(?: [a-z-]+="[^"]*")*?) data-remote-src="([^"]*)"')


def count_remote(clean: str) -> int:
    """How many pictures from afar a page from `clean_html` would show."""
    return len(_AFAR.findall(clean))


def place_remote(clean: str, address_of: Callable[[str], str]) -> str:
    """Give pictures from afar the address that fetches them for us: somebody has asked."""

    def place(match: re.Match[str]) -> str:
        return f'{match[1]} src="{escape(address_of(unescape(match[2])))}"'

    return _AFAR.sub(place, clean)


_TAG = re.compile(r"(/?)([a-zA-Z][^\s/]*)")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]{1,20})\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"']+)""")


def _tame(html: str) -> str:
    """Rewrite a big page as one that any parser reads in linear time, dropping what goes anyway.

    Every `<` that comes out was written here: tags are properly nested, `_DEEPEST` deep at most,
    and carry few attributes. Where browsers would read the page otherwise it is only less pretty.
    """
    first, *pieces = _without_comments(html).split("<")
    out, stack, skipped = [first], list[str](), ""
    for piece in pieces:
        inside, closed, after = piece.partition(">")
        tag = _TAG.match(inside) if closed else None
        slash, name = (tag[1], tag[2].lower()) if tag else ("", "")
        if skipped:
            if slash and name == skipped:
                skipped = ""
                out.append(after)
        elif not tag:  # a declaration, or just a sign in the text
            out.append(after if piece.startswith(("!", "?", "/")) else "&lt;" + piece)
        elif name in _DROPPED_WHOLE and not slash:
            skipped = name
        else:
            if name in _TAGS:
                out.append(_closing(name, stack) if slash else _opening(name, inside, stack))
            out.append(after)
    return "".join(out) + "".join(f"</{name}>" for name in reversed(stack))


def _without_comments(html: str) -> str:
    first, *rest = html.split("<!--")
    return first + "".join(piece.partition("-->")[2] for piece in rest)


def _opening(name: str, inside: str, stack: list[str]) -> str:
    if stack and stack[-1] == name and name in _ENDED_BY_THE_NEXT:
        stack.pop()
    if name not in _VOID:
        if len(stack) >= _DEEPEST:
            return " "
        stack.append(name)
    known = _ATTRIBUTES["*"] | _ATTRIBUTES.get(name, set())
    pairs = _ATTRIBUTE.findall(inside)
    kept = {key.lower(): value.strip("\"'") for key, value in pairs if key.lower() in known}
    return f"<{name}" + "".join(f' {k}="{_quoted(v)}"' for k, v in kept.items()) + ">"


def _quoted(value: str) -> str:
    return value.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _closing(name: str, stack: list[str]) -> str:
    if name not in stack:
        return ""
    closed = ""
    while not closed.endswith(f"</{name}>"):
        closed += f"</{stack.pop()}>"
    return closed
