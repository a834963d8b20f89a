"""One ticket as a list shows it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Row:
    """Plain values, ready to be said; `emotion` is '' for calm, `assignee` is '' for nobody."""

    number: int
    url: str
    name: str
    subject: str
    words: str
    at: datetime
    channel_icon: str = "mail"
    tags: tuple[str, ...] = ()
    status_words: str = ""
    assignee: str = ""
    mine: bool = False
    unread: bool = False
    waiting: bool = False
    emotion: str = ""
