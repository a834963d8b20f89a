"""Finding agents, teams and the holder of a token."""

from datetime import timedelta

from django.db.models import Prefetch

from zabota.core import clock
from zabota.core.tokens import hash_secret
from zabota.staff.models import Agent, ApiToken

USED_EVERY = timedelta(minutes=5)


def find_agent(email: str) -> Agent | None:
    """The agent with this address, in any spelling of case."""
    return Agent.objects.filter(email__iexact=email.strip()).first()


def find_token(secret: str) -> ApiToken | None:
    """The token with this secret, if it and its agent are still valid; notes that it was used."""
    now = clock.now()
    rows = ApiToken.objects.prefetch_related(Prefetch("agent", Agent.objects.all()))
    token = rows.filter(hash=hash_secret(secret)).first()
    if token is None or not token.agent.is_active or (token.expires_at and token.expires_at <= now):
        return None
    if token.used_at is None or now - token.used_at > USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
    return token
