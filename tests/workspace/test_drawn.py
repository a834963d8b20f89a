"""A row is drawn once for everybody who is shown the same, and for nobody else."""

from datetime import timedelta

from django.test import Client
from django.utils import translation
from django.utils.translation import gettext as _

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.staff.models import Agent
from zabota.tickets.actions import assign, mark_seen
from zabota.workspace.drawn import _drawn

FRAGMENT = {"zabota-fragments": "list"}


def look(client: Client) -> str:
    return client.get("/views/open", headers=FRAGMENT).content.decode()


def test_equal_rows_are_drawn_once(cast: Cast, desk: Desk) -> None:
    cast.receive()
    look(desk(cast.anna))
    _drawn.cache_clear()
    first, second = look(desk(cast.anna)), look(desk(cast.bob))
    assert 'class="row is-unread"' in first and 'class="row is-unread"' in second
    assert _drawn.cache_info().misses == 1


def test_each_sees_their_own_marks_and_only_what_they_may(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    assign(ticket, cast.anna, actor=cast.anna)
    mark_seen(ticket, actor=cast.anna)
    for _twice in range(2):
        for who, unread, ours in ((cast.anna, False, True), (cast.bob, True, False)):
            page = look(desk(who))
            assert ('class="row is-unread"' in page) is unread
            assert ("avatar is-small is-ours" in page) is ours
        assert "row-subject" not in look(desk(cast.charlie))


def test_each_is_spoken_to_in_their_language(cast: Cast, desk: Desk) -> None:
    cast.receive()
    for language in ("ru", "en", "ru"):
        Agent.objects.filter(pk=cast.anna.pk).update(language=language)
        with translation.override(language):
            assert f'title="{_("Unassigned")}"' in look(desk(cast.anna))


def test_times_go_on(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    at = ticket.last_message_at
    client = desk(cast.anna)
    for minutes, said in ((0, ">now<"), (3, ">3\u00a0min<"), (4, ">4\u00a0min<")):
        with clock.at(at + timedelta(minutes=minutes)):
            assert said in look(client)
