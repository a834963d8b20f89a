"""What the form of an inbox sends, as a source and a secret; and what is wrong with it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from zabota.company.models import Brand
from zabota.core import clock
from zabota.core.sealing import Unsealable
from zabota.core.text import clean_line
from zabota.intake.models import Inbox
from zabota.intake.sources import FETCHING, After, Secret, Security, Source, source_of

FETCHED = "fetched"


@dataclass(slots=True)
class InboxForm:
    """`source` is None for an inbox mail is brought to; `secret` is what signs us in."""

    address: str
    name: str
    brand: Brand | None
    source: Source | None = None
    secret: Secret = field(default_factory=Secret)
    problems: dict[str, str] = field(default_factory=dict)


def read_inbox_form(post: QueryDict, inbox: Inbox | None) -> InboxForm:
    """Everything the form says; without a new password the one there is, but never for another
    server or another user."""
    form = InboxForm(
        address=inbox.address if inbox else clean_line(post.get("address", ""), 320).lower(),
        name=clean_line(post.get("name", ""), 120),
        brand=_brand(post.get("brand", "")),
    )
    if form.brand is None:
        form.problems["brand"] = _("There is no such choice any more. Reload the page.")
    if post.get("way") == FETCHED:
        before = source_of(inbox) if inbox else None
        form.source = _source(post, before, form.problems)
        form.secret = _secret(post, form.source, inbox, before)
        if not form.source.provider and form.secret.is_empty:
            form.problems["password"] = _("Enter the password of this mailbox")
    return form


def _brand(given: str) -> Brand | None:
    return Brand.objects.filter(pk=int(given)).first() if given.isdecimal() else None


def _source(post: QueryDict, before: Source | None, problems: dict[str, str]) -> Source:
    def line(name: str) -> str:
        return clean_line(post.get(name, ""), 255)

    after = line("after") if line("after") in list(After) else After.LEAVE
    provider = (
        line("provider") if any(line("provider") in f.providers for f in FETCHING.values()) else ""
    )
    source = Source(
        host=line("host").lower(),
        port=int(line("port")) if line("port").isdecimal() else 0,
        user=line("user"),
        folder=line("folder") or "INBOX",
        security=_security(line("security"), before),
        after=After(after),
        move_to=line("move_to") if after == After.MOVE else "",
        since=_since(post, before, problems),
        provider=provider,
    )
    problems.update(_problems(source))
    return source


def _security(given: str, before: Source | None) -> Security:
    """Without encryption only what the command line has set so, for this machine."""
    if before and before.security == Security.NONE == given:
        return Security.NONE
    return Security.STARTTLS if given == Security.STARTTLS else Security.TLS


def _since(post: QueryDict, before: Source | None, problems: dict[str, str]) -> datetime | None:
    """Chosen when an inbox is connected; it then stays."""
    if before:
        return before.since
    given = post.get("since", "now")
    if given == "all":
        return None
    if given != "date":
        return clock.now()
    try:
        day = datetime.strptime(post.get("since_day", ""), "%Y-%m-%d")  # noqa: DTZ007
        return timezone.make_aware(day)
    except (ValueError, OverflowError):
        problems["since_day"] = _("Choose a day")
        return clock.now()


def _problems(source: Source) -> dict[str, str]:
    found = {}
    if not source.host or " " in source.host or "/" in source.host:
        found["host"] = _("A server looks like imap.example.com")
    if not 0 < source.port < 65536:
        found["port"] = _("A number; usual are 993 and 143")
    if not source.user:
        found["user"] = _("Often the whole address")
    if source.after == After.MOVE and not source.move_to:
        found["move_to"] = _("Where to?")
    if source.after == After.MOVE and source.move_to == source.folder:
        found["move_to"] = _("It is fetched from this folder")
    return found


def _secret(post: QueryDict, source: Source, inbox: Inbox | None, before: Source | None) -> Secret:
    if not source.provider and (given := post.get("password", "")):
        return Secret(password=given[:1000])
    if inbox is None or before is None:
        return Secret()
    is_same = (before.account, before.provider) == (source.account, source.provider)
    # Nor over a connection that others can read along.
    is_as_safe = source.security in (before.security, Security.TLS)
    try:
        return Secret.opened(inbox.secret) if is_same and is_as_safe else Secret()
    except Unsealable:
        return Secret()
