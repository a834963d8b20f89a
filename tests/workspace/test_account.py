"""Signing in and out, the one-time link, one's own settings."""

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.events.models import Audit
from zabota.staff.actions import create_password_link, create_setup_link
from zabota.staff.models import Agent

PASSWORD = "four words in a row"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


def test_signing_in_leads_where_one_wanted(cast: Cast) -> None:
    Agent.objects.filter(pk=cast.anna.pk).update(password=make_password(PASSWORD))
    client = Client(headers={"accept-language": "ru"})
    page = client.get("/tickets/new", follow=True)
    assert "Войти" in page.content.decode()
    form = {"login": "anna@desk.example", "password": PASSWORD, "next": "/tickets/new"}
    assert client.post("/sign-in", form)["Location"] == "/tickets/new"
    client.post("/sign-out")
    assert client.get("/tickets/new").status_code == 302


def test_comings_and_goings_are_in_the_audit(cast: Cast) -> None:
    Agent.objects.filter(pk=cast.anna.pk).update(password=make_password(PASSWORD))
    client = Client(headers={"accept-language": "en"})
    for login, password in [
        ("nobody@desk.example", "wrong"),
        ("anna@desk.example", "wrong"),
        ("anna@desk.example", PASSWORD),
    ]:
        client.post("/sign-in", {"login": login, "password": password})
    client.post("/sign-out")
    rows = Audit.objects.filter(action__startswith="agent.sign").order_by("pk")
    anna = cast.anna.pk
    assert [(row.action, row.actor_id, row.detail) for row in rows] == [
        ("agent.sign_in_failed", None, {"agent": None}),
        ("agent.sign_in_failed", None, {"agent": anna}),
        ("agent.signed_in", anna, {"agent": anna}),
        ("agent.signed_out", anna, {"agent": anna}),
    ]


def test_a_wrong_password_and_a_wrong_name_sound_the_same(cast: Cast) -> None:
    client = Client(headers={"accept-language": "en"})
    answers = set()
    for login in ("anna@desk.example", "nobody@desk.example"):
        response = client.post("/sign-in", {"login": login, "password": "wrong"})
        page = response.content.decode()
        answers.add(page[page.index('role="alert"') :].split("</p>")[0])
    assert len(answers) == 1


def test_who_left_sounds_like_a_wrong_password(cast: Cast) -> None:
    who = Agent.objects.filter(pk=cast.anna.pk)
    who.update(password=make_password(PASSWORD), is_active=False)
    client = Client(headers={"accept-language": "en"})
    response = client.post("/sign-in", {"login": "anna@desk.example", "password": PASSWORD})
    assert response.status_code == 200 and 'role="alert"' in response.content.decode()


def test_guessing_is_slowed_down(cast: Cast) -> None:
    client = Client(headers={"accept-language": "en"})
    form = {"login": "anna@desk.example", "password": "wrong"}
    answers = [client.post("/sign-in", form) for _ in range(12)]
    assert any("Too many" in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("path", ["/sign-up", "/signup", "/accounts/signup/"])
def test_nobody_signs_up(path: str, db: None) -> None:
    assert Client().get(path).status_code == 404


def test_the_first_administrator(cast: Cast) -> None:
    cast.admin.delete()
    link = create_setup_link()
    assert link is not None
    client = Client(headers={"accept-language": "en"})
    assert "The first administrator" in client.get(link).content.decode()
    form = {"name": "Пётр", "email": "petr@desk.example", "password": "short"}
    response = client.post(link, form)
    assert response.status_code == 422 and "Пётр" in response.content.decode()
    assert client.post(link, form | {"password": PASSWORD})["Location"] == "/"
    assert client.get("/settings/me").status_code == 200
    assert Client().get(link).status_code == 404
    assert Agent.objects.get(email="petr@desk.example").role.slug == "administrator"


@pytest.mark.parametrize(
    "odd",
    [{"email": "anna@desk.example"}, {"email": f"{'x' * 300}@example.ru"}, {"name": "x" * 200}],
)
def test_the_first_administrator_writes_something_odd(cast: Cast, odd: dict[str, str]) -> None:
    cast.admin.delete()
    link = create_setup_link()
    assert link is not None
    form = {"name": "Пётр", "email": "petr@desk.example", "password": PASSWORD}
    response = Client(headers={"accept-language": "en"}).post(link, form | odd)
    assert response.status_code in (302, 422)
    assert Agent.objects.get(email="anna@desk.example").role.slug == "operator"


def test_a_link_for_a_new_password(cast: Cast) -> None:
    link = create_password_link(cast.anna)
    client = Client(headers={"accept-language": "en"})
    assert "anna@desk.example" in client.get(link).content.decode()
    client.post(link, {"password": PASSWORD})
    assert client.get("/views/mine").status_code == 200
    response = client.post(link, {"password": PASSWORD})
    assert "This link no longer works" in response.content.decode()


def test_theme_and_language_are_kept(cast: Cast, desk: Desk) -> None:
    client = desk(cast.anna)
    response = client.post(
        "/settings/me/looks", {"theme": "dark", "language": "ru", "next": "/views/open"}
    )
    assert response["Location"] == "/views/open"
    page = client.get("/views/open").content.decode()
    assert '<html lang="ru" data-theme="dark">' in page and "Все открытые" in page
    client.post("/settings/me/looks", {"theme": "pink", "next": "https://evil.example/"})
    cast.anna.refresh_from_db()
    assert (cast.anna.theme, cast.anna.language) == ("dark", "ru")


def test_looks_never_lead_away(cast: Cast, desk: Desk) -> None:
    for bad in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        response = desk(cast.anna).post("/settings/me/looks", {"next": bad})
        assert response["Location"] == "/"


def test_name_and_signature(cast: Cast, desk: Desk) -> None:
    client = desk(cast.anna)
    client.post("/settings/me", {"name": " Анна  Лебедева ", "signature_ru": "Тёплый дом"})
    cast.anna.refresh_from_db()
    assert cast.anna.name == "Анна Лебедева"
    assert cast.anna.signatures == {"ru": "Тёплый дом"}
    assert client.post("/settings/me", {"name": " "}).status_code == 422


def test_a_new_password_ends_other_sessions(cast: Cast, desk: Desk) -> None:
    Agent.objects.filter(pk=cast.anna.pk).update(password=make_password(PASSWORD))
    cast.anna.refresh_from_db()
    here, elsewhere = desk(cast.anna), desk(cast.anna)
    wrong = {"password": "no", "new_password": "another four words here"}
    assert here.post("/settings/me", wrong).status_code == 422
    assert here.post("/settings/me", wrong | {"password": PASSWORD}).status_code == 302
    assert here.get("/settings/me").status_code == 200
    assert elsewhere.get("/settings/me").status_code == 302
