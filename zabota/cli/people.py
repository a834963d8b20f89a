"""Letting people and programs in, from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from zabota.cli.desk import on_desk


@contextmanager
def _usage() -> Iterator[None]:
    """What an action refuses is wrong usage, in its own words."""
    from django.core.exceptions import ValidationError

    try:
        yield
    except ValidationError as error:
        raise click.UsageError(" ".join(error.messages)) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@click.command("create-admin")
@click.option("--email", required=True)
@click.option("--password", help="Made up and printed if not given.")
@on_desk
def create_admin(email: str, password: str | None) -> None:
    """Make an administrator, or give one a new password."""
    from zabota.staff import actions

    with _usage():
        agent, secret = actions.create_admin(email, password)
    click.echo(f"{agent.email} signs in with {'the password given' if password else secret}")


@click.command("create-agent")
@click.option("--email", required=True)
@click.option("--name", default="", help="What customers see; from the address if not given.")
@click.option("--role", default="operator", show_default=True)
@on_desk
def create_agent(email: str, name: str, role: str) -> None:
    """Let somebody in: prints a link where they choose their password, once."""
    from zabota.staff import actions
    from zabota.staff.models import Agent, Role

    roles = list(Role.objects.order_by("pk").values_list("slug", flat=True))
    if role not in roles:
        raise click.UsageError(f"there is no role {role}; there are {', '.join(roles)}")
    if Agent.objects.filter(email__iexact=email.strip()).exists():
        raise click.UsageError(f"{email} is there already: see zabota password-link")
    with _usage():
        agent = actions.create_agent(email, role=role, name=name)
    click.echo(_address(actions.create_password_link(agent)))


@click.command("password-link")
@click.option("--email", required=True)
@on_desk
def password_link(email: str) -> None:
    """Print a link where an agent sets a new password, once, within three days."""
    from zabota.staff import actions
    from zabota.staff.queries import find_agent

    agent = find_agent(email)
    if agent is None:
        raise click.UsageError(f"there is no agent {email}: see zabota create-agent")
    click.echo(_address(actions.create_password_link(agent)))


def _address(path: str) -> str:
    from zabota.core.environment import env

    return f"{env.public_url or 'http://127.0.0.1:8000'}{path}"


@click.group()
def token() -> None:
    """Tokens for the API."""


@token.command("create")
@click.option("--email", required=True, help="The agent it acts as.")
@click.option("--scopes", required=True, help="Separated by commas.")
@click.option("--name", default="", help="What it is for.")
@on_desk
def create_token(email: str, scopes: str, name: str) -> None:
    """Make a token; it is printed last, this once."""
    from zabota.staff import actions
    from zabota.staff.queries import find_agent

    agent = find_agent(email)
    if agent is None:
        raise click.UsageError(f"there is no agent {email}: see zabota create-agent")
    with _usage():
        secret = actions.create_token(agent, scopes.replace(",", " ").split(), name=name)
    click.echo(secret)
