"""What a bounce says: delivery status notifications (RFC 3464), and what servers write without."""

import re
from collections.abc import Iterator

from zabota.core.text import clean_line, clean_text
from zabota.intake.returns import Report, status_in

from .charsets import decode_text
from .limits import Reading
from .mime import Part

Fields = dict[str, str]
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_FIELD = re.compile(r"^([A-Za-z-]{1,60}):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"\\@]{1,100}@[^\s<>()\[\],;:\"\\@]{1,200}[\w]")
# From here on it is our own letter that comes back.
_COPY = re.compile(
    r"^-{2,}.*(copy of|returned|original|below this line|исходн\w+|оригинал|копи\w+).*$"
    r"|^-{5,} *This is a copy|^(Received|Return-Path|Message-ID|DKIM-Signature):",
    re.IGNORECASE | re.MULTILINE,
)
_SAID = re.compile(r"\b[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}\b)?.*", re.IGNORECASE)


def read_report(mail: Part, text: str, reading: Reading, *, is_bounce: bool) -> Report | None:
    """What became of our letter; None if this mail says nothing of the kind.

    `is_bounce`: the mail looks like one, so its text is read where it has no machine's part.
    """
    blocks = [block for part in _status_parts(mail) for block in _blocks(part, reading)]
    if any("action" in block for block in blocks):
        return _from_fields(blocks)
    return _from_text(mail, text, reading) if is_bounce else None


def _status_parts(mail: Part) -> Iterator[Part]:
    return (part for part in mail.walk() if part.content_type in _STATUS_TYPES)


def _blocks(part: Part, reading: Reading) -> list[Fields]:
    """The fields for the whole mail, then for each recipient."""
    text = decode_text(part.content(reading)[:20_000], "", reading).replace("\r\n", "\n")
    return [_fields(block) for block in re.split(r"\n[ \t]*\n", text)[:100]]


def _fields(block: str) -> Fields:
    found = _FIELD.findall(block)
    return {name.lower(): clean_line(" ".join(value.split()), 600) for name, value in found}


def _from_fields(blocks: list[Fields]) -> Report | None:
    by_action = {b["action"].lower(): b for b in reversed(blocks) if "action" in b}
    one = by_action.get("failed") or by_action.get("delayed")
    if one is None:  # delivered, relayed, expanded
        return None
    envelope = next((b["original-envelope-id"] for b in blocks if "original-envelope-id" in b), "")
    said = _untyped(one.get("diagnostic-code", "")) or one.get("status", "")
    return Report(
        recipient=_untyped(one.get("original-recipient") or one.get("final-recipient", "")).lower(),
        status=status_in(one.get("status", "")) or status_in(said),
        reason=said,
        is_final=one is by_action.get("failed"),
        tokens=(envelope,) if envelope else (),
    )


def _untyped(value: str) -> str:
    """`rfc822; dana@example.ru` and `smtp; 550 …` without the word in front."""
    return value.partition(";")[2].strip() or value


def _from_text(mail: Part, text: str, reading: Reading) -> Report:
    """Exim, qmail, Yandex, Mail.ru, old Exchange: the first address, and what is said of it."""
    whole = decode_text(mail.header("x-failed-recipients"), "", reading)
    said = text[:20_000]
    if copy := _COPY.search(said):
        said = said[: copy.start()]
    found = _ADDRESS.search(whole) or _ADDRESS.search(_without_ours(said))
    start = said.find(found[0]) if found and found[0] in said else 0
    after = said[start + len(found[0]) if found else 0 :][:2000]
    reason = _reason(after) or _reason(said)
    return Report(
        recipient=clean_line(found[0], 320).lower() if found else "",
        status=status_in(after) or status_in(said),
        reason=reason,
    )


def _without_ours(said: str) -> str:
    """A server names itself, and whom to ask, as often as the one it speaks of."""
    return re.sub(r"(?i)\b(mailer-daemon|postmaster|abuse|support)@\S+", "", said)


def _reason(said: str) -> str:
    """The line with a code; else the first line that says something."""
    flat = clean_text(said)
    if match := _SAID.search(flat):
        return clean_line(" ".join(match[0].split()), 500)
    lines = (line.strip(" \t:<>.") for line in flat.split("\n"))
    return clean_line(next((line for line in lines if len(line) > 8), ""), 500)
