"""Who vouches for the sender of a message: what was checked, by whom, with which result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

OURSELVES = "self"


@dataclass(frozen=True, slots=True)
class Authentication:
    """Results in the words of RFC 8601; `domain` is that of the `From`; `by` "self" or a server.

    `dmarc` is "bestguesspass" where the domain says nothing, but SPF or DKIM speaks for it.
    """

    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"
    domain: str = ""
    by: str = OURSELVES

    @property
    def is_verified(self) -> bool:
        """The domain of the `From` stands for it."""
        return self.dmarc in ("pass", "bestguesspass")

    @property
    def is_aligned(self) -> bool:
        """The domain says how its mail is known, and this is known so: nothing less makes an
        agent."""
        return self.dmarc == "pass"

    @property
    def is_doubtful(self) -> bool:
        """The domain says how its mail is known, and this is not."""
        return self.dmarc == "fail"

    def as_json(self) -> dict[str, Any]:
        """As `Message.details["authentication"]`."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Authentication":
        """What was kept; what is unknown is passed over."""
        return cls(**{name: str(kept[name]) for name in cls.__dataclass_fields__ if name in kept})
