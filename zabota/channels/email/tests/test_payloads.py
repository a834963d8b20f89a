"""Mails as real programs write them, and broken ones as the world does: read exactly as expected.

To add one, put `name.eml` into `payloads/`, run `zabota parse mail name.eml --json > name.json`,
and read what it says before you keep it.
"""

import json
import random
from pathlib import Path

import pytest

from zabota.channels.email.parse import as_json, parse_mail

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.eml"))
KEYS = [
    "subject", "from_name", "from_email", "to", "cc", "date", "message_id", "in_reply_to",
    "references", "text", "reply_text", "quoted_text", "html", "attachments", "auto_submitted",
    "bounce", "warnings",
]  # fmt: skip


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_reads_as_expected(path: Path) -> None:
    shown = as_json(parse_mail(path.read_bytes()))
    assert list(shown) == KEYS
    assert shown == json.loads(path.with_suffix(".json").read_text())


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_survives_damage(path: Path) -> None:
    """Bytes lost, doubled, changed; the mail cut short: something is always read."""
    raw, chance = path.read_bytes(), random.Random(path.stem)
    for _ in range(40):
        at, length = chance.randrange(len(raw) + 1), chance.randrange(60)
        damaged = chance.choice(
            [
                raw[:at],
                raw[:at] + raw[at + length :],
                raw[:at] + raw[at : at + length] * 3 + raw[at:],
                raw[:at] + chance.randbytes(length) + raw[at + length :],
                raw[:at].replace(b"\r\n", b"\n") + raw[at:],
            ]
        )
        json.dumps(as_json(parse_mail(damaged))).encode()


def test_payloads_are_there() -> None:
    assert len(PAYLOADS) >= 40
