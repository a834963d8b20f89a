"""What comes back when a letter cannot be delivered: whose it was, why, said in words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from zabota.core.tokens import read_ids, sign_ids

RETURN = "return"
_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server says became of a letter of ours. All texts are a stranger's.

    `status` is an enhanced status code (RFC 3463) or "". `is_final`: it has failed; else it is
    only late. `tokens` may name the delivery; they are not verified.
    """

    recipient: str = ""
    status: str = ""
    reason: str = ""
    is_final: bool = True
    tokens: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `Message.details["bounce"]`."""
        late = {} if self.is_final else {"late": True}
        return {
            "status": self.status,
            "recipient": self.recipient[:320],
            "reason": self.reason[:500],
            **late,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Report":
        """What was kept; what is unknown is passed over."""
        return cls(
            recipient=str(kept.get("recipient", "")),
            status=str(kept.get("status", "")),
            reason=str(kept.get("reason", "")),
            is_final=not kept.get("late"),
        )

    def __str__(self) -> str:
        """For the delivery: the code first, then what the server said."""
        said = self.reason if self.status in self.reason else f"{self.status} {self.reason}"
        return said.strip()[:500]


def return_token(delivery_id: int) -> str:
    """The signed part of the address this delivery comes back to."""
    return sign_ids(RETURN, delivery_id)


def token_delivery(tokens: Iterable[str]) -> int | None:
    """The delivery of the first token that is really ours."""
    for token in tokens:
        ids = read_ids(RETURN, token)
        if ids and len(ids) == 1:
            return ids[0]
    return None


_PHRASES = {
    "5.2.2": r"over ?quota|quota exceeded|mailbox (is )?full|переполнен|превышен\w* (квот|размер)",
    "5.2.1": r"mailbox (is )?(disabled|inactive|blocked)|account (is )?(disabled|inactive|blocked)"
    r"|ящик (заблокирован|отключ[её]н)",
    "5.1.1": r"(user|recipient|mailbox|address|account)( address)?( is| was)? "
    r"(unknown|not found|unavailable|invalid)|(no such|unknown|invalid) "
    r"(user|recipient|mailbox|address|person)|(user|account|mailbox|address) "
    r"(does not|doesn't) exist|нет такого (пользователя|ящика|адреса)"
    r"|(пользователь|адресат|ящик|адрес|получател\w+) (с таким \w+ )?не (существует|найден)"
    r"|no mailbox here",
    "5.1.2": r"(domain|host)( name)? not found|host or domain name not found|unrouteable"
    r"|домен\w* не (существует|найден)",
    "5.3.4": r"message (is )?too (big|large)|size (limit )?exceed",
    "5.7.1": r"spam|blocked|blacklist|policy|access denied|спам",
}
_SAID = {code: re.compile(words, re.IGNORECASE) for code, words in _PHRASES.items()}


def status_in(text: str) -> str:
    """The enhanced status code (RFC 3463) that stands in a text, or that its words mean."""
    if found := _CODE.search(text):
        return found[0]
    return next((code for code, words in _SAID.items() if words.search(text)), "")


# RFC 3463 and the IANA registry; the most exact one counts.
_WORDS = {
    "1.1": _("There is no such mailbox"),
    "1.10": _("This domain takes no mail"),
    "1.2": _("There is no such domain"),
    "1": _("The address is not right"),
    "2.1": _("The mailbox is switched off"),
    "2.2": _("The mailbox is full"),
    "2.3": _("The message is too large for this mailbox"),
    "2": _("The mailbox takes no mail"),
    "3.4": _("The message is too large for their server"),
    "3": _("Their server cannot take it"),
    "4.4": _("There is no such domain"),
    "4.7": _("Their server could not be reached for too long"),
    "4.1": _("Their server does not answer"),
    "4": _("The way to their server is broken"),
    "6": _("Their server does not understand this message"),
    "7": _("Their server refuses it: taken for spam, or against its rules"),
}
# Greylisting, mostly: who comes again is let in.
_NOT_YET = _("Their server does not take it yet and wants us to try again later")
_REPLY = re.compile(r"[45]\d\d ")  # what a mail server answers begins with its code
_ABOUT_ADDRESS = re.compile(r"5\.(1\.\d+|2\.[012]|4\.[14])$")


def is_about_address(text: str) -> bool:
    """Whether it is the address that is at fault, not this one letter."""
    return bool(_ABOUT_ADDRESS.match(status_in(text)))


def failure_explained(text: str) -> str:
    """What the code in an error of a delivery means, in the current language; "" if it has none."""
    status = status_in(text)
    if status.startswith("4.7."):
        return str(_NOT_YET)
    exact = status.partition(".")[2]
    return str(_WORDS.get(exact) or _WORDS.get(exact.partition(".")[0]) or "")


def failure_in_words(text: str) -> str:
    """An error of a delivery, explained in front of what the server said."""
    words = failure_explained(text) or (_REPLY.match(text) and _("The mail server refused it"))
    return f"{words} ({text})" if words else text
