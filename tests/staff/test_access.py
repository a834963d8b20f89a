"""Letting people and programs in, and nobody else."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from tests.cast import Cast
from zabota.core import clock
from zabota.core.tokens import read_ids, sign_ids
from zabota.events.models import Audit
from zabota.staff.actions import (
    LinkRefused,
    create_admin,
    create_password_link,
    create_setup_link,
    create_token,
    ensure_roles,
    find_link,
    use_link,
)
from zabota.staff.models import Agent, ApiToken
from zabota.staff.permissions import PERMISSIONS, ROLES, Scope
from zabota.staff.queries import find_token

GOOD = "сиреневый чайник 7"


def secret_of(path: str | None) -> str:
    assert path is not None
    return path.removeprefix("/setup/")


def test_the_first_link_makes_the_administrator_once(db: None) -> None:
    ensure_roles()
    old = secret_of(create_setup_link())
    secret = secret_of(create_setup_link())
    assert find_link(old) is None
    assert find_link(secret) is not None
    with pytest.raises(ValidationError):
        use_link(secret, email="a@desk.example", name="А", password="short")
    agent = use_link(secret, email="A@desk.example", name="А", password=GOOD)
    assert (agent.email, agent.role.slug) == ("a@desk.example", "administrator")
    assert agent.check_password(GOOD)
    with pytest.raises(LinkRefused):
        use_link(secret, email="b@desk.example", name="Б", password=GOOD)
    assert create_setup_link() is None


def test_a_password_link_is_for_one_agent_and_three_days(cast: Cast) -> None:
    secret = secret_of(create_password_link(cast.anna))
    with clock.at(clock.now() + timedelta(days=4)):
        assert find_link(secret) is None
        with pytest.raises(LinkRefused):
            use_link(secret, email="", name="", password=GOOD)
    assert use_link(secret, email="", name="", password=GOOD) == cast.anna
    assert Audit.objects.filter(action="agent.password").exists()


@pytest.mark.parametrize("secret", ["", "x", "\x00", "я" * 100])
def test_no_link_no_token(cast: Cast, secret: str) -> None:
    assert find_link(secret) is None
    assert find_token(secret) is None


def test_an_administrator_from_the_command_line(cast: Cast) -> None:
    agent, password = create_admin("New@desk.example")
    assert agent.check_password(password)
    again, _ = create_admin("new@desk.example", GOOD)
    assert again == agent
    assert Agent.objects.get(pk=agent.pk).check_password(GOOD)


def test_a_token_is_stored_hashed_and_ends(cast: Cast) -> None:
    secret = create_token(cast.anna, ["tickets:read"])
    token = ApiToken.objects.get()
    assert secret not in token.hash
    assert find_token(secret) == token
    token.expires_at = clock.now()
    token.save()
    assert find_token(secret) is None
    token.expires_at = None
    token.save()
    Agent.objects.filter(pk=cast.anna.pk).update(is_active=False)
    assert find_token(secret) is None
    with pytest.raises(ValueError, match="unknown scope everything"):
        create_token(cast.anna, ["everything"])


def test_roles_name_only_permissions_there_are() -> None:
    for _names, given in ROLES.values():
        assert set(given) <= set(PERMISSIONS)


def test_an_agent_who_left_may_nothing(cast: Cast) -> None:
    cast.admin.is_active = False
    assert cast.admin.scope("ticket.view") is Scope.NONE


@pytest.mark.parametrize("ids", [(1, 1), (127, 128), (2**40, 2**62), (0, 0)])
def test_signed_ids_come_back_only_for_their_purpose(ids: tuple[int, int]) -> None:
    token = sign_ids("reply", *ids)
    assert len(token) <= 52
    assert read_ids("reply", token) == read_ids("reply", token.upper()) == ids
    assert read_ids("portal", token) is None
    for place in range(len(token)):
        other = "a" if token[place] != "a" else "b"
        assert read_ids("reply", token[:place] + other + token[place + 1 :]) is None
