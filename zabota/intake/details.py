"""What a message says besides its words, as `Message.details` keeps it: one place each way."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Invitation:
    """One appointment in a message: what, when, where, who.

    `method` is "request", "cancel", "reply", "publish" or another of RFC 5546 in small letters.
    `starts` and `ends` are ISO 8601: with an offset; without one in whatever time the sender means;
    a mere date for whole days, where `ends` is the last day. `answer` is what a reply says:
    "accepted", "declined", "tentative". All texts are strangers'.
    """

    method: str
    summary: str = ""
    starts: str = ""
    ends: str = ""
    place: str = ""
    organizer: str = ""
    people: tuple[str, ...] = ()
    answer: str = ""
    repeats: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Invitation":
        """From what was kept, by this version or another: what is unknown is passed over."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        return cls(**{"method": "", **known, "people": tuple(kept.get("people", ()))})


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message is made of: `protected` and `signed` are "smime", "pgp" or nothing.

    `remote_pictures` counts those its HTML wants from afar.
    """

    invitations: tuple[Invitation, ...] = ()
    protected: str = ""
    signed: str = ""
    remote_pictures: int = 0

    def as_json(self) -> dict[str, Any]:
        """These keys of `Message.details`; what is empty is left out."""
        found = {
            "invitations": [one.as_json() for one in self.invitations],
            "protected": self.protected,
            "signed": self.signed,
            "remote_pictures": self.remote_pictures,
        }
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_json(cls, details: Mapping[str, Any]) -> "Contents":
        """Its part of `Message.details`."""
        return cls(
            _invitations(details.get("invitations", ())),
            str(details.get("protected", "")),
            str(details.get("signed", "")),
            int(details.get("remote_pictures", 0)),
        )


def _invitations(kept: Sequence[Mapping[str, Any]]) -> tuple[Invitation, ...]:
    return tuple(Invitation.from_json(one) for one in kept)
