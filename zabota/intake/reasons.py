"""Why something was set aside: stored as a code, with what belongs to it after a colon."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Reason(StrEnum):
    """`no-sender`; or `blocked: example.com`."""

    NO_SENDER = "no-sender"
    UNKNOWN_BOUNCE = "unknown-bounce"
    OWN_ADDRESS = "own-address"
    TO_NOBODY = "to-nobody"
    OWN_COPY = "own-copy"
    BLOCKED = "blocked"
    ENDED_WORKER = "ended-worker"
    TAKES_TOO_MUCH = "takes-too-much"
    UNVERIFIED_AGENT = "unverified-agent"
    AGENT_MAY_NOT = "agent-may-not"
    NOT_AN_ANSWER = "not-an-answer"

    def with_detail(self, detail: str | int) -> str:
        return f"{self}: {detail}"


# A person has to say where these belong; nothing else lacks.
HOMELESS = (Reason.NO_SENDER, Reason.UNKNOWN_BOUNCE, Reason.TO_NOBODY)


def code_of(stored: str) -> Reason | None:
    """The code of a stored reason; None for free text, as of an error."""
    code = stored.partition(":")[0]
    return Reason(code) if code in set(Reason) else None


def needs_a_place(stored: str) -> bool:
    """Whether it can be let in only into a ticket, or as somebody's words."""
    return code_of(stored) in HOMELESS


_WORDS = {
    Reason.NO_SENDER: _("It names no sender we could answer"),
    Reason.UNKNOWN_BOUNCE: _("A mail server returns something we did not send"),
    Reason.OWN_ADDRESS: _("It claims to come from our own address"),
    Reason.TO_NOBODY: _("Our own letter, written to nobody else"),
    Reason.OWN_COPY: _("A letter of ours came back"),
    Reason.BLOCKED: _("The sender is blocked: %(detail)s"),
    Reason.TAKES_TOO_MUCH: _("Reading it takes more time or memory than a letter may"),
    Reason.UNVERIFIED_AGENT: _("It claims to be a colleague's answer, but nobody vouches for that"),
    Reason.AGENT_MAY_NOT: _("A colleague answered a ticket they may not answer"),
    Reason.NOT_AN_ANSWER: _("A colleague's answer could not be sent: %(detail)s"),
    Reason.ENDED_WORKER: _("The worker ended while it read this; tried %(detail)s times"),
}


def reason_in_words(stored: str) -> str:
    """A stored reason in the current language; free text stays as it is."""
    code = code_of(stored)
    return _WORDS[code] % {"detail": stored.partition(":")[2].strip()} if code else stored
