"""Loading: sixty tickets as their stories end, nothing sent, once."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.db.models import F, QuerySet
from pytest_django.plugin import DjangoDbBlocker

from tests.cast import settle
from zabota.company.actions import ensure_company
from zabota.company.models import Brand
from zabota.demo import DemoSummary, load
from zabota.demo.content import read_company, read_stories
from zabota.events.apps import load_rooms
from zabota.events.models import Event, ListenerBacklog
from zabota.intake.actions import add_inbox
from zabota.intake.models import Delivery, Inbound
from zabota.staff.models import Agent
from zabota.tickets.choices import Outcome, Status
from zabota.tickets.models import Attachment, Message, Note, Ticket
from zabota.tickets.queries import VIEWS, list_tickets

NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoSummary]:
    """A desk as the first start makes it, with the demonstration: loaded once for this module."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_rooms()
        ensure_company("en")
        add_inbox("support@localhost")
        yield load(NOW)
        transaction.set_rollback(True)


def slugs(values: QuerySet[Ticket, tuple[int]]) -> Counter[str]:
    return Counter(Status(value).slug for (value,) in values)


@pytest.fixture
def tickets(demo: DemoSummary) -> QuerySet[Ticket]:
    return Ticket.objects.all()


def test_sixty_tickets_in_every_status(tickets: QuerySet[Ticket]) -> None:
    assert slugs(tickets.values_list("status")) == {
        "new": 7,
        "open": 10,
        "pending": 5,
        "on_hold": 5,
        "solved": 9,
        "closed": 24,
    }


def test_every_story_ends_as_it_says(tickets: QuerySet[Ticket]) -> None:
    ends = {(story.subject, story.ends) for story in read_stories()}
    assert {(t.subject, Status(t.status).slug) for t in tickets} == ends


def test_outcomes_are_of_every_kind(tickets: QuerySet[Ticket]) -> None:
    over = tickets.filter(status__gte=Status.SOLVED)
    outcomes = Counter(Outcome(ticket.outcome or 0).slug for ticket in over)
    assert outcomes == {
        "solved": 24,
        "partly": 2,
        "could_not_help": 2,
        "out_of_scope": 3,
        "duplicate": 2,
    }


def test_what_nobody_has_taken_is_new_or_of_a_team(tickets: QuerySet[Ticket]) -> None:
    free = tickets.filter(status__lt=Status.SOLVED, assignee=None)
    assert slugs(free.values_list("status")) == {"new": 7, "open": 1}


def test_languages_are_as_written(tickets: QuerySet[Ticket]) -> None:
    assert Counter(tickets.values_list("language", flat=True)) == {"ru": 40, "en": 20}


def test_an_answer_to_a_closed_ticket_follows_it(tickets: QuerySet[Ticket]) -> None:
    follow_up = tickets.get(follows__isnull=False)
    assert follow_up.follows
    assert follow_up.follows.subject == "Стиральная машина уходит"
    assert follow_up.customer == follow_up.follows.customer


def test_numbers_grow_with_time(tickets: QuerySet[Ticket]) -> None:
    opened = list(tickets.order_by("number").values_list("created_at", flat=True))
    assert opened == sorted(opened)


def test_nothing_comes_from_the_future(demo: DemoSummary) -> None:
    assert not Message.objects.filter(created_at__gte=NOW).exists()
    assert not Note.objects.filter(created_at__gte=NOW).exists()
    assert not Event.objects.filter(at__gt=NOW).exists()
    assert not Message.objects.filter(created_at__lt=F("ticket__created_at")).exists()


def test_conversations_are_whole(demo: DemoSummary) -> None:
    turns = [turn for story in read_stories() for turn in story.turns]
    assert Message.objects.count() == sum(bool(turn.text) for turn in turns)
    assert Note.objects.count() == sum(bool(turn.note) for turn in turns)
    assert Attachment.objects.count() == sum(len(turn.files) for turn in turns)
    assert Message.objects.exclude(quoted_text="").count() >= 15
    assert not Message.objects.exclude(warnings=[]).exists()


def test_every_mail_went_through_the_ledger(demo: DemoSummary) -> None:
    assert set(Inbound.objects.values_list("state", "origin")) == {
        (Inbound.State.APPLIED, Inbound.Origin.IMPORT)
    }


def test_no_mail_goes_out_even_when_all_listeners_are_done(demo: DemoSummary) -> None:
    settle()
    assert not Delivery.objects.exists()
    assert not ListenerBacklog.objects.exists()
    assert Ticket.objects.filter(status=Status.NEW).count() == 7


def test_the_printed_password_lets_everybody_in(demo: DemoSummary) -> None:
    assert demo.password
    agents = Agent.objects.filter(email__endswith="@warmhouse.example")
    assert agents.count() == len(read_company().agents)
    assert all(agent.check_password(demo.password) for agent in agents)
    printed = "\n".join(demo)
    assert all(agent.email in printed for agent in agents)
    assert demo.password in printed


def test_the_desks_own_brand_takes_the_companys_name(demo: DemoSummary) -> None:
    [brand] = Brand.objects.all()
    assert brand.name == "Тёплый дом"
    assert "Warm House" in brand.footers["en"]


def test_agents_have_work_and_have_seen_what_they_did(demo: DemoSummary) -> None:
    anna = Agent.objects.get(email="anna@warmhouse.example")
    mine = list_tickets(anna, VIEWS["mine"])
    assert len(mine) >= 6
    assert any(row.is_unread for row in mine)
    assert not all(row.is_unread for row in mine)


def test_a_second_load_changes_nothing_and_says_so(demo: DemoSummary) -> None:
    before = Event.objects.count()
    again = load(NOW)
    assert again.password is None
    assert Event.objects.count() == before
    assert Ticket.objects.count() == 60
    assert "already" in "\n".join(again)
