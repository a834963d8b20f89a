"""What is wrong with a source, in words that say what to do, in the current language."""

from collections.abc import Callable
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zabota.intake.sources import Trouble


class Words(NamedTuple):
    """What is wrong; what to do about it; what the other side said itself."""

    what: str
    advice: str
    said: str


def words_for(stored: str) -> Words | None:
    """The words of `InboxHealth.trouble`, None where there is none."""
    if not stored:
        return None
    kind, _colon, said = stored.partition(": ")
    try:
        return say(Trouble(kind), said)
    except ValueError:
        return Words(stored, "", "")


def say(trouble: Trouble, said: str = "") -> Words:
    """What this trouble is called, and what helps."""
    if trouble == Trouble.FOLDER:
        what = _("There is no folder “%(name)s” on the server") % {"name": said}
        return Words(what, _("Choose one of those the server has."), "")
    what, advice = (_ADVICE.get(trouble) or _network_advice)(trouble)
    return Words(what, advice, said)


def _network_advice(trouble: Trouble) -> tuple[str, str]:
    whats = {
        Trouble.SILENCE: _("The server does not answer"),
        Trouble.NETWORK: _("The server cannot be reached"),
        Trouble.CUT: _("The connection broke off"),
    }
    advice = _("Mail waits there and is fetched as soon as it answers. Check server and port.")
    return whats.get(trouble, trouble.value), advice


def _said(what: str, advice: str) -> Callable[[Trouble], tuple[str, str]]:
    return lambda _trouble: (_(what), _(advice))


_ADVICE: dict[Trouble, Callable[[Trouble], tuple[str, str]]] = {
    Trouble.NAME: _said(
        gettext_noop("There is no server of this name"),
        gettext_noop("Check how the server is written, and the name server of this machine."),
    ),
    Trouble.PORT: _said(
        gettext_noop("The server takes no connections at this port"),
        gettext_noop("Usual are 993 with TLS and 143 with STARTTLS."),
    ),
    Trouble.CERTIFICATE: _said(
        gettext_noop("The server's certificate is not trusted"),
        gettext_noop(
            "Use the name the certificate is made out to. A certificate of your own authority is"
            " trusted if SSL_CERT_FILE names its file."
        ),
    ),
    Trouble.NO_TLS: _said(
        gettext_noop("The server speaks no encryption at this port"),
        gettext_noop("Usual are 993 with TLS and 143 with STARTTLS."),
    ),
    Trouble.SIGN_IN: _said(
        gettext_noop("The server does not accept user and password"),
        gettext_noop("Enter them again. Some providers want a password made for programs."),
    ),
    Trouble.CONSENT: _said(
        gettext_noop("The provider does not let us in any more"),
        gettext_noop("An administrator connects the inbox again."),
    ),
    Trouble.PROVIDER: _said(
        gettext_noop("The provider's sign-in service does not answer as it should"),
        gettext_noop("It is tried again by itself."),
    ),
    Trouble.CLIENT: _said(
        gettext_noop("The provider does not know this installation"),
        gettext_noop("Check client id and secret in the settings of this installation."),
    ),
    Trouble.SECRET: _said(
        gettext_noop("The stored password was sealed with another secret key"),
        gettext_noop("Enter it again."),
    ),
    Trouble.AFTERWARDS: _said(
        gettext_noop("Mail is taken in, but the server does not put it away as chosen"),
        gettext_noop("Check whether the folder exists and whether it may be written to."),
    ),
    Trouble.SERVER: _said(
        gettext_noop("The server refuses"),
        gettext_noop("It is tried again by itself; what it said stands here."),
    ),
}
