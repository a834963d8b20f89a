"""Letting people and programs in."""

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from zabota.core import clock
from zabota.core.tokens import hash_secret, new_secret
from zabota.events.record import audit
from zabota.events.registry import SYSTEM, Actor
from zabota.staff.models import Agent, ApiToken, OneTimeLink, Role, Team
from zabota.staff.permissions import ROLES, TOKEN_SCOPES

SETUP = "setup"
PASSWORD = "password"  # noqa: S105  a purpose, not a secret
LINK_LIFE = timedelta(days=3)


class LinkRefused(Exception):
    """The link was used, is too old, or never was."""


def ensure_roles() -> None:
    """The roles a desk begins with; one there is keeps what was made of it. Idempotent.

    But administrators may always do everything, also what a newer version brings.
    """
    Role.objects.bulk_create(
        [Role(slug=s, names=names, permissions=given) for s, (names, given) in ROLES.items()],
        ignore_conflicts=True,
    )
    _names, everything = ROLES["administrator"]
    Role.objects.filter(slug="administrator").update(permissions=everything)


def create_agent(
    email: str,
    *,
    role: str,
    name: str = "",
    password: str | None = None,
    teams: tuple[Team, ...] = (),
) -> Agent:
    """A new agent. Raises `ValidationError` (weak password), `IntegrityError` (known address)."""
    email = email.strip().lower()
    agent = Agent(email=email, name=name or email.split("@")[0], role=Role.objects.get(slug=role))
    if password is not None:
        validate_password(password, agent)
    agent.set_password(password)
    with transaction.atomic():
        agent.save()
        agent.teams.set(teams)
        audit("agent.created", actor=SYSTEM, agent=agent.pk, role=role)
    return agent


def create_admin(email: str, password: str | None = None) -> tuple[Agent, str]:
    """An administrator and the password they sign in with (made up if none is given).

    If the address exists already, that agent becomes administrator with the new password.
    """
    password = password or secrets.token_urlsafe(12)
    agent = Agent.objects.filter(email__iexact=email.strip()).first()
    if agent is None:
        return create_agent(email, role="administrator", password=password), password
    validate_password(password, agent)
    agent.role, agent.is_active = Role.objects.get(slug="administrator"), True
    agent.set_password(password)
    agent.save()
    audit("agent.made_admin", actor=SYSTEM, agent=agent.pk)
    return agent, password


def create_token(agent: Agent, scopes: list[str], *, name: str = "") -> str:
    """A new API token; give back its secret, shown this once. Raises `ValueError` on odd scopes."""
    if unknown := sorted(set(scopes) - set(TOKEN_SCOPES)):
        raise ValueError(f"unknown scope {unknown[0]}; there are {', '.join(TOKEN_SCOPES)}")
    secret = "zbt_" + new_secret()
    token = ApiToken.objects.create(
        agent=agent, name=name, hash=hash_secret(secret), scopes=scopes, created_at=clock.now()
    )
    audit("token.created", actor=SYSTEM, agent=agent.pk, token=token.pk)
    return secret


def create_setup_link() -> str | None:
    """The path where the first administrator is made, or None if there is one already.

    Earlier links end, so that only the newest printed one works.
    """
    if Agent.objects.filter(role__slug="administrator").exists():
        return None
    return "/setup/" + _new_link(SETUP, None)


def create_password_link(agent: Agent) -> str:
    """The path where this agent sets a new password, once."""
    return "/setup/" + _new_link(PASSWORD, agent)


def _new_link(purpose: str, agent: Agent | None) -> str:
    secret, now = new_secret(), clock.now()
    OneTimeLink.objects.filter(purpose=purpose, agent=agent, used_at=None).update(used_at=now)
    OneTimeLink.objects.create(
        purpose=purpose,
        agent=agent,
        hash=hash_secret(secret),
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    return secret


def find_link(secret: str) -> OneTimeLink | None:
    """The link, if it still works. Looking does not use it up: mail scanners follow links."""
    return OneTimeLink.objects.filter(
        hash=hash_secret(secret), used_at=None, expires_at__gt=clock.now()
    ).first()


@transaction.atomic
def use_link(secret: str, *, email: str, name: str, password: str) -> Agent:
    """Set the password the link is for, making the administrator if it is the first one.

    Raises `LinkRefused`, or `ValidationError` on a weak password or an address somebody has
    (the link then still works).
    """
    link = OneTimeLink.objects.select_for_update().filter(hash=hash_secret(secret)).first()
    if link is None or link.used_at or link.expires_at <= clock.now():
        raise LinkRefused
    if link.agent is None:
        new = Agent(email=email.strip().lower(), name=name or email)
        new.full_clean(exclude=["password", "role"])
        agent = create_agent(email, role="administrator", name=name, password=password)
    else:
        agent = link.agent
        set_password(agent, password, actor=Actor("agent", agent.pk))
    link.used_at = clock.now()
    link.save()
    return agent


def set_password(agent: Agent, password: str, *, actor: Actor) -> None:
    """A new password; sessions made with the old one end (their hash no longer fits)."""
    validate_password(password, agent)
    agent.set_password(password)
    agent.save(update_fields=["password"])
    audit("agent.password", actor=actor, agent=agent.pk)
