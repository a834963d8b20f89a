"""Who vouches for the sender of a message, as a conversation shows it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from zabota.intake.senders import OURSELVES, Authentication


@dataclass(frozen=True, slots=True)
class Speaker:
    """`mark` is "good", "bad" or "" where nobody can say; `facts` for who wants to know."""

    mark: str
    icon: str
    words: str
    facts: list[tuple[str, str]]


def speaker(found: Authentication) -> Speaker:
    """What was found, in words."""
    mark, icon, words = "", "help", _("Nobody vouches for this sender")
    if found.is_verified:
        mark, icon = "good", "check"
        words = _("%(domain)s vouches for the sender") % {"domain": found.domain}
    elif found.is_doubtful:
        mark, icon = "bad", "late"
        words = _("The domain of the sender disowns this letter: it may be forged")
    facts = [
        ("SPF", found.spf),
        ("DKIM", found.dkim),
        ("DMARC", found.dmarc),
        (_("Domain"), found.domain or "–"),
        (_("Checked by"), _("this desk") if found.by == OURSELVES else found.by),
    ]
    return Speaker(mark, icon, words, facts)
