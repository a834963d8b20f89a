"""The company's own words for its mail: templates without logic, per brand and language.

`{{customer.name}}` is replaced by a plain value, escaped in HTML; nothing else happens.
A paragraph of which every placeholder is empty is left out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from zabota.company.models import Brand, MailTemplate
from zabota.core import clock
from zabota.core.letter import html_of_text
from zabota.core.text import clean_line, clean_text
from zabota.events.record import audit
from zabota.events.registry import Actor

LANGUAGES = ("ru", "en")
LONGEST = 10_000
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_PLACE = re.compile(r"\{\{\s*([a-z][a-z._]*)\s*\}\}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
FONT = (
    "font-family:-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px;line-height:22px"
)
# No ground of our own, and a grey for light and dark: it stays legible whatever is made of it.
GREY = "color:#7a736a;font-size:13px;line-height:19px"
PAGE = (
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">'
    '<tr><td align="left"><table role="presentation" width="600" cellpadding="0" cellspacing="0" '
    'border="0" style="width:100%;max-width:600px"><tr><td style="{edge}{font}">'
    "\n{inside}\n</td></tr></table></td></tr></table>"
)
EDGE = "border-top:4px solid {colour};padding-top:16px;"


class MailKind(StrEnum):
    """What is said in a template's words."""

    REPLY = "reply"
    RECEIPT = "receipt"
    FOLLOW_UP = "follow_up"


# A receipt goes to an address nobody has proven: no word in it may be the sender's own.
_OURS = ("brand.name", "ticket.number", "signature", "footer")
PLACES: Mapping[MailKind, tuple[str, ...]] = {
    MailKind.REPLY: (
        "body",
        "customer.name",
        "agent.name",
        "ticket.subject",
        *_OURS,
    ),
    MailKind.RECEIPT: _OURS,
    MailKind.FOLLOW_UP: ("earlier.number", *_OURS),
}
QUIET = ("signature", "footer")


@dataclass(frozen=True, slots=True)
class Template:
    """Words for one kind of mail; version 0 is what the house says by default."""

    subject: str
    text: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's subject and both its parts."""

    subject: str
    text: str
    html: str


def language_of(brand: Brand, wanted: str) -> str:
    """The language of a brand's mail: the wanted one if we speak it, its own, or English."""
    return next((code for code in (wanted, brand.language) if code in LANGUAGES), "en")


def default_template(kind: MailKind, language: str) -> Template:
    """What the house says if the company has said nothing."""
    with translation.override(language):
        match kind:
            case MailKind.REPLY:
                return Template("", "{{body}}\n\n-- \n{{signature}}\n\n{{footer}}")
            case MailKind.FOLLOW_UP:
                text = _(
                    "Hello!\n\n"
                    "Your message has reached us. Ticket {{earlier.number}} is closed already, so "
                    "it has a new number: {{ticket.number}}. A person will read both.\n\n"
                    "To add something, just reply to this message.\n\n"
                    "{{brand.name}}"
                )
            case _other:
                text = _(
                    "Hello!\n\n"
                    "Your message has reached us, its number is {{ticket.number}}. A person will "
                    "read it and answer in this conversation.\n\n"
                    "To add something, just reply to this message.\n\n"
                    "{{brand.name}}"
                )
        return Template(
            _("We have your message, No. {{ticket.number}}"), f"{text}\n\n{{{{footer}}}}"
        )


def load_templates(
    brands: Iterable[Brand], kinds: Iterable[MailKind]
) -> dict[tuple[int, str, str], Template]:
    """The company's own templates of these kinds by `(brand, kind, language)`, in one query."""
    rows = MailTemplate.objects.filter(
        brand__in={brand.pk for brand in brands}, kind__in=list(kinds)
    )
    columns = ("brand_id", "kind", "language", "subject", "text", "version")
    return {
        (brand, kind, language): Template(subject, text, version)
        for brand, kind, language, subject, text, version in rows.values_list(*columns)
    }


def template_of(brand: Brand, kind: MailKind, language: str) -> Template:
    """The company's own, or the default; `language` is one of `LANGUAGES`."""
    own = load_templates([brand], [kind])
    return own.get((brand.pk, kind, language)) or default_template(kind, language)


def render(template: Template, values: Mapping[str, str], brand: Brand) -> Rendered:
    """The mail these words become with these values. Never raises; what is unknown is empty."""
    blocks = [b for block in _BLANK.split(template.text.strip()) if (b := _filled(block, values))]
    inside = "\n".join(_dressed(text, is_quiet) for text, is_quiet in blocks)
    return Rendered(
        subject=clean_line(_put(template.subject, values), 300),
        text="\n\n".join(text for text, _is_quiet in blocks),
        html=_page(inside, brand.colour) if brand.colour else inside,
    )


def _filled(block: str, values: Mapping[str, str]) -> tuple[str, bool] | None:
    """A paragraph with its values, and whether it is a quiet one; None if it has nothing to say."""
    names = _PLACE.findall(block)
    if names and not any(values.get(name, "").strip() for name in names):
        return None
    text = _put(block, values).strip("\n")
    return text, bool(names) and all(name in QUIET for name in names)


def _put(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: values.get(match[1], ""), text)


def _dressed(text: str, is_quiet: bool) -> str:
    html = html_of_text(text.removeprefix("-- \n") if is_quiet else text)
    return f'<div style="{GREY}">{html}</div>' if is_quiet else html


def _page(inside: str, colour: str) -> str:
    edge = EDGE.format(colour=colour) if _COLOUR.fullmatch(colour) else ""
    return PAGE.format(edge=edge, font=FONT, inside=inside)


def checked_template(kind: MailKind, subject: str, text: str) -> Template:
    """Subject and text as they may be saved. Raises `ValidationError` in words."""
    text = clean_text(text).strip()
    if len(text) > LONGEST:
        raise ValidationError(_("The text is longer than %(n)d letters") % {"n": LONGEST})
    if "\n" in subject.strip() or "\r" in subject.strip():
        raise ValidationError(_("A subject is one line"))
    if kind != MailKind.REPLY and not subject.strip():
        raise ValidationError(_("A mail needs a subject"))
    used = {*_PLACE.findall(text), *_PLACE.findall(subject)}
    if unknown := sorted(used - set(PLACES[kind])):
        words = _("There is no {{%(name)s}} here; there are: %(known)s")
        known = ", ".join("{{" + name + "}}" for name in PLACES[kind])
        raise ValidationError(words % {"name": unknown[0], "known": known})
    if "{{" in (rest := _PLACE.sub("", text + subject)) or "}}" in rest:
        raise ValidationError(
            _("A placeholder looks like {{ticket.number}}: two braces on each side")
        )
    if kind == MailKind.REPLY and "body" not in used:
        raise ValidationError(_("Without {{body}} the answer itself would be missing"))
    if not text:
        raise ValidationError(_("Write something first"))
    return Template(clean_line(subject, 300), text)


@transaction.atomic
def save_template(
    brand: Brand, kind: MailKind, language: str, subject: str, text: str, *, actor: Actor
) -> Template:
    """From now on a brand's mail of this kind says this. Raises `ValidationError`."""
    new = checked_template(kind, subject, text)
    rows = MailTemplate.objects.select_for_update()
    row = rows.filter(brand=brand, kind=kind, language=language).first()
    row = row or MailTemplate(brand=brand, kind=kind, language=language, version=0)
    if row.version and (row.subject, row.text) == (new.subject, new.text):
        return Template(row.subject, row.text, row.version)
    row.subject, row.text, row.version = new.subject, new.text, row.version + 1
    row.updated_at = clock.now()
    row.save()
    audit("template.saved", actor=actor, template=row.pk, version=row.version)
    return Template(row.subject, row.text, row.version)


@transaction.atomic
def reset_template(brand: Brand, kind: MailKind, language: str, *, actor: Actor) -> None:
    """Back to what the house says."""
    rows = MailTemplate.objects.filter(brand=brand, kind=kind, language=language)
    for row in rows:
        audit("template.reset", actor=actor, template=row.pk, version=row.version)
    rows.delete()


@transaction.atomic
def save_look(
    brand: Brand,
    *,
    colour: str,
    signatures: Mapping[str, str],
    footers: Mapping[str, str],
    actor: Actor,
) -> None:
    """A brand's colour, and what stands under its mail. Raises `ValidationError`."""
    colour = colour.strip().lower()
    if colour and not _COLOUR.fullmatch(colour):
        raise ValidationError(_("A colour looks like #8e2f5f"))
    brand.colour = colour
    brand.signatures, brand.footers = _texts(signatures), _texts(footers)
    brand.save(update_fields=["colour", "signatures", "footers"])
    audit("brand.look", actor=actor, brand=brand.pk)


def _texts(given: Mapping[str, str]) -> dict[str, str]:
    return {code: text for code, raw in given.items() if (text := clean_text(raw).strip()[:2000])}
