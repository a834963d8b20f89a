"""How mail programs quote what they answer, in Russian and in English."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from babel.dates import format_datetime


@dataclass(frozen=True, slots=True)
class Quoted:
    """The words quoted: whose, from which address, when, under which subject."""

    name: str
    address: str
    moment: datetime
    subject: str
    text: str


# What stands above the quote: Babel's pattern of the date, and the words around it.
HEADS = {
    ("gmail", "ru"): ("EE, d MMM y 'г'. 'в' HH:mm", "{when}, {name} <{address}>:"),
    ("gmail", "en"): ("'On' EEE, d MMM y 'at' HH:mm", "{when}, {name} <{address}> wrote:"),
    ("mailru", "ru"): ("EEEE, d MMMM y, HH:mm xxx", "{when} от {name} <{address}>:"),
    ("yandex", "ru"): ("dd.MM.y, HH:mm", '{when}, "{name}" <{address}>:'),
    ("apple", "ru"): ("d MMM y 'г'., 'в' HH:mm", "{when}, {name} <{address}> написал(а):"),
    ("apple", "en"): ("'On' d MMM y, 'at' HH:mm", "{when}, {name} <{address}> wrote:"),
    ("thunderbird", "ru"): ("dd.MM.y HH:mm", "{when}, {name} пишет:"),
    ("thunderbird", "en"): ("'On' dd/MM/y HH:mm", "{when}, {name} wrote:"),
    ("outlook", "ru"): (
        "d MMMM y 'г'. H:mm",
        "От: {name} <{address}>\nОтправлено: {when}\nТема: {subject}",
    ),
    ("outlook", "en"): (
        "EEEE, d MMMM y HH:mm",
        "From: {name} <{address}>\nSent: {when}\nSubject: {subject}",
    ),
}


def quote_text(quoted: Quoted, client: str, language: str) -> str:
    """The quote as a plain part has it."""
    head = _head(quoted, client, language)
    if client == "outlook":
        return f"{head}\n\n{quoted.text}"
    if client == "mailru":
        return "\n".join(f"> {line}".rstrip() for line in [head, "", *quoted.text.splitlines()])
    marked = "\n".join(f"> {line}".rstrip() for line in quoted.text.splitlines())
    return f"{head}\n{marked}"


def quote_html(quoted: Quoted, client: str, language: str) -> str:
    """The quote as an HTML part has it."""
    head, text = _escaped(_head(quoted, client, language)), _escaped(quoted.text)
    if client == "gmail":
        return (
            f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{head}<br></div>'
            f'<blockquote class="gmail_quote">{text}</blockquote></div>'
        )
    if client == "outlook":
        return f'<div style="border-top:solid #E1E1E1 1.0pt"><p>{head}</p></div><p>{text}</p>'
    if client == "mailru":
        return f"<blockquote>{head}<br><br><div>{text}</div></blockquote>"
    return f"<div>{head}</div><blockquote>{text}</blockquote>"


def _head(quoted: Quoted, client: str, language: str) -> str:
    pattern, words = HEADS[client, language]
    when = format_datetime(quoted.moment, pattern, locale="ru" if language == "ru" else "en_GB")
    when = when[:1].upper() + when[1:] if client == "mailru" else when
    return words.format(when=when, name=quoted.name, address=quoted.address, subject=quoted.subject)


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")
