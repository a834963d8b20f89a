"""Signing in by a provider: one that answers as they do, and a Dovecot that asks it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.dovecot import Dovecot
from tests.waiting import until
from zabota.channels.email import oauth
from zabota.channels.email.fetching import ImapFetching
from zabota.channels.email.tests.imap_cast import fetching_inbox, mail, running, until_taken
from zabota.core import clock
from zabota.events.registry import SYSTEM
from zabota.intake.health import condition_of
from zabota.intake.inboxes import connect_inbox
from zabota.intake.models import Inbox, InboxHealth
from zabota.intake.sources import Secret, Source, SourceTrouble, Trouble, source_of

fetches = contextmanager(running)
GOOGLE = {
    "access_token": "ya29.first",
    "expires_in": 3599,
    "scope": "https://mail.google.com/",
    "token_type": "Bearer",
}
MICROSOFT = {
    "token_type": "Bearer",
    "scope": "https://outlook.office.com/IMAP.AccessAsUser.All",
    "expires_in": 4210,
    "ext_expires_in": 4210,
    "access_token": "EwBwA.first",
    "refresh_token": "M.C512_new",
}
GONE = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}


class Provider(ThreadingHTTPServer):
    """Token and introspection end points; `answer` is what the next asker gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.answer: tuple[int, Any] = (200, GOOGLE)
        self.good = {"ya29.first"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append({k: v[0] for k, v in parse_qs(body).items()})
        self._say(*self.server.answer)

    def do_GET(self) -> None:
        """Dovecot asks whether a token is good."""
        (token,) = parse_qs(urlsplit(self.path).query)["token"]
        good = token in self.server.good
        self._say(200 if good else 401, {"active": good, "username": "oauth", "email": "oauth"})

    def _say(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    for name in ("GOOGLE", "MICROSOFT"):
        monkeypatch.setenv(f"ZABOTA_{name}_CLIENT_ID", "us")
        monkeypatch.setenv(f"ZABOTA_{name}_CLIENT_SECRET", "hush")
        monkeypatch.setenv(f"ZABOTA_{name}_TOKEN_URL", f"{server.url}/token")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_access_token_serves_until_shortly_before_its_end(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, secret = oauth.AccessTokens("google"), Secret(refresh_token="1//refresh")
    assert tokens.get(secret) == tokens.get(secret) == ("ya29.first", secret)
    (asked,) = provider.asked
    assert asked["grant_type"] == "refresh_token" and asked["refresh_token"] == "1//refresh"
    assert (asked["client_id"], asked["client_secret"]) == ("us", "hush")
    later = clock.now() + timedelta(minutes=56)
    monkeypatch.setattr("zabota.core.clock.now", lambda: later)
    tokens.get(secret)
    assert len(provider.asked) == 2


def test_microsoft_gives_another_refresh_token_each_time(provider: Provider) -> None:
    provider.answer = (200, MICROSOFT)
    _token, kept = oauth.AccessTokens("microsoft").get(Secret(refresh_token="M.old"))
    assert kept == Secret(refresh_token="M.C512_new")


def test_google_says_when_permission_ends(provider: Provider) -> None:
    provider.answer = (200, {**GOOGLE, "refresh_token_expires_in": 604799})
    _token, kept = oauth.AccessTokens("google").get(Secret(refresh_token="1//a"))
    assert kept.ends_at and timedelta(days=6) < kept.ends_at - clock.now() < timedelta(days=7)
    assert Secret.opened(kept.sealed()) == kept


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ((400, GONE), Trouble.CONSENT),
        ((401, {"error": "invalid_client"}), Trouble.CLIENT),
        ((503, {"error": "temporarily_unavailable"}), Trouble.PROVIDER),
        ((200, []), Trouble.PROVIDER),
        ((200, {"expires_in": "soon"}), Trouble.PROVIDER),
    ],
)
def test_what_the_provider_refuses_is_told_apart(
    provider: Provider, answer: tuple[int, Any], trouble: Trouble
) -> None:
    provider.answer = answer
    with pytest.raises(SourceTrouble) as caught:
        oauth.AccessTokens("google").get(Secret(refresh_token="1//a"))
    assert caught.value.kind == trouble
    assert "revoked" not in caught.value.said


def test_a_provider_that_is_away_or_does_not_know_us(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZABOTA_GOOGLE_TOKEN_URL", "http://127.0.0.1:9/")
    with pytest.raises(SourceTrouble, match="does not answer"):
        oauth.AccessTokens("google").get(Secret(refresh_token="1//a"))
    monkeypatch.setenv("ZABOTA_GOOGLE_CLIENT_ID", "")
    assert not ImapFetching().is_known("google")
    with pytest.raises(SourceTrouble, match="does not know us"):
        oauth.AccessTokens("google").get(Secret(refresh_token="1//a"))


def test_a_code_is_worth_a_refresh_token(provider: Provider) -> None:
    source = Source("imap.gmail.com", 993, "help@example.com", provider="google")
    url = urlsplit(ImapFetching().consent_url(source, "https://desk/back", "state", "verifier"))
    query = {k: v[0] for k, v in parse_qs(url.query).items()}
    assert query["redirect_uri"] == "https://desk/back" and query["state"] == "state"
    assert query["access_type"] == "offline" and query["code_challenge_method"] == "S256"
    # base64url(sha256("verifier"))
    assert query["code_challenge"] == "iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ"
    provider.answer = (200, {**GOOGLE, "refresh_token": "1//new"})
    secret = ImapFetching().exchange(source, "https://desk/back", "4/code", "verifier")
    assert secret == Secret(refresh_token="1//new")
    assert provider.asked[0]["code_verifier"] == "verifier"
    provider.answer = (200, GOOGLE)
    with pytest.raises(SourceTrouble, match="no refresh_token"):
        ImapFetching().exchange(source, "https://desk/back", "4/code", "verifier")


@pytest.fixture
def asking_dovecot(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    """Takes XOAUTH2 and asks the provider about each token."""
    dovecot = Dovecot(introspection=f"{provider.url}/introspect?token=")
    dovecot.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.cert))
    monkeypatch.setattr("zabota.channels.email.fetcher.Patience.take", lambda _self: 0.1)
    yield dovecot
    dovecot.close()


@pytest.mark.django_db(transaction=True)
def test_mail_is_fetched_by_token(asking_dovecot: Dovecot, provider: Provider) -> None:
    provider.answer = (200, {**GOOGLE, "refresh_token_expires_in": 86400})
    asking_dovecot.deliver("oauth", mail(1))
    inbox = fetching_inbox(asking_dovecot, "oauth", provider="google")
    Inbox.objects.update(secret=Secret(refresh_token="1//a").sealed())
    inbox.refresh_from_db()
    with fetches(inbox) as fetcher:
        until_taken(1)
        until(lambda: fetcher.rounds > 0)
    kept = Inbox.objects.select_related("health").get()
    assert Secret.opened(kept.secret).ends_at is not None
    assert condition_of(kept).sign_in_ends_at is not None  # said on the page, a day before
    assert condition_of(kept).kind == "working"


@pytest.mark.django_db(transaction=True)
def test_a_token_that_is_refused_is_asked_for_anew(
    asking_dovecot: Dovecot, provider: Provider
) -> None:
    provider.answer = (200, {**GOOGLE, "access_token": "ya29.stale"})
    asking_dovecot.deliver("oauth", mail(1))
    inbox = fetching_inbox(asking_dovecot, "oauth", provider="google")
    source = source_of(inbox)
    assert source
    inbox = connect_inbox(inbox, source, Secret(refresh_token="1//a"), actor=SYSTEM)

    def trouble() -> str:
        return InboxHealth.objects.get().trouble

    with fetches(inbox):
        until(lambda: trouble().startswith(Trouble.SIGN_IN.value))
        provider.answer = (400, GONE)
        until(lambda: trouble() == f"{Trouble.CONSENT.value}: invalid_grant")
        provider.answer = (200, GOOGLE)
        until_taken(1)
        until(lambda: trouble() == "")
