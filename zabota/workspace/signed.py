"""Addresses of pictures inside a sandboxed frame, where no cookie is sent.

Such an address says who may fetch it, until the end of tomorrow; a new password ends it at once.
What the agent may see is asked anew each time.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.core.signing import Signer
from django.utils.crypto import constant_time_compare

from zabota.core import clock
from zabota.staff.models import Agent

_signer = Signer(salt="zabota.pictures")


def sign(path: str, agent: Agent, **given: str) -> str:
    """This path for this agent, with `given` in its query. The same all day, so that it is cached.

    >>> # /messages/5/picture?u=https%3A%2F%2F…&by=3&day=20650&sign=…
    """
    query = {**given, "by": str(agent.pk), "day": str(_today())}
    return f"{path}?{urlencode({**query, 'sign': _signature(path, agent, query)})}"


def signed_by(path: str, query: Mapping[str, str]) -> Agent | None:
    """The agent whose address this is, if nothing in it was changed and its time is not over."""
    given = {key: query[key] for key in query}
    said, by, day = given.pop("sign", ""), given.get("by", ""), given.get("day", "")
    if not (by.isascii() and by.isdigit() and day in (str(_today()), str(_today() - 1))):
        return None
    agent = Agent.objects.select_related("role").filter(pk=int(by[:9]), is_active=True).first()
    if agent is None or not constant_time_compare(_signature(path, agent, given), said):
        return None
    return agent


def _signature(path: str, agent: Agent, query: Mapping[str, str]) -> str:
    words = urlencode(sorted(query.items()))
    return _signer.signature(f"{path}?{words}#{agent.get_session_auth_hash()}")


def _today() -> int:
    return clock.now().toordinal()
