"""The people and things every story is told with."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zabota.company.actions import ensure_company
from zabota.company.models import Brand
from zabota.events.dispatch import drain
from zabota.events.models import Epoch, Event
from zabota.intake.actions import accept_inbound, add_inbox
from zabota.intake.models import Inbound, Inbox
from zabota.intake.protocol import (
    Address,
    Capabilities,
    InboundFile,
    InboundMessage,
    InboundRefused,
    OutboundMessage,
    SendFailed,
)
from zabota.intake.registry import register
from zabota.staff.actions import create_agent, ensure_roles
from zabota.staff.models import Agent, Team
from zabota.tickets.models import Ticket
from zabota.tickets.receive import apply_inbound

CAPABLE = Capabilities(subject=True, html=True, copies=True, receipt=True)


@dataclass
class Letterbox:
    """A channel whose messages are JSON and whose post is a list: the far side of the network."""

    kind: str = "letterbox"
    icon: str = "mail"
    label: str = "Letterbox"
    capabilities: Capabilities = CAPABLE
    sent: list[OutboundMessage] = field(default_factory=list)
    refuses: SendFailed | None = None

    def parse(self, raw: bytes, envelope: Mapping[str, Any]) -> InboundMessage:
        data = json.loads(raw)
        if data.get("refuse"):
            raise InboundRefused(data["refuse"])
        author = data.pop("author", "dana@example.ru")
        name = data.pop("name", "Дана Ковалёва")
        sent_at = data.pop("sent_at", None)
        return InboundMessage(
            author=Address(author, name) if author else None,
            subject=data.pop("subject", "Возврат"),
            text=data.pop("text", "Где деньги?"),
            to=tuple(Address(a) for a in data.pop("to", ["help@example.ru"])),
            cc=tuple(Address(a) for a in data.pop("cc", [])),
            sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
            references=tuple(data.pop("references", ())),
            reply_tokens=tuple(data.pop("reply_tokens", ())),
            files=tuple(
                InboundFile(n, "text/plain", c.encode()) for n, c in data.pop("files", {}).items()
            )
            + tuple(
                InboundFile(f"{cid}.png", "image/png", b64decode(c), inline=True, content_id=cid)
                for cid, c in data.pop("pictures", {}).items()
            ),
            **data,
        )

    def reply_address(self, inbox: str, token: str) -> str | None:
        return inbox.replace("@", f"+{token}@")

    def send(self, message: OutboundMessage) -> None:
        if self.refuses:
            raise self.refuses
        self.sent.append(message)


@dataclass
class Cast:
    """Анна and Bob serve customers, Вера looks after them, Charlie is of another team."""

    brand: Brand
    inbox: Inbox
    first_line: Team
    workshop: Team
    admin: Agent
    vera: Agent
    anna: Agent
    bob: Agent
    charlie: Agent
    analyst: Agent
    post: Letterbox
    letters: int = 0

    def accept(self, *, origin: int = Inbound.Origin.LIVE, **letter: Any) -> int:
        """A letter arrives at the inbox and lies in the ledger; 0 if it is known already."""
        self.letters += 1
        letter.setdefault("external_id", f"letter-{self.letters}@example.ru")
        raw = json.dumps(letter).encode()
        pk = accept_inbound(
            self.inbox,
            raw,
            external_id=letter["external_id"],
            body_hash=hashlib.sha256(raw).digest(),
            envelope={},
            origin=origin,
        )
        return pk or 0

    def receive(self, **letter: Any) -> Ticket:
        """A letter arrives and everything that follows from it happens; its ticket."""
        pk = self.accept(**letter)
        settle()
        message = Ticket.objects.filter(messages__inbound_id=pk).first()
        assert message is not None, Inbound.objects.get(pk=pk).reason
        return message


def settle() -> None:
    """Apply everything received and let all listeners have it."""
    while apply_inbound() or drain(seconds=10):
        pass


def events_of(ticket: Ticket) -> list[str]:
    """The kinds on a ticket's stream, in order."""
    rows = Event.objects.filter(stream_kind="ticket", stream_id=ticket.pk).order_by("seq")
    return list(rows.values_list("kind", flat=True))


def make_cast() -> Cast:
    """A desk with its first brand, inbox, teams and people."""
    post = Letterbox()
    register(post)
    Epoch.objects.get_or_create(defaults={"number": 1})  # tests with real commits empty all tables
    ensure_roles()
    brand = ensure_company("ru")
    first_line = Team.objects.create(slug="first", names={"ru": "Первая линия", "en": "First line"})
    workshop = Team.objects.create(slug="workshop", names={"ru": "Мастерская", "en": "Workshop"})
    inbox, _ = add_inbox("help@example.ru", channel="letterbox")
    inbox.team = first_line
    inbox.save()

    def agent(name: str, role: str, *teams: Team) -> Agent:
        made = create_agent(f"{name.lower()}@desk.example", role=role, name=name, teams=teams)
        return Agent.objects.get(pk=made.pk)

    return Cast(
        brand=brand,
        inbox=inbox,
        first_line=first_line,
        workshop=workshop,
        admin=agent("Admin", "administrator"),
        vera=agent("Vera", "supervisor"),
        anna=agent("Anna", "operator", first_line),
        bob=agent("Bob", "operator", first_line),
        charlie=agent("Charlie", "operator", workshop),
        analyst=agent("Analyst", "analyst"),
        post=post,
    )
