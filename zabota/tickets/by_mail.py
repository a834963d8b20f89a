"""Agents who answer from their own mail: a signed address and a domain that vouches, both.

One without the other is not enough (TRUST, "Who is speaking"): an address can be forged, and a
token is forwarded with the mail it stands in.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied, ValidationError

from zabota.core.tokens import read_ids, sign_ids
from zabota.intake.actions import Verdict
from zabota.intake.models import Inbound
from zabota.intake.reasons import Reason
from zabota.staff.models import Agent
from zabota.tickets.models import Ticket
from zabota.tickets.placing import Incoming
from zabota.tickets.threading import token_ticket
from zabota.tickets.writing import NewFile, send_reply

AGENT = "agent"


def agent_token(ticket_id: int, agent_id: int) -> str:
    """The signed part of the address this agent answers a ticket at: for mail we send to agents."""
    return sign_ids(AGENT, ticket_id, agent_id)


def answer_for_agents(
    incoming: Sequence[Incoming],
) -> tuple[list[Verdict], list[Incoming]]:
    """Send what agents answered; give back what became of it, and everybody else's messages.

    An agent who writes about a request of their own is a customer there.
    """
    candidates = [one for one in incoming if _may_be_answer(one)]
    if not candidates:
        return [], list(incoming)
    agents = _agents([one.message.author.value for one in candidates if one.message.author])
    verdicts: dict[int, Verdict] = {}
    for one in candidates:
        agent = agents.get(one.message.author.value) if one.message.author else None
        ticket = _ticket_of(one, agent) if agent else None
        if agent and ticket and ticket.identity.value != agent.email.lower():
            verdicts[one.entry.pk] = _answer(one, ticket, agent)
    return list(verdicts.values()), [one for one in incoming if one.entry.pk not in verdicts]


def _may_be_answer(one: Incoming) -> bool:
    """Somebody's own words to a signed address, unless a supervisor has let them in by hand."""
    message = one.message
    by_itself = one.is_import or message.automatic or message.bounce
    released = one.entry.envelope.get("released")
    return bool(message.reply_tokens and message.author) and not (by_itself or released)


def _agents(addresses: Iterable[str]) -> Mapping[str, Agent]:
    rows = Agent.objects.filter(email__in=set(addresses), is_active=True)
    return {agent.email.lower(): agent for agent in rows}


def _ticket_of(one: Incoming, agent: Agent) -> Ticket | None:
    """By a token made for this agent, or by the one their customer was given."""
    tokens = one.message.reply_tokens
    signed = (read_ids(AGENT, token) for token in tokens)
    own = next((ids[0] for ids in signed if ids and ids[1:] == (agent.pk,)), None)
    rows = Ticket.objects.select_related("identity")
    return rows.filter(pk=own or token_ticket(tokens) or 0).first()


def _answer(one: Incoming, ticket: Ticket, agent: Agent) -> Verdict:
    vouched = one.message.authentication
    if vouched is None or not vouched.is_aligned:
        return _aside(one, Reason.UNVERIFIED_AGENT)
    files = [NewFile(f.filename, f.content_type, f.content) for f in one.message.files]
    try:
        message = send_reply(ticket, one.message.text, actor=agent, files=files, keep_draft=True)
    except PermissionDenied:
        return _aside(one, Reason.AGENT_MAY_NOT)
    except ValidationError as error:
        return _aside(one, Reason.NOT_AN_ANSWER.with_detail(" ".join(error.messages)))
    message.inbound_id, message.details = one.entry.pk, dict(one.message.details)
    message.save(update_fields=["inbound_id", "details"])
    state, outcome = Inbound.State.APPLIED, Inbound.Outcome.REPLY
    return Verdict(one.entry.pk, state, outcome=outcome)


def _aside(one: Incoming, reason: str) -> Verdict:
    return Verdict(one.entry.pk, Inbound.State.SUSPENDED, reason=reason)
