"""What is wrong with a source, in words that say what to do, in the current language."""

from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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
    what, advice = WORDS[trouble]
    if trouble == Trouble.FOLDER:  # what was said is its name
        name = gettext("There is no folder “%(name)s” on the server") % {"name": said}
        return Words(name, str(advice), "")
    return Words(str(what), str(advice), said)


_PORTS = _("Usual are 993 with TLS and 143 with STARTTLS.")
_WAITS = _("Mail waits there and is fetched as soon as it answers. Check server and port.")
_ITSELF = _("It is tried again by itself.")
WORDS = {
    Trouble.NAME: (
        _("There is no server of this name"),
        _("Check how the server is written, and the name server of this machine."),
    ),
    Trouble.PORT: (_("The server takes no connections at this port"), _PORTS),
    Trouble.SILENCE: (_("The server does not answer"), _WAITS),
    Trouble.NETWORK: (_("The server cannot be reached"), _WAITS),
    Trouble.CUT: (_("The connection broke off"), _WAITS),
    Trouble.CERTIFICATE: (
        _("The server's certificate is not trusted"),
        _(
            "Use the name the certificate is made out to. One of your own authority is trusted"
            " if SSL_CERT_FILE names its file."
        ),
    ),
    Trouble.NO_TLS: (_("The server speaks no encryption at this port"), _PORTS),
    Trouble.SIGN_IN: (
        _("The server does not accept user and password"),
        _("Enter them again. Some providers want a password made for programs."),
    ),
    Trouble.CONSENT: (
        _("The provider does not let us in"),
        _("An administrator connects the inbox again."),
    ),
    Trouble.PROVIDER: (_("The provider's sign-in service does not answer as it should"), _ITSELF),
    Trouble.CLIENT: (
        _("The provider does not know this installation"),
        _("Check client id and secret in the settings of this installation."),
    ),
    Trouble.SECRET: (
        _("The stored password was sealed with another secret key"),
        _("Enter it again."),
    ),
    Trouble.FOLDER: (_("There is no such folder"), _("Choose one of those the server has.")),
    Trouble.AFTERWARDS: (
        _("Mail is taken in, but the server does not put it away as chosen"),
        _("Check whether the folder exists and whether it may be written to."),
    ),
    Trouble.SERVER: (_("The server refuses"), _ITSELF),
}
