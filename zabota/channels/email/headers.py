"""What stands in headers besides text: addresses, dates, ids. Broken ones are read as meant."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from zabota.core.text import clean_line
from zabota.intake.protocol import Address

from .charsets import decode_text
from .limits import MAX_ADDRESSES, MAX_REFERENCES, MAX_VALUE_BYTES, Reading
from .words import decode_words

# Read as Latin-1, in which every byte is a letter, so that names can be decoded afterwards.
# Every repetition is bounded: unclosed quotes and brackets must not cost quadratic time.
_TOKEN = re.compile(
    r"""(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,500}\?=)
    | "(?P<quoted>(?:[^"\\]|\\.){0,200})"
    | \((?P<comment>[^()]{0,500})\)
    | <(?P<angle>[^<>]{0,500})>
    | (?P<end>[,;])
    | (?P<group>:)
    | (?P<plain>[^,;:"(<=]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_EMAIL = re.compile(r"""[^\s<>()\[\],;:"\\@]+@(?:[^\s<>()\[\],;:"\\@]+|\[[\w.:]{1,60}\])""")


def parse_addresses(values: Iterable[bytes], reading: Reading) -> list[Address]:
    """Read the addresses of all headers of one name, as they are written; skip what is none."""
    found: list[Address] = []
    for name, mailbox in _mailboxes(b", ".join(values)[:MAX_VALUE_BYTES].decode("latin-1")):
        if len(found) == MAX_ADDRESSES:
            reading.warn("too many addresses, the rest of them is left out")
            break
        if address := _address(name, mailbox, reading):
            found.append(address)
    return found


def _mailboxes(value: str) -> Iterator[tuple[str, str]]:
    """Pairs of the name and the address beside it, both still encoded."""
    name = angle = comment = ""
    for token in _TOKEN.finditer(value + ","):
        kind, text = str(token.lastgroup), token[str(token.lastgroup)]
        if kind == "angle":
            angle = angle or text
        elif kind == "comment":
            comment = comment or text
        elif kind == "group":
            name = ""
        elif kind == "quoted":
            name += text.replace('\\"', '"').replace("\\\\", "\\")
        elif kind != "end":
            name += text
        elif angle:
            yield name or comment, angle
            name = angle = comment = ""
        elif "@" in name or "=?" in name:
            yield comment, name[:1000]
            name = comment = ""
        elif name.strip():
            name += ", "  # `Ivanov, Ivan <i@example.com>` without the quotes it needs


def _address(name: str, mailbox: str, reading: Reading) -> Address | None:
    shown = decode_words(name.encode("latin-1"), reading).strip(" '\",<>")
    written = decode_text(mailbox.encode("latin-1"), "", reading)
    if "=?" in written:  # some encode the address too
        written = decode_words(mailbox.encode("latin-1"), reading)
    match = _EMAIL.search(re.sub(r"\s*@[\s@]*", "@", written))
    if not match:
        reading.warn("an address is not one")
        return None
    email = clean_line(match[0]).strip("'.")
    rest = written[: written.find(match[0])] if match[0] in written else ""
    shown = shown or rest.strip(" '\"<")
    return Address(email, "" if shown.lower() == email.lower() else clean_line(shown, 200))


def parse_date(value: bytes, reading: Reading) -> datetime | None:
    """Read a date with its own zone, UTC where it has none; a broken one is None."""
    text = decode_words(value[:200], reading)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            at.astimezone(UTC)  # near year 1 or 9999 this overflows
            return at
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    if text:
        reading.warn("the date is not one")
    return None


_ID = re.compile(rb"<([^<>]{1,2000})>")


def parse_ids(values: Iterable[bytes], reading: Reading) -> list[str]:
    """Read message ids, brackets off: the first and the last of too many."""
    value = b" ".join(values)[-MAX_VALUE_BYTES:]
    bare = [word for word in value.split() if b"@" in word] or value.split()
    texts = (decode_text(raw, "", reading) for raw in _ID.findall(value) or bare)
    whole = ("".join(clean_line(text, 5000).split()).strip("<>,;") for text in texts)
    ids = list(dict.fromkeys(_short(text) for text in whole if text))
    if len(ids) > MAX_REFERENCES:
        reading.warn("too many references, those in the middle are left out")
        ids = ids[:1] + ids[1 - MAX_REFERENCES :]
    return ids


def _short(message_id: str) -> str:
    """An id short enough for an index; an absurdly long one by its hash, everywhere the same."""
    if len(message_id) <= 250:
        return message_id
    return hashlib.sha256(message_id.encode()).hexdigest() + "@long-id.invalid"
