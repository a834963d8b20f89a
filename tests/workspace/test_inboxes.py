"""The pages of inboxes: how each is, who may change what, and letting one in at its provider."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.events.models import Audit
from zabota.events.registry import SYSTEM
from zabota.intake.actions import add_inbox
from zabota.intake.inboxes import connect_inbox, note_success, note_trouble, set_active
from zabota.intake.models import Inbox, InboxHealth
from zabota.intake.sources import (
    FETCHING,
    Finding,
    Secret,
    Source,
    SourceTrouble,
    Trouble,
    source_of,
)

HOST = "imap.example.com"
FORM = {
    "address": "sales@example.com",
    "name": "Sales",
    "way": "fetched",
    "host": HOST,
    "port": "993",
    "security": "tls",
    "user": "sales",
    "password": "s3cret",
    "folder": "INBOX",
    "after": "leave",
    "since": "now",
}


class Server:
    """The far side: remembers what it was asked."""

    providers: Mapping[str, str] = {"google": "Google"}

    def __init__(self) -> None:
        self.asked: list[tuple[Source, Secret]] = []
        self.found = Finding(folders=("INBOX", "Спам"), waiting=3)

    def test(self, source: Source, secret: Secret) -> Finding:
        self.asked.append((source, secret))
        return self.found

    def is_known(self, provider: str) -> bool:
        return True

    def consent_url(self, source: Source, back: str, state: str, verifier: str) -> str:
        return f"https://accounts.example/auth?state={state}&redirect_uri={back}"

    def exchange(self, source: Source, back: str, code: str, verifier: str) -> Secret:
        if code != "good":
            raise SourceTrouble(Trouble.CONSENT, "invalid_grant")
        return Secret(refresh_token="token")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setitem(FETCHING, "email", server)
    return server


@pytest.fixture
def admin(cast: Cast, desk: Desk, server: Server) -> Client:
    return desk(cast.admin)


def connected(address: str = "help@example.com", **given: Any) -> Inbox:
    source = Source(**{"host": HOST, "port": 993, "user": "help", **given})
    secret = None if source.provider else Secret(password="0ldPassw0rd")
    return connect_inbox(add_inbox(address)[0], source, secret, actor=SYSTEM)


def form(cast: Cast, **given: str) -> dict[str, str]:
    return {**FORM, "brand": str(cast.brand.pk), **given}


def page(client: Client, address: str = "/settings/inboxes") -> str:
    return client.get(address).content.decode()


def test_a_new_inbox_is_added_and_fetches(cast: Cast, admin: Client) -> None:
    response = admin.post("/settings/inboxes/new", form(cast))
    assert response["Location"] == "/settings/inboxes"
    inbox = Inbox.objects.get(address="sales@example.com")
    source = source_of(inbox)
    assert source and (source.host, source.port, source.user) == (HOST, 993, "sales")
    assert source.since is not None
    assert "s3cret" not in inbox.secret
    assert Secret.opened(inbox.secret).password == "s3cret"
    assert Audit.objects.filter(action="inbox.connected").exists()
    shown = page(admin)
    assert "sales@example.com" in shown and "Begins" in shown


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"address": "sales"}, "An address looks like name@example.com"),
        ({"address": "help@example.com"}, "This inbox is there already"),
        ({"host": ""}, "A server looks like imap.example.com"),
        ({"port": "0"}, "usual are 993 and 143"),
        ({"user": ""}, 'aria-invalid="true"'),
        ({"password": ""}, "Enter the password of this mailbox"),
        ({"after": "move"}, "Where to?"),
        ({"since": "date", "since_day": "soon"}, "Choose a day"),
        ({"brand": "999999"}, "There is no such choice any more"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    cast: Cast, admin: Client, wrong: dict[str, str], words: str
) -> None:
    connected()
    response = admin.post("/settings/inboxes/new", form(cast, **wrong))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Inbox.objects.filter(channel="email").count() == 1


def test_the_password_stays_but_goes_to_no_other_server(
    cast: Cast, admin: Client, server: Server
) -> None:
    inbox = connected()
    address = f"/settings/inboxes/{inbox.pk}"
    same = form(cast, user="help", password="", folder="Sales")
    assert admin.post(address, same).status_code == 302
    inbox.refresh_from_db()
    source = source_of(inbox)
    assert source and source.folder == "Sales" and source.since is None
    assert Secret.opened(inbox.secret).password == "0ldPassw0rd"
    admin.post(address, {**same, "test": "1"})
    for other in ({"host": "evil.example"}, {"user": "x"}, {"port": "1"}, {"security": "starttls"}):
        response = admin.post(address, {**same, **other, "test": "1"})
        assert response.status_code == 422
    assert [secret.password for _source, secret in server.asked] == ["0ldPassw0rd"]
    assert "0ldPassw0rd" not in admin.get(address).content.decode()


def test_a_test_says_what_is_found_and_saves_nothing(
    cast: Cast, admin: Client, server: Server
) -> None:
    response = admin.post("/settings/inboxes/new", form(cast, test="1"))
    words = response.content.decode()
    assert "It works: the folder has 3 mails" in words and 'value="Спам"' in words
    server.found = Finding(Trouble.SIGN_IN, "<b>NO</b> [AUTHENTICATIONFAILED]", ("INBOX",))
    words = admin.post("/settings/inboxes/new", form(cast, test="1")).content.decode()
    assert "The server does not accept user and password" in words
    assert "&lt;b&gt;NO&lt;/b&gt;" in words
    assert not Inbox.objects.filter(channel="email").exists()


def test_each_is_shown_as_it_is(cast: Cast, admin: Client) -> None:
    well, bad, paused = (connected(f"{name}@example.com") for name in ("well", "bad", "paused"))
    note_success(well, {"left": 1200})
    note_trouble(bad, SourceTrouble(Trouble.NAME, "Name or service not known"))
    set_active(paused, False, actor=SYSTEM)
    shown = page(admin)
    assert "Catching up, 1200 mails to go" in shown
    assert "There is no server of this name" in shown and "Name or service not known" in shown
    assert "Paused" in shown and "Mail waits there" in shown
    assert shown.index("bad@example.com") < shown.index("paused@example.com")
    note_success(well, {"left": 0})
    InboxHealth.objects.filter(inbox=well).update(checked_at=clock.now() - timedelta(hours=1))
    assert "Nobody has looked since" in page(admin)


def test_trouble_that_lasts_is_marked_in_the_navigation(cast: Cast, desk: Desk) -> None:
    inbox = connected()
    mark = 'class="count is-overdue" aria-hidden="true">!<'
    note_trouble(inbox, SourceTrouble(Trouble.PORT))
    vera, anna = desk(cast.vera), desk(cast.anna)
    assert mark not in page(vera)
    since = clock.now() - timedelta(minutes=16)
    InboxHealth.objects.update(trouble_since=since)
    assert mark in page(vera) and mark not in page(anna, "/views/open")
    set_active(inbox, False, actor=SYSTEM)
    assert mark not in page(vera)
    assert vera.get("/readyz").status_code == 200


def test_a_supervisor_sees_and_does_not_touch(cast: Cast, desk: Desk) -> None:
    inbox = connected()
    shown = page(desk(cast.vera))
    assert "help@example.com" in shown
    assert f"/settings/inboxes/{inbox.pk}" not in shown and "New inbox" not in shown


def test_the_list_costs_the_same_with_one_and_with_three(cast: Cast, admin: Client) -> None:
    connected()
    admin.get("/settings/inboxes")
    with CaptureQueriesContext(connection) as one:
        admin.get("/settings/inboxes")
    connected("a@example.com")
    note_trouble(connected("b@example.com"), SourceTrouble(Trouble.CUT))
    with CaptureQueriesContext(connection) as three:
        admin.get("/settings/inboxes")
    assert len(one) == len(three)


def test_pause_and_resume(admin: Client) -> None:
    inbox = connected()
    for active in ("0", "1"):
        admin.post(f"/settings/inboxes/{inbox.pk}/pause", {"active": active})
        inbox.refresh_from_db()
        assert inbox.is_active == (active == "1")


def test_what_came_in_is_counted(cast: Cast, admin: Client) -> None:
    cast.accept()
    cast.accept()
    assert '<span class="num">2</span>' in page(admin)


def ask_for_consent(admin: Client, inbox: Inbox) -> str:
    """To the provider; the state it is to give back."""
    away = admin.get(f"/settings/inboxes/{inbox.pk}/connect")["Location"]
    query = parse_qs(urlsplit(away).query)
    assert query["redirect_uri"] == ["http://testserver/settings/inboxes/connected"]
    return query["state"][0]


def test_an_administrator_lets_it_in_at_its_provider(admin: Client) -> None:
    inbox = connected(provider="google")
    assert "Not connected yet" in page(admin)
    state = ask_for_consent(admin, inbox)
    back = f"/settings/inboxes/connected?state={state}&code=good"
    assert admin.get(back)["Location"] == f"/settings/inboxes/{inbox.pk}"
    inbox.refresh_from_db()
    assert Secret.opened(inbox.secret).refresh_token == "token"
    assert "help@example.com is connected" in page(admin)
    assert admin.get(back).status_code == 404  # once


@pytest.mark.parametrize("given", ["state=x&code=good", "code=good", "state=%ff&code=good", ""])
def test_nobody_else_may_send_us_a_code(admin: Client, given: str) -> None:
    inbox = connected(provider="google")
    ask_for_consent(admin, inbox)
    assert admin.get(f"/settings/inboxes/connected?{given}").status_code == 404
    inbox.refresh_from_db()
    assert Secret.opened(inbox.secret).is_empty


@pytest.mark.parametrize("answer", ["error=access_denied", "code=bad"])
def test_who_is_not_let_in_is_told(admin: Client, answer: str) -> None:
    inbox = connected(provider="google")
    state = ask_for_consent(admin, inbox)
    admin.get(f"/settings/inboxes/connected?state={state}&{answer}")
    shown = page(admin, f"/settings/inboxes/{inbox.pk}")
    assert "The provider does not let us in" in shown
    assert "access_denied" in shown or "invalid_grant" in shown
