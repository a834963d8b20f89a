"""Where a reply or a note is written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Composer:
    """`turn` changes when something was sent: a new letter, a new id; `problem` says why not."""

    number: int
    turn: str
    action: str
    draft_url: str
    to: str
    kind: str = "message"
    text: str = ""
    other_text: str = ""
    kept: bool = False
    may_reply: bool = True
    problem: str = ""
    undone_id: int = 0
    signature: str = ""
    bounced: str = ""
