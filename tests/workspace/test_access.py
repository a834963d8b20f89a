"""Every address of the workspace, and who gets what from it. A route not declared here fails."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.intake.models import Delivery, Inbound
from zabota.tickets.models import Attachment, Message
from zabota.tickets.writing import NewFile, send_reply

SIGN_IN, SEEN, GONE, BACK = "sign-in", 200, 404, 302
DONE, NOT_SO = 204, 405

# What a GET gets: stranger, colleague (Anna), other team (Charlie), analyst, supervisor.
PAGES = {
    "home": (BACK, BACK, BACK, BACK, BACK),
    "view": (SIGN_IN, SEEN, SEEN, SEEN, SEEN),
    "search": (SIGN_IN, SEEN, SEEN, SEEN, SEEN),
    "ticket": (SIGN_IN, SEEN, GONE, SEEN, SEEN),
    "new_ticket": (SIGN_IN, SEEN, SEEN, GONE, SEEN),
    "original": (SIGN_IN, SEEN, GONE, SEEN, SEEN),
    "attachment": (SIGN_IN, SEEN, GONE, SEEN, SEEN),
    "customer": (SIGN_IN, SEEN, GONE, SEEN, SEEN),
    "outbox": (SIGN_IN, GONE, GONE, GONE, SEEN),
    "inbound": (SIGN_IN, GONE, GONE, GONE, SEEN),
    "inbound_raw": (SIGN_IN, GONE, GONE, GONE, SEEN),
    "inbound_letter": (SIGN_IN, GONE, GONE, GONE, SEEN),
    "inbound_original": (SIGN_IN, GONE, GONE, GONE, GONE),
    "blocks": (SIGN_IN, GONE, GONE, GONE, SEEN),
    "spam": (SIGN_IN, SEEN, SEEN, GONE, SEEN),
    "bin": (SIGN_IN, GONE, GONE, GONE, SEEN),
    "hidden_ticket": (SIGN_IN, BACK, GONE, GONE, BACK),
    "mail": (SIGN_IN, GONE, GONE, GONE, GONE),
    "mail_template": (SIGN_IN, GONE, GONE, GONE, GONE),
    "mail_preview": (SIGN_IN, GONE, GONE, GONE, GONE),
    "my_settings": (SIGN_IN, SEEN, SEEN, SEEN, SEEN),
    "account_login": (SEEN, BACK, BACK, BACK, BACK),
    "setup": (GONE, GONE, GONE, GONE, GONE),
    "built": (GONE, GONE, GONE, GONE, GONE),
    "style": (GONE, GONE, GONE, GONE, GONE),
}
# What a POST gets; these answer nothing else.
DEEDS = {
    "changes": (SIGN_IN, BACK, GONE, GONE, BACK),
    "write": (SIGN_IN, 422, GONE, GONE, 422),
    "draft": (SIGN_IN, DONE, GONE, GONE, DONE),
    "seen": (SIGN_IN, DONE, GONE, DONE, DONE),
    "undo": (SIGN_IN, BACK, GONE, GONE, BACK),
    "retry_delivery": (SIGN_IN, BACK, GONE, GONE, BACK),
    "let_in": (SIGN_IN, GONE, GONE, GONE, BACK),
    "inbound_many": (SIGN_IN, GONE, GONE, GONE, BACK),
    "outbox_many": (SIGN_IN, GONE, GONE, GONE, BACK),
    "undo_chore": (SIGN_IN, GONE, GONE, GONE, GONE),
    "unblock": (SIGN_IN, GONE, GONE, GONE, GONE),
    "put_away": (SIGN_IN, BACK, BACK, GONE, BACK),
    "bring_back": (SIGN_IN, BACK, BACK, GONE, BACK),
    "no_spam": (SIGN_IN, BACK, GONE, GONE, BACK),
    "mail_look": (SIGN_IN, GONE, GONE, GONE, GONE),
    "mail_test": (SIGN_IN, GONE, GONE, GONE, GONE),
    "my_looks": (SIGN_IN, BACK, BACK, BACK, BACK),
    "sign_out": (BACK, BACK, BACK, BACK, BACK),
}


@pytest.fixture
def addresses(cast: Cast) -> dict[str, str]:
    """An address for each route, of things in the first line's reach."""
    ticket = cast.receive(html="<p>Где деньги?</p>")
    mine = Message.objects.get(ticket=ticket)
    file = NewFile("чек.jpg", "image/jpeg", b"content")
    sent = send_reply(ticket, "Вот они", actor=cast.bob, files=[file])
    aside = Inbound.objects.get(pk=cast.accept(external_id="bad@x"))
    aside.state = Inbound.State.QUARANTINED
    aside.save()
    of_ticket = ("ticket", "changes", "write", "draft", "seen", "no_spam", "hidden_ticket")
    of_mail: list[str | int] = [cast.brand.pk, "reply", "ru"]
    arguments: dict[str, list[str | int]] = {
        **{name: [ticket.number] for name in of_ticket},
        "view": ["open"],
        "original": [mine.pk],
        "undo": [sent.pk],
        "attachment": [Attachment.objects.get().pk],
        "customer": [ticket.customer_id],
        "retry_delivery": [Delivery.objects.get(message_id=sent.pk).pk],
        "inbound_raw": [aside.pk],
        "let_in": [aside.pk],
        "inbound_letter": [aside.pk],
        "inbound_original": [aside.pk],
        "undo_chore": [0],
        "unblock": [0],
        "mail_look": [cast.brand.pk],
        **{f"mail_{name}": of_mail for name in ("template", "preview", "test")},
        "setup": ["never-given-out"],
        "built": ["manifest.json"],
    }
    names = [*PAGES, *DEEDS]  # that none is missing is asked in tests/architecture
    return {name: reverse(name, args=arguments.get(name, [])) for name in names}


@pytest.mark.parametrize("name", [*PAGES, *DEEDS])
def test_who_gets_what(name: str, cast: Cast, desk: Desk, addresses: dict[str, str]) -> None:
    people = [None, cast.anna, cast.charlie, cast.analyst, cast.vera]
    for agent, expected in zip(people, (PAGES | DEEDS)[name], strict=True):
        client = desk(agent) if agent else Client()
        ask = client.get if name in PAGES else client.post
        response = ask(addresses[name])
        who = agent.name if agent else "a stranger"
        if expected == SIGN_IN:
            assert response["Location"].startswith("/sign-in?next="), (who, response)
        else:
            assert response.status_code == expected, (who, response)


@pytest.mark.parametrize("name", DEEDS)
def test_a_get_changes_nothing(
    name: str, cast: Cast, desk: Desk, addresses: dict[str, str]
) -> None:
    assert desk(cast.vera).get(addresses[name]).status_code == NOT_SO


@pytest.mark.parametrize("name", DEEDS)
def test_deeds_need_the_token(name: str, cast: Cast, addresses: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.vera, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(addresses[name]).status_code == 403


def test_pages_forbid_inline_code(cast: Cast, desk: Desk) -> None:
    response = desk(cast.anna).get("/views/open")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
