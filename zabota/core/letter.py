"""Plain text as the HTML half of a letter."""

import re
from functools import lru_cache

from django.utils.html import escape, urlize

_BLANK = re.compile(r"\n\s*\n")


def html_of_text(text: str) -> str:
    """Paragraphs, line breaks and links; everything else escaped.

    >>> html_of_text("a < b")
    '<p>a &lt; b</p>'
    """
    blocks = [block for block in _BLANK.split(text.strip()) if block.strip()]
    return "\n".join(f"<p>{_lines(block)}</p>" for block in blocks)


@lru_cache(256)  # most paragraphs of a receipt are those of the last one
def _lines(block: str) -> str:
    return str(urlize(escape(block.strip()), nofollow=False)).replace("\n", "<br>\n")
