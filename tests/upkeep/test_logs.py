"""Log lines: what they say, and that they never say what people wrote."""

import json
import logging
import re
from pathlib import Path

import httpx
import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.cast import Cast
from tests.upkeep.desks import INBOX, Desk, a_desk, a_post
from tests.waiting import until
from zabota.core.logs import JsonLines, TextLines, harmless_text
from zabota.staff.models import Agent

CANARY = "kanareika"


def line(
    message: str, *args: object, error: BaseException | None = None, text: bool = False
) -> str:
    about = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("zabota.test", logging.ERROR, __file__, 1, message, args, about)
    return (TextLines() if text else JsonLines()).format(record)


def test_an_error_of_the_database_says_what_but_not_whose(db: None) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Agent.objects.create(email=f"{CANARY}@example.ru", name=CANARY)
    assert CANARY in str(caught.value), "PostgreSQL quotes the row"
    for text in (False, True):
        for said in (
            line("creating", error=caught.value, text=text),
            line("creating: %s", caught.value, text=text),
            line(f"creating: {caught.value}", text=text),
        ):
            assert CANARY not in said
    assert "IntegrityError 23502" in line("creating", error=caught.value)


def test_a_traceback_names_places_and_not_words() -> None:
    try:
        try:
            int(CANARY)
        except ValueError as error:
            raise RuntimeError(f"not a number: {CANARY}") from error
    except RuntimeError as error:
        said = json.loads(line("reading", error=error))
    assert CANARY not in str(said)
    assert said["error"][0] == "RuntimeError" and "ValueError" in said["error"]
    assert any("test_logs.py" in place for place in said["error"])


def test_a_line_that_cannot_be_written_quotes_nobody() -> None:
    assert CANARY not in line("%d mails", CANARY)


def test_addresses_are_taken_out() -> None:
    said = harmless_text("refused <dana.k+x@example.co.uk>, for кто@почта.рф")
    assert "dana" not in said and "почта" not in said


def test_a_statement_of_postgresql_is_not_quoted(db: None) -> None:
    with pytest.raises(psycopg.Error) as caught, connection.cursor() as cursor:
        try:
            cursor.execute("SELECT * FROM nowhere WHERE a = 'kanareika'")
        except Exception as error:
            raise error.__cause__ or error from None
    assert CANARY not in line("asking: %s" % str(caught.value))  # noqa: UP031


@pytest.mark.parametrize("given", ["abcdef-0123456789", "A.b_c-12"])
def test_the_id_a_proxy_gives_is_kept(db: None, given: str) -> None:
    response = Client().get("/healthz", headers={"x-request-id": given})
    assert response["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "dana@example.ru", "one two three"])
def test_what_is_no_id_is_not_repeated(db: None, given: str) -> None:
    response = Client().get("/healthz", headers={"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{12}", response["X-Request-ID"])


def test_every_request_is_a_line_of_json(
    cast: Cast, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Json:
        log_format = "json"

    monkeypatch.setattr("zabota.core.middleware.env", Json())
    ticket = cast.receive()
    client = Client()
    client.force_login(cast.anna, "allauth.account.auth_backends.AuthenticationBackend")
    with caplog.at_level(logging.INFO, "zabota.request"):
        client.get(f"/tickets/{ticket.number}?view={CANARY}")
    (record,) = [r for r in caplog.records if r.name == "zabota.request"]
    said = json.loads(JsonLines().format(record))
    assert said["route"] == "/tickets/<int:number>" and said["status"] == 200
    assert said["agent"] == cast.anna.pk and said["ms"] >= 0
    assert CANARY not in json.dumps(said)


LETTER = f"""From: {CANARY} <{CANARY}@far.example>
To: {INBOX}
Subject: {CANARY}
Message-ID: <{CANARY}@far.example>
Content-Type: text/plain; charset={CANARY}

{CANARY}
"""


@pytest.mark.faults
def test_a_journey_leaves_no_word_of_it_in_the_logs(tmp_path: Path) -> None:
    import smtplib

    with a_post() as (_post, post), a_desk(tmp_path / "desk", post) as desk:
        desk.environment |= {"ZABOTA_LOG_FORMAT": "json", "ZABOTA_LOG_LEVEL": "DEBUG"}
        desk.zabota("create-admin", "--email", "a@desk.example", "--password", "long enough 1")
        desk.start("worker")
        port = desk.start_mail()
        _web, web = desk.start_web()
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail(f"{CANARY}@far.example", [INBOX], LETTER.encode())
            server.docmd("RCPT", f"TO:<{CANARY}@nowhere.example>")
        until(lambda: desk.one("SELECT count(*) FROM tickets_message") == 1)
        work_at(f"http://127.0.0.1:{web}", desk)
        said = (tmp_path / "said.log").read_text()
    lines = [json.loads(one) for one in said.splitlines() if one.startswith("{")]
    assert {"/tickets/<int:number>", "/search"} <= {one.get("route") for one in lines}
    assert any(one.get("error") for one in lines), "something went wrong on the way"
    assert CANARY not in said.lower()


def work_at(base: str, desk: Desk) -> None:
    """Sign in, look for the ticket, answer it, and meet a table that has gone."""
    with httpx.Client(base_url=base, follow_redirects=True) as browser:
        page = browser.get("/sign-in").text
        form = {"csrfmiddlewaretoken": token(page), "login": "a@desk.example"}
        browser.post("/sign-in", data={**form, "email": form["login"], "password": CANARY})
        form["password"] = "long enough 1"
        browser.post("/sign-in", data={**form, "email": form["login"]})
        number = desk.one("SELECT number FROM tickets_ticket")
        page = browser.get(f"/tickets/{number}").text
        browser.get("/search", params={"q": CANARY})
        browser.get(f"/{CANARY}@example.ru")
        written = {"csrfmiddlewaretoken": token(page), "kind": "message", "text": CANARY}
        assert browser.post(f"/tickets/{number}/messages", data=written).status_code == 200
        desk.rows("ALTER TABLE tickets_attachment RENAME TO gone")
        assert browser.get(f"/tickets/{number}?view={CANARY}").status_code == 500


def token(page: str) -> str:
    found = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, page[:500]
    return found[1]
