"""Where an inbox fetches what was sent to it, and what a channel that fetches offers."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from zabota.core.sealing import seal, unseal
from zabota.intake.models import Inbox

KEY = "source"  # in `Inbox.settings`


class Security(StrEnum):
    """How the connection is kept private. `NONE` only on this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class After(StrEnum):
    """What happens on the server to what has been taken in."""

    LEAVE = "leave"
    SEEN = "seen"
    MOVE = "move"
    DELETE = "delete"


class Trouble(StrEnum):
    """Why nothing can be fetched. Stored and printed as it is; pages say it in their language."""

    NAME = "name not found"
    PORT = "connection refused"
    SILENCE = "no answer"
    CERTIFICATE = "certificate not trusted"
    NO_TLS = "no encryption"
    NETWORK = "no connection"
    SIGN_IN = "sign-in refused"
    CONSENT = "permission ended"
    PROVIDER = "sign-in service does not answer"
    CLIENT = "sign-in service does not know us"
    SECRET = "password cannot be opened"  # noqa: S105
    FOLDER = "folder not found"
    AFTERWARDS = "taken, but not put away"
    CUT = "connection cut"
    SERVER = "server refused"


class SourceTrouble(Exception):
    """Fetching does not work now. `said` is what the other side said, in its own words."""

    def __init__(self, kind: Trouble, said: str = "") -> None:
        super().__init__(f"{kind.value}: {said}" if said else kind.value)
        self.kind, self.said = kind, said


@dataclass(frozen=True, slots=True)
class Source:
    """A folder on a server. `since`: what was there before is left alone; None: all is taken.

    `provider` names who signs us in ("google"), if no password does. `saved_at` is when an
    administrator last saved it: who fetches begins anew then.
    """

    host: str
    port: int
    user: str
    folder: str = "INBOX"
    security: Security = Security.TLS
    after: After = After.LEAVE
    move_to: str = ""
    since: datetime | None = None
    provider: str = ""
    saved_at: str = ""

    @property
    def account(self) -> str:
        """Whose mail it is, and where."""
        return f"{self.user}@{self.host}:{self.port}"

    def as_json(self) -> dict[str, Any]:
        """As `Inbox.settings` keeps it."""
        since = self.since.isoformat() if self.since else None
        return {**asdict(self), "since": since}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Source":
        """Reads `as_json`. Raises `KeyError`, `ValueError`, `TypeError`."""
        since = datetime.fromisoformat(data["since"]) if data["since"] else None
        security, after = Security(data["security"]), After(data["after"])
        return Source(**{**data, "since": since, "security": security, "after": after})


@dataclass(frozen=True, slots=True)
class Secret:
    """What signs us in: a password, or a token that gets us others, until `ends_at` if it ends."""

    password: str = ""
    refresh_token: str = ""
    ends_at: datetime | None = None

    def sealed(self) -> str:
        """As `Inbox.secret` keeps it."""
        ends_at = self.ends_at.isoformat() if self.ends_at else None
        return seal(json.dumps({**asdict(self), "ends_at": ends_at}))

    @staticmethod
    def opened(sealed: str) -> "Secret":
        """Reads `sealed`; nothing is no secret. Raises `Unsealable`."""
        if not sealed:
            return Secret()
        data = json.loads(unseal(sealed))
        secret = Secret(**data)
        if data["ends_at"]:
            secret = replace(secret, ends_at=datetime.fromisoformat(data["ends_at"]))
        return secret

    @property
    def is_empty(self) -> bool:
        return not self.password and not self.refresh_token


def source_of(inbox: Inbox) -> Source | None:
    """Where this inbox fetches, or None if everything is brought to it."""
    data = inbox.settings.get(KEY)
    return Source.from_json(data) if data else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test of a source found: the folders there are, and what is wrong, if anything."""

    trouble: Trouble | None = None
    said: str = ""
    folders: tuple[str, ...] = ()
    waiting: int = 0

    @property
    def is_well(self) -> bool:
        return self.trouble is None


class Fetching(Protocol):
    """A channel that fetches. None of these touches the database."""

    providers: Mapping[str, str]  # who can sign us in, and what people call them

    def test(self, source: Source, secret: Secret) -> Finding:
        """Go there and look, some seconds at most; never raises."""

    def is_known(self, provider: str) -> bool:
        """Whether this installation may ask this provider: it has an identity there."""

    def consent_url(self, source: Source, back: str, state: str, verifier: str) -> str:
        """Where an administrator lets us in; they come back to `back` with `state` and a code."""

    def exchange(self, source: Source, back: str, code: str, verifier: str) -> Secret:
        """What the code is worth. Raises `SourceTrouble`."""


FETCHING: dict[str, Fetching] = {}


def register_fetching(channel: str, fetching: Fetching) -> None:
    """Say that inboxes of this channel can fetch."""
    FETCHING[channel] = fetching
