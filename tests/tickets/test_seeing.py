"""Views, counts, search: permission is part of every query."""

from itertools import product

import pytest
from django.core.exceptions import PermissionDenied

from tests.cast import Cast
from zabota.core import clock
from zabota.intake.actions import add_inbox
from zabota.intake.models import Inbox
from zabota.staff.models import Role, Team
from zabota.staff.permissions import Scope
from zabota.tickets.actions import assign, change_ticket, mark_seen, set_status, set_tags, set_team
from zabota.tickets.choices import Outcome, Status
from zabota.tickets.models import Ticket
from zabota.tickets.permissions import eyes_of
from zabota.tickets.queries import (
    VIEWS,
    Position,
    count_views,
    find_ticket,
    list_tickets,
    numbers_visible_to_each,
    tickets_visible_to,
)
from zabota.tickets.search import search_tickets
from zabota.tickets.writing import send_reply, write_note


def test_views_and_counts(cast: Cast) -> None:
    first, second, third = (cast.receive() for _ in range(3))
    assign(first, cast.anna, actor=cast.anna)
    set_status(second, Status.SOLVED, actor=cast.anna, outcome=Outcome.COULD_NOT_HELP)
    assert count_views(cast.anna) == {"mine": 1, "unassigned": 1, "open": 2, "solved": 1}
    assert count_views(cast.charlie) == dict.fromkeys(VIEWS, 0)
    assert [r.id for r in list_tickets(cast.anna, VIEWS["open"])] == [third.pk, first.pk]
    assert [r.id for r in list_tickets(cast.vera, VIEWS["solved"])] == [second.pk]
    first.refresh_from_db()
    assert first.status == Status.OPEN


def test_pages_follow_each_other_without_gap(cast: Cast) -> None:
    made = [cast.receive().pk for _ in range(5)]
    seen, after = [], None
    while page := list_tickets(cast.anna, VIEWS["open"], after=after, limit=2):
        seen += [row.id for row in page]
        after = Position(page[-1].last_message_at, page[-1].id)
    assert seen == made[::-1]


def test_unread_until_seen(cast: Cast) -> None:
    ticket = cast.receive(external_id="a@x")
    row = list_tickets(cast.anna, VIEWS["open"])[0]
    assert row.is_unread
    mark_seen(ticket, actor=cast.anna)
    assert not list_tickets(cast.anna, VIEWS["open"])[0].is_unread
    assert list_tickets(cast.bob, VIEWS["open"])[0].is_unread
    cast.receive(references=["a@x"])
    assert list_tickets(cast.anna, VIEWS["open"])[0].is_unread


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("anna", True),
        ("bob", True),
        ("vera", True),
        ("analyst", True),
        ("admin", True),
        ("charlie", False),
    ],
)
def test_who_sees_a_ticket(cast: Cast, who: str, sees: bool) -> None:
    ticket = cast.receive(text="кофемашина")
    agent = getattr(cast, who)
    assert (find_ticket(agent, ticket.number) is not None) == sees
    assert bool(search_tickets(agent, "кофемашина")) == sees


def test_a_ticket_without_team_is_seen_by_all_operators_and_by_its_assignee(cast: Cast) -> None:
    ticket = cast.receive()
    assign(ticket, cast.charlie, actor=cast.vera)
    assert find_ticket(cast.charlie, ticket.number)
    assign(ticket, None, actor=cast.vera)
    assert not find_ticket(cast.charlie, ticket.number)
    set_team(ticket, None, actor=cast.vera)
    assert find_ticket(cast.charlie, ticket.number)


def test_the_bin_is_invisible(cast: Cast) -> None:
    ticket = cast.receive(text="кофемашина")
    Ticket.objects.update(deleted_at=ticket.created_at)
    assert find_ticket(cast.admin, ticket.number) is None
    assert search_tickets(cast.admin, "кофемашина") == []
    assert count_views(cast.admin)["open"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "кофемашины",
        "КОФЕМАШИНОЙ",
        "чёрную",
        "черная",
        "refunding",
        "ковалева",
        "dana@example.ru",
        '"чёрная кофемашина"',
    ],
)
def test_search_knows_word_forms(cast: Cast, query: str) -> None:
    cast.receive(text="Где моя чёрная кофемашина? I asked for a refund", author="dana@example.ru")
    cast.receive(text="Ничего общего", author="else@example.org", name="Пётр")
    assert len(search_tickets(cast.anna, query)) == 1


def test_search_finds_numbers_notes_and_each_ticket_once(cast: Cast) -> None:
    ticket = cast.receive(external_id="a@x", text="термостат")
    cast.receive(references=["a@x"], text="термостат опять")
    write_note(ticket, "в мастерской есть термостаты и реле", actor=cast.vera)
    assert [h.ticket for h in search_tickets(cast.anna, "термостат")] == [ticket]
    assert [h.ticket for h in search_tickets(cast.anna, "реле")] == [ticket]
    assert search_tickets(cast.anna, f"№ {ticket.number}")[0].ticket == ticket
    assert "\x02реле\x03" in search_tickets(cast.anna, "реле")[0].snippet


@pytest.mark.parametrize(
    "query", ["", "   ", "'", '"', "!!! & |", "\x00", "a" * 5000, "№", "-", "9" * 20]
)
def test_odd_queries_find_nothing_and_break_nothing(cast: Cast, query: str) -> None:
    cast.receive()
    assert search_tickets(cast.anna, query) == []


def test_an_undone_reply_is_not_found(cast: Cast) -> None:
    from zabota.tickets.writing import undo_reply

    ticket = cast.receive(text="вопрос")
    reply = send_reply(ticket, "секретная скидка", actor=cast.anna)
    assert search_tickets(cast.anna, "скидка")
    undo_reply(reply, actor=cast.anna)
    assert search_tickets(cast.anna, "скидка") == []


def test_tags_are_normal(cast: Cast) -> None:
    ticket = cast.receive()
    set_tags(ticket, [" Возврат ", "возврат", "VIP  клиент", ""], actor=cast.anna)
    ticket.refresh_from_db()
    assert ticket.tags == ["возврат", "vip клиент"]


def test_a_ticket_is_handed_out_of_sight_in_one_go(cast: Cast) -> None:
    ticket = cast.receive()
    changes = {"assignee": cast.charlie, "team": cast.workshop, "tags": ["ремонт"]}
    change_ticket(ticket, changes, actor=cast.anna)
    assert find_ticket(cast.anna, ticket.number) is None
    seen = find_ticket(cast.charlie, ticket.number)
    assert seen is not None
    assert (seen.assignee, seen.team, seen.tags) == (cast.charlie, cast.workshop, ["ремонт"])
    with pytest.raises(PermissionDenied):
        change_ticket(ticket, {"tags": []}, actor=cast.anna)


def test_a_number_that_is_also_said_is_one_hit(cast: Cast) -> None:
    ticket = cast.receive()
    write_note(ticket, f"см. {ticket.number}", actor=cast.vera)
    assert [h.ticket for h in search_tickets(cast.anna, str(ticket.number))] == [ticket]


@pytest.mark.parametrize("scope", list(Scope))
def test_live_screens_hear_of_exactly_what_may_be_seen(cast: Cast, scope: Scope) -> None:
    mine, other = (Team.objects.create(slug=slug, names={"en": slug}) for slug in ("m", "o"))
    cast.bob.teams.set([mine])
    cast.bob.role = Role(permissions={"ticket.view": scope})
    made, holders = [cast.receive() for _ in range(28)], (None, cast.bob, cast.anna)
    inboxes = [None, mine, other]
    for ticket, (team, holder, of_inbox) in zip(
        made, product((None, mine, other), holders, inboxes), strict=False
    ):
        inbox, _ = add_inbox(f"{of_inbox.slug if of_inbox else 'none'}@desk.example")
        Inbox.objects.filter(pk=inbox.pk).update(team=of_inbox)
        Ticket.objects.filter(pk=ticket.pk).update(team=team, assignee=holder, inbox=inbox)
    Ticket.objects.filter(pk=made[-1].pk).update(deleted_at=clock.now())
    ids = [ticket.pk for ticket in made]
    seen = tickets_visible_to(cast.bob).filter(pk__in=ids).order_by("pk")
    heard = numbers_visible_to_each([eyes_of(cast.admin), eyes_of(cast.bob)], ids)
    assert heard[cast.bob.pk] == [ticket.number for ticket in seen]
    assert len(heard[cast.admin.pk]) == 27
