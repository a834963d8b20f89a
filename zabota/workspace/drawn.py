"""Rows of lists, drawn once for everybody who is shown the same.

When something happens all open screens ask for a list in which one row is new. What a row looks
like follows from its values, the language and the clock alone: all of them are the key, and who may
see the row was asked before, by the query that gave the values.
"""

from collections.abc import Iterable
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from zabota.workspace.context.rows import Row
from zabota.workspace.pages import jinja
from zabota.workspace.words import times

KEPT = 4096  # rows, of a kilobyte each


def drawn(rows: Iterable[Row], selected: int, pick: str) -> list[str]:
    """Each as markup; `selected` and `pick` are those of `components/rows.html`."""
    now = times()
    how = (pick, now.language, now.zone)
    return [_drawn(row, row.number == selected, now.ago(row.at), *how) for row in rows]


@lru_cache(KEPT)
def _drawn(row: Row, is_selected: bool, _ago: str, pick: str, _language: str, _zone: tzinfo) -> str:
    """`_ago` is how long since it is said to be: another minute, another row."""
    draw: Any = jinja().get_template("desk/rows.html").module
    markup: str = draw.lines([row], row.number if is_selected else 0, pick)
    return markup
