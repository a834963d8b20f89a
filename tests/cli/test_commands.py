"""Commands on a desk that is open already: the test database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result

from zabota.cli import cli
from zabota.cli.desk import prepare_desk
from zabota.company.models import Brand
from zabota.staff.actions import find_link
from zabota.staff.models import Agent, ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _open_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def open_already() -> Iterator[None]:
        yield

    monkeypatch.setattr("zabota.cli.desk.open_desk", open_already)
    prepare_desk()


def zabota(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_a_new_desk_has_an_inbox() -> None:
    listed = zabota("inbox", "list", "--json")
    assert listed.exit_code == 0
    assert json.loads(listed.stdout) == [
        {
            "address": "support@localhost",
            "channel": "email",
            "brand": "main",
            "name": "",
            "active": True,
            "fetches": None,
            "trouble": None,
        }
    ]


def test_inbox_add_says_whether_it_was_new() -> None:
    assert zabota("inbox", "add", "--address", "Help@Shop.example").stdout == (
        "help@shop.example added, of the brand Support\n"
    )
    again = zabota("inbox", "add", "--address", "help@shop.example")
    assert (again.exit_code, again.stdout) == (
        0,
        "help@shop.example is there already, of the brand Support\n",
    )
    assert "help@shop.example  main\n" in zabota("inbox", "list").stdout


def test_an_inbox_may_bring_its_brand() -> None:
    made = zabota("inbox", "add", "--address", "a@b.example", "--brand", "Тёплый дом")
    assert made.stdout == "a@b.example added, of the brand Тёплый дом\n"
    zabota("inbox", "add", "--address", "c@b.example", "--brand", "тёплый дом")
    assert Brand.objects.filter(name__iexact="Тёплый дом").count() == 1


@pytest.mark.parametrize("address", ["", "help", "a b@c.example", "@", "<a@b.example>"])
def test_what_is_no_address_is_wrong_usage(address: str) -> None:
    refused = zabota("inbox", "add", "--address", address)
    assert refused.exit_code == 2
    assert "is not an address" in refused.stderr


def test_a_new_agent_chooses_the_password_by_a_link() -> None:
    made = zabota("create-agent", "--email", "Anna@example.com", "--name", "Анна")
    agent = Agent.objects.get(email="anna@example.com")
    assert (made.exit_code, agent.name, agent.role.slug) == (0, "Анна", "operator")
    link = find_link(made.stdout.strip().rpartition("/")[2])
    assert link is not None
    assert link.agent == agent
    assert zabota("create-agent", "--email", "anna@example.com").exit_code == 2
    assert zabota("create-agent", "--email", "b@example.com", "--role", "king").exit_code == 2
    newer = zabota("password-link", "--email", "anna@example.com").stdout.strip()
    assert find_link(newer.rpartition("/")[2]) is not None
    assert find_link(made.stdout.strip().rpartition("/")[2]) is None


def test_create_admin_makes_up_a_password_that_works() -> None:
    made = zabota("create-admin", "--email", "Vera@example.com")
    email, secret = made.stdout.split()[0], made.stdout.split()[-1]
    agent = Agent.objects.get(email=email)
    assert made.exit_code == 0
    assert agent.check_password(secret)
    assert agent.role.slug == "administrator"


def test_create_admin_does_not_repeat_a_given_password() -> None:
    made = zabota("create-admin", "--email", "vera@example.com", "--password", "тёплый дом у реки")
    assert made.exit_code == 0
    assert "дом" not in made.stdout
    assert Agent.objects.get().check_password("тёплый дом у реки")


def test_a_weak_password_is_wrong_usage() -> None:
    refused = zabota("create-admin", "--email", "vera@example.com", "--password", "1234")
    assert refused.exit_code == 2
    assert not Agent.objects.exists()


def test_a_token_is_printed_last_and_kept_hashed() -> None:
    zabota("create-admin", "--email", "vera@example.com")
    made = zabota(
        "token", "create", "--email", "vera@example.com", "--scopes", "tickets:read,tickets:write"
    )
    secret = made.stdout.splitlines()[-1]
    token = ApiToken.objects.get()
    assert token.scopes == ["tickets:read", "tickets:write"]
    assert secret not in token.hash


@pytest.mark.parametrize(
    ("email", "scopes", "said"),
    [
        ("vera@example.com", "tickets:burn", "unknown scope tickets:burn"),
        ("nobody@example.com", "tickets:read", "no agent nobody@example.com"),
    ],
)
def test_an_odd_token_is_wrong_usage(email: str, scopes: str, said: str) -> None:
    zabota("create-admin", "--email", "vera@example.com")
    refused = zabota("token", "create", "--email", email, "--scopes", scopes)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not ApiToken.objects.exists()
