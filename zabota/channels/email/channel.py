"""Mail as a channel of the house."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext

from zabota.channels.email.inbound import read_inbound
from zabota.channels.email.send import send_mail
from zabota.intake.protocol import (
    Capabilities,
    InboundMessage,
    InboundRefused,
    OutboundMessage,
)

NOT_FETCHED = "not_fetched"  # in the envelope: why only the head of a mail is here


class EmailChannel:
    """E-mail: in by SMTP, IMAP and archives, out by SMTP."""

    kind = "email"
    icon = "mail"
    capabilities = Capabilities(subject=True, html=True, copies=True, receipt=True)

    @property
    def label(self) -> str:
        return pgettext("channel", "mail")

    def parse(self, raw: bytes, envelope: Mapping[str, Any]) -> InboundMessage:
        if why := envelope.get(NOT_FETCHED):
            raise InboundRefused(f"only its head was fetched, the mail is on its server: {why}")
        return read_inbound(raw, envelope)

    def reply_address(self, inbox: str, token: str) -> str:
        """`support+TOKEN@example.com`: subaddressing, RFC 5233."""
        local, _, domain = inbox.rpartition("@")
        return f"{local}+{token}@{domain}"

    def send(self, message: OutboundMessage) -> None:
        send_mail(message)
