"""Settings of mail: templates with a preview, a test by the outbox, a brand's look; signatures."""

import pytest

from tests.cast import Cast, settle
from tests.workspace.conftest import Desk
from tests.workspace.test_post import toasts
from zabota.company.models import MailTemplate
from zabota.company.preferences import preference
from zabota.core import clock
from zabota.intake.deliveries import send_next
from zabota.intake.models import Delivery

PAGE = "/settings/mail/{}/{}/ru"


def address(cast: Cast, kind: str = "reply") -> str:
    return PAGE.format(cast.brand.pk, kind)


def test_a_template_is_saved_with_its_version_and_taken_back(cast: Cast, desk: Desk) -> None:
    client, where = desk(cast.admin), address(cast)
    assert client.get("/settings/mail")["Location"] == where
    client.post(where, {"text": "Привет, {{customer.name}}!\n\n{{body}}"})
    page = client.get(where).content.decode()
    assert "Version 1" in page and "Back to the default" in page and "{{customer.name}}!" in page
    client.post(where, {"do": "reset"})
    assert not MailTemplate.objects.exists()
    assert "The default text" in client.get(where).content.decode()


def test_what_is_wrong_comes_back_with_what_was_written(cast: Cast, desk: Desk) -> None:
    response = desk(cast.admin).post(address(cast), {"text": "{{nonsense}} {{body}}"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is no {{nonsense}}" in page and "{{nonsense}} {{body}}" in page


def test_the_preview_has_a_real_ticket_and_no_powers(cast: Cast, desk: Desk) -> None:
    cast.receive(name="<script>alert(1)</script>")
    client, where = desk(cast.admin), f"{address(cast)}/preview"
    shown = client.post(where, {"text": "{{customer.name}} {{body}}", "part": "html"})
    assert "&lt;script&gt;" in shown.content.decode() and b"<script" not in shown.content
    assert "sandbox" in shown["Content-Security-Policy"]
    text = client.post(where, {"text": "{{customer.name}}: {{body}}", "part": "text"})
    assert text["Content-Type"].startswith("text/plain") and b"<script>" in text.content
    wrong = client.post(where, {"text": "x"})
    assert "Without {{body}}" in wrong.content.decode()
    assert "Тестовое" not in client.get(where).content.decode()


def test_a_test_leaves_by_the_outbox_to_who_asked(cast: Cast, desk: Desk) -> None:
    client = desk(cast.admin)
    where = address(cast, "receipt")
    client.post(f"{where}/test", {"subject": "Приняли {{ticket.number}}", "text": "Ждите"})
    assert "on its way to admin@desk.example" in toasts(client, "/settings/me")
    Delivery.objects.update(due_at=clock.now())
    assert send_next()
    settle()
    (sent,) = cast.post.sent
    assert sent.to[0].value == "admin@desk.example" and sent.subject.startswith("Приняли")
    assert sent.text == "Ждите" and sent.html == "<p>Ждите</p>"


def test_a_brand_gets_its_look(cast: Cast, desk: Desk) -> None:
    client, where = desk(cast.admin), f"/settings/mail/{cast.brand.pk}/look"
    client.post(where, {"colour": "#8E2F5F", "footer_ru": "ИНН 1", "signature_en": " "})
    cast.brand.refresh_from_db()
    assert (cast.brand.colour, cast.brand.footers) == ("#8e2f5f", {"ru": "ИНН 1"})
    assert cast.brand.signatures == {}
    client.post(where, {"colour": "plum"})
    assert "A colour looks like" in toasts(client, "/settings/me")


@pytest.mark.parametrize("bad", ["/settings/mail/0/reply/ru", PAGE.format(1, "x"), "en/fr"])
def test_what_there_is_not_is_not_found(cast: Cast, desk: Desk, bad: str) -> None:
    if bad == "en/fr":
        bad = f"/settings/mail/{cast.brand.pk}/reply/fr"
    assert desk(cast.admin).get(bad).status_code == 404


def test_the_composer_shows_the_signature_the_customer_will_read(cast: Cast, desk: Desk) -> None:
    client = desk(cast.anna)
    client.post("/settings/me", {"name": "Anna", "signature_ru": "С теплом, Анна"})
    assert "С теплом, Анна" in client.get("/settings/me").content.decode()
    ticket = cast.receive(text="Где мой возврат?")
    assert "С теплом, Анна" in client.get(f"/tickets/{ticket.number}").content.decode()


def test_how_strict_the_desk_is_about_spam_is_chosen(cast: Cast, desk: Desk) -> None:
    client = desk(cast.vera)
    client.post("/settings/blocks", {"spam_above": "0.95", "keep_aside_days": "365"})
    assert (preference("spam_above"), preference("keep_aside_days")) == (0.95, 365)
    client.post("/settings/blocks", {"spam_above": "0", "keep_aside_days": "1"})
    assert (preference("spam_above"), preference("keep_aside_days")) == (0.95, 365)
    assert "still learning: 0 of 20" in client.get("/settings/blocks").content.decode()
