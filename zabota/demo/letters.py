"""A customer's mail as their program would have sent it: charset, HTML part, quote, files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from html import escape

from zabota.demo.content import Customer, File
from zabota.demo.pictures import file_content
from zabota.demo.quoting import Quoted, quote_html, quote_text

HAS_HTML = ("gmail", "mailru", "yandex", "outlook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What goes into one mail."""

    customer: Customer
    language: str
    to: str
    to_name: str
    subject: str
    text: str
    sent_at: datetime
    message_id: str
    references: Sequence[str] = ()
    quoted: Quoted | None = None
    files: Sequence[File] = ()
    auto: bool = False


def write_letter(letter: Letter) -> bytes:
    """The raw mail."""
    charset = letter.customer.charset
    bodies = [MIMEText(_plain(letter), "plain", charset)]
    if letter.customer.client in HAS_HTML and not letter.auto:
        bodies.append(MIMEText(_html(letter), "html", charset))
    parts: list[Message] = [bodies[0] if len(bodies) == 1 else _multipart("alternative", bodies)]
    parts += [_attachment(file) for file in letter.files]
    mail = parts[0] if len(parts) == 1 else _multipart("mixed", parts)
    _head(mail, letter)
    return mail.as_bytes()


def _multipart(kind: str, parts: Sequence[Message]) -> Message:
    whole = MIMEMultipart(kind)
    for part in parts:
        whole.attach(part)
    return whole


def _attachment(file: File) -> Message:
    content, main, sub = file_content(file)
    part = MIMENonMultipart(main, sub)
    part.set_payload(content)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", file.name))
    return part


def _head(mail: Message, letter: Letter) -> None:
    mail["From"] = _person(letter.customer.name, letter.customer.email)
    mail["To"] = _person(letter.to_name, letter.to)
    mail["Subject"] = Header(letter.subject, "utf-8").encode()
    mail["Date"] = format_datetime(letter.sent_at)
    mail["Message-ID"] = f"<{letter.message_id}>"
    if letter.references:
        mail["In-Reply-To"] = f"<{letter.references[-1]}>"
        mail["References"] = " ".join(f"<{one}>" for one in letter.references)
    if letter.auto:
        mail["Auto-Submitted"] = "auto-replied"


def _person(name: str, address: str) -> str:
    return formataddr((Header(name, "utf-8").encode(), address))


def _plain(letter: Letter) -> str:
    parts = [letter.text]
    if signature := letter.customer.signature.strip():
        parts.append(f"-- \n{signature}")
    if letter.quoted:
        parts.append(quote_text(letter.quoted, letter.customer.client, letter.language))
    return "\n\n".join(parts) + "\n"


def _html(letter: Letter) -> str:
    body = "".join(f"<p>{_lines(part)}</p>" for part in letter.text.split("\n\n"))
    if signature := letter.customer.signature.strip():
        body += f"<div>--&nbsp;</div><div>{_lines(signature)}</div>"
    if letter.quoted:
        body += quote_html(letter.quoted, letter.customer.client, letter.language)
    return f"<html><body><div>{body}</div></body></html>\n"


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")
