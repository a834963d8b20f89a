"""Was a mail written by a machine, and is it another mail come back (RFC 3834, RFC 3464)?"""

import re
from collections.abc import Iterable

from .headers import parse_ids
from .limits import Reading
from .mime import Part

_MACHINE_HEADERS = {
    "x-autoreply", "x-autorespond", "x-autoreply-from", "x-auto-reply", "x-mail-autoreply",
    "list-id", "list-unsubscribe", "x-failed-recipients", "feedback-id",
}  # fmt: skip
_MACHINE_PRECEDENCE = {b"bulk", b"junk", b"list", b"auto_reply"}
_NO_ANSWERS = re.compile(rb"\b(all|oof|autoreply)\b", re.IGNORECASE)
_MACHINE_SENDER = re.compile(
    r"(mailer-daemon|postmaster|no-?_?reply|do-?_?not-?_?reply|auto-?reply|bounces?)([+=.-].*)?$"
)
MOST_HOPS = 50
_DAEMON = re.compile(r"(mailer-daemon|postmaster)$")
_MACHINE_SUBJECT = re.compile(
    r"(automatic reply|auto(matic)?[- ]?(reply|response|responder)|out of( the)? office"
    r"|автоответ\w*|автоматический ответ)\b",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (status notification|has failed|fail)|mail delivery (failed|system)"
    r"|returned mail|failure notice|mail failure|could not be delivered|delivery (error|problem)"
    r"|не доставл|недоставл|не уда(лось|ется|ётся) доставить|ошибка доставки|доставка не удалась",
    re.IGNORECASE,
)


def is_automatic(mail: Part, sender: str, subject: str) -> bool:
    """Did a machine write this, or does it ask for no automatic answers?

    >>> # Auto-Submitted: auto-replied · Precedence: bulk · Return-Path: <> · noreply@example.com
    """
    submitted = mail.header("auto-submitted").split(b";")[0].strip().lower()
    return (
        submitted not in (b"", b"no")
        or not _MACHINE_HEADERS.isdisjoint(mail.headers)
        or mail.header("precedence").strip().lower() in _MACHINE_PRECEDENCE
        or bool(_NO_ANSWERS.search(mail.header("x-auto-response-suppress")))
        or has_null_sender(mail)
        or mail.content_type == "multipart/report"
        or bool(_MACHINE_SENDER.match(sender.partition("@")[0]))
        or bool(_MACHINE_SUBJECT.match(subject))
    )


def has_looped(mail: Part, recipients: Iterable[str]) -> bool:
    """Did one of its recipients send it, or has it been passed on without end?

    Ours carry the address they leave from. Somebody may write that, too: then we do not answer.
    """
    if len(mail.headers.get("received", [])) > MOST_HOPS:
        return True
    left = {v.decode("latin-1").strip().lower() for v in mail.headers.get("x-loop", [])[:20]}
    return bool(left) and any(_plain(r) in left for r in recipients)


def _plain(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def has_null_sender(mail: Part) -> bool:
    """Was it sent so that nothing can come back?"""
    return mail.header("return-path").replace(b" ", b"") == b"<>"


def is_bounce(mail: Part, sender: str, subject: str, reading: Reading) -> bool:
    """Does it say that a mail could not be delivered? A delay is not yet a failure."""
    status = next((p for p in mail.walk() if p.content_type == "message/delivery-status"), None)
    if status and mail.content_type == "multipart/report":
        actions = re.findall(rb"(?im)^action:\s*([a-z]+)", status.content(reading)[:20_000])
        return b"failed" in [action.lower() for action in actions]
    if "x-failed-recipients" in mail.headers:
        return True
    daemon = has_null_sender(mail) or _DAEMON.match(sender.partition("@")[0])
    return bool(daemon and _BOUNCE_SUBJECT.search(subject))


_RETURNED_ID = re.compile(rb"^[> ]{0,3}(?:original-)?message-id:\s*<([^<>]{1,500})>", re.I | re.M)


def returned_ids(mail: Part, reading: Reading) -> list[str]:
    """The Message-ID of the mail that came back, if the bounce holds it, its headers or a copy."""
    for part in mail.walk():
        if part.children or part.content_type.startswith(("image/", "application/", "audio/")):
            continue
        if match := _RETURNED_ID.search(part.content(reading)[:200_000]):
            return parse_ids([match[1]], reading)
    return []
