"""What stands in the placeholders of a mail: about this ticket, this agent, this brand."""

from collections.abc import Mapping

from zabota.company.labels import text_in
from zabota.company.mail import MailKind, Rendered, Template, default_template, language_of, render
from zabota.company.mail import template_of as own_template
from zabota.staff.models import Agent
from zabota.tickets.models import Ticket


def reply_words(ticket: Ticket, agent: Agent, body: str) -> Rendered:
    """An agent's answer as the customer gets it: the brand's wrapper around their words."""
    brand = ticket.inbox.brand
    language = language_of(brand, ticket.language)
    values = {
        **_of_house(ticket, language),
        "signature": signature_of(agent, ticket),
        "body": body,
        "customer.name": ticket.customer.name,
        "agent.name": agent.name,
        "ticket.subject": ticket.subject,
    }
    return render(own_template(brand, MailKind.REPLY, language), values, brand)


def signature_of(agent: Agent, ticket: Ticket) -> str:
    """The agent's own in the customer's language, or the brand's."""
    brand = ticket.inbox.brand
    language = language_of(brand, ticket.language)
    own = text_in(agent.signatures, language, brand.language)
    return own or text_in(brand.signatures, language, brand.language)


def receipt_words(
    ticket: Ticket, own: Mapping[tuple[int, str, str], Template], earlier: int | None = None
) -> Rendered:
    """A receipt, or the notice that an answer to a closed ticket has a number of its own.

    Without a word of the customer's: their address is not proven (TRUST). `own` are the company's.
    """
    brand = ticket.inbox.brand
    language = language_of(brand, ticket.language)
    kind = MailKind.FOLLOW_UP if earlier else MailKind.RECEIPT
    values = {
        **_of_house(ticket, language),
        "signature": text_in(brand.signatures, language, brand.language),
        "earlier.number": str(earlier or ""),
    }
    template = own.get((brand.pk, kind, language)) or default_template(kind, language)
    return render(template, values, brand)


def _of_house(ticket: Ticket, language: str) -> dict[str, str]:
    brand = ticket.inbox.brand
    return {
        "brand.name": brand.name,
        "ticket.number": str(ticket.number),
        "footer": text_in(brand.footers, language, brand.language),
    }
