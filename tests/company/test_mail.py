"""Mail templates: plain values, escaped; wrong ones are refused in words; the default is near."""

import re

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Cast, settle
from zabota.company.mail import (
    MailKind,
    Template,
    checked_template,
    default_template,
    language_of,
    load_templates,
    render,
    reset_template,
    save_look,
    save_template,
    template_of,
)
from zabota.company.models import Brand
from zabota.events.registry import SYSTEM
from zabota.intake.models import Delivery
from zabota.tickets.choices import Status
from zabota.tickets.models import Ticket
from zabota.tickets.writing import send_reply

REPLY, RECEIPT, FOLLOW_UP = MailKind.REPLY, MailKind.RECEIPT, MailKind.FOLLOW_UP
BRAND = Brand(name="Тёплый дом", language="ru")


def test_values_are_escaped_and_never_templates_themselves() -> None:
    mail = render(
        Template("", "{{customer.name}}: {{body}}"),
        {"customer.name": "<b>{{agent.name}}</b>", "agent.name": "Anna", "body": "a < b"},
        BRAND,
    )
    assert mail.text == "<b>{{agent.name}}</b>: a < b"
    assert mail.html == "<p>&lt;b&gt;{{agent.name}}&lt;/b&gt;: a &lt; b</p>"


def test_paragraphs_without_anything_to_say_are_left_out() -> None:
    mail = render(default_template(REPLY, "ru"), {"body": "Да.\n\nНет.", "footer": "ИНН 1"}, BRAND)
    assert mail.text == "Да.\n\nНет.\n\nИНН 1"
    assert "signature" not in mail.html and "-- " not in mail.html


def test_a_brand_with_a_colour_has_a_layout_of_tables_and_nothing_from_afar() -> None:
    brand = Brand(name="x", colour="#123456")
    html = render(default_template(REPLY, "en"), {"body": "Yes", "signature": "A"}, brand).html
    assert "border-top:4px solid #123456" in html and '<table role="presentation"' in html
    assert not re.search(r"<style|<script|<img|url\(|background", html)
    evil = Brand(name="x", colour='red" onload="x')
    assert "onload" not in render(default_template(REPLY, "en"), {"body": "Yes"}, evil).html


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_makes_rendering_fail_or_a_subject_two_lines(text: str, value: str) -> None:
    mail = render(Template(text, text), {"brand.name": value}, BRAND)
    assert "\n" not in mail.subject and "\r" not in mail.subject


@pytest.mark.parametrize(
    ("kind", "subject", "text", "why"),
    [
        (REPLY, "", "Hello {{customer.nme}} {{body}}", "There is no {{customer.nme}}"),
        (REPLY, "", "Hello", "Without {{body}}"),
        (REPLY, "", "{{body}} {{ }}", "looks like"),
        (REPLY, "", "{{body}} {{% if x %}}", "looks like"),
        (RECEIPT, "Hi {{customer.name}}", "x", "There is no {{customer.name}}"),
        (RECEIPT, "Hi", "{{ticket.subject}}", "There is no {{ticket.subject}}"),
        (RECEIPT, "", "x", "needs a subject"),
        (RECEIPT, "a\r\nBcc: x@y.example", "x", "one line"),
        (RECEIPT, "a", " ", "Write something"),
        (RECEIPT, "a", "x" * 10_001, "longer"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_saved(
    kind: MailKind, subject: str, text: str, why: str
) -> None:
    with pytest.raises(ValidationError, match=re.escape(why)):
        checked_template(kind, subject, text)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("kind", MailKind)
def test_the_defaults_may_be_saved(kind: MailKind, language: str) -> None:
    given = default_template(kind, language)
    assert checked_template(kind, given.subject, given.text)


def test_versions_count_and_the_default_comes_back(cast: Cast) -> None:
    for text in ("one", "two", "two"):
        saved = save_template(cast.brand, RECEIPT, "ru", "s", text, actor=SYSTEM)
    assert (saved.text, saved.version) == ("two", 2)
    assert template_of(cast.brand, RECEIPT, "ru") == saved
    assert template_of(cast.brand, RECEIPT, "en").version == 0
    reset_template(cast.brand, RECEIPT, "ru", actor=SYSTEM)
    assert load_templates([cast.brand], [RECEIPT]) == {}


@pytest.mark.parametrize(
    ("wanted", "of_brand", "spoken"),
    [("en", "ru", "en"), ("fr", "ru", "ru"), ("", "ru", "ru"), ("fr", "de", "en")],
)
def test_the_language_falls_back(wanted: str, of_brand: str, spoken: str) -> None:
    assert language_of(Brand(language=of_brand), wanted) == spoken


def test_an_answer_wears_the_brands_words_and_stays_as_it_was_queued(cast: Cast) -> None:
    text = "Здравствуйте, {{customer.name}}!\n\n{{body}}\n\n{{signature}}\n\n{{footer}}"
    save_template(cast.brand, REPLY, "ru", "", text, actor=SYSTEM)
    save_look(cast.brand, colour="#8e2f5f", signatures={"ru": "Команда"}, footers={}, actor=SYSTEM)
    ticket = cast.receive(text="Где мой возврат?")
    reply = send_reply(ticket, "Отправили", actor=cast.anna)
    save_template(cast.brand, REPLY, "ru", "", "{{body}}", actor=SYSTEM)
    payload = Delivery.objects.get(message_id=reply.pk).payload
    assert payload["text"] == "Здравствуйте, Дана Ковалёва!\n\nОтправили\n\nКоманда"
    assert "#8e2f5f" in payload["html"] and "Команда" in payload["html"]
    cast.anna.signatures = {"en": "Anna", "ru": "Анна"}
    again = send_reply(ticket, "Вот", actor=cast.anna)
    assert Delivery.objects.get(message_id=again.pk).payload["text"] == "Вот"


def test_receipts_are_in_the_companys_words_and_follow_ups_in_others(cast: Cast) -> None:
    save_template(cast.brand, RECEIPT, "ru", "Приняли {{ticket.number}}", "Ждите", actor=SYSTEM)
    ticket = cast.receive(external_id="a@x.example", text="Где мой возврат?")
    receipt = Delivery.objects.get(is_automatic=True).payload
    assert (receipt["subject"], receipt["text"]) == (f"Приняли {ticket.number}", "Ждите")
    Ticket.objects.update(status=Status.CLOSED, outcome=1)
    Delivery.objects.all().delete()
    again = cast.receive(references=["a@x.example"], text="А теперь?")
    settle()
    notice = Delivery.objects.get(is_automatic=True).payload["text"]
    assert str(ticket.number) in notice and str(again.number) in notice


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g", '#123456"'])
def test_a_colour_is_a_colour(cast: Cast, colour: str) -> None:
    with pytest.raises(ValidationError, match="looks like"):
        save_look(cast.brand, colour=colour, signatures={}, footers={}, actor=SYSTEM)
