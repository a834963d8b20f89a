"""The living style page: every component once. Development only."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from zabota.core import clock
from zabota.workspace.built import file_text
from zabota.workspace.context.composer import Composer
from zabota.workspace.context.post import PostRow
from zabota.workspace.context.rows import Row
from zabota.workspace.pages import render_page


def _rows() -> list[Row]:
    now = clock.now()
    words = "Последние слова клиента, одна строка"
    return [
        Row(
            *(4812, "#x", "Тимур Габдрахманов", "Непрочитано, раздражён", words, now),
            channel_icon="phone",
            emotion="angry",
            assignee="Bob",
            unread=True,
            status_words="Новое",
        ),
        Row(
            *(4821, "#x", "Дана Ковалёва", "Выбрано", words, now - timedelta(minutes=18)),
            tags=("возврат",),
            emotion="upset",
            assignee="Анна",
            mine=True,
            status_words="Открыто",
        ),
        Row(
            *(4698, "#x", "Camille Durand", "Ничьё", "Thank you", now - timedelta(days=1)),
            channel_icon="plane",
            emotion="thanks",
            status_words="Открыто",
        ),
        Row(
            *(4651, "#x", "Лейла Мамедова", "Ждём ответа", words, now - timedelta(hours=3)),
            assignee="Bob",
            waiting=True,
            status_words="Ждём",
        ),
    ]


def _letters() -> list[PostRow]:
    now = clock.now()
    return [
        PostRow("i1", 1, "#x", "late", "Почтовый сервер", "Письмо вернулось", "Отложено", now, 600),
        PostRow("d2", 2, "", "reply", "dana@example.ru", "Re: Возврат", "550", now, is_bad=True),
    ]


def _examples() -> Mapping[str, Any]:
    composer = Composer(4821, "0", "#x", "#x", "dana@example.ru", kind="note")
    icons = re.findall(r'id="i-(\w+)"', file_text("icons.svg"))
    return {
        "rows": _rows(),
        "letters": _letters(),
        "composer": composer,
        "now": clock.now(),
        "icons": icons,
    }


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Every component once."""
    if not settings.DEBUG:
        raise Http404
    return render_page(request, "style.html", {"style": _examples})
