"""The web process: streams first, everything else is Django's."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zabota.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from zabota.core.bodies import bounded  # noqa: E402
from zabota.core.turns import in_turn  # noqa: E402
from zabota.events.apps import load_rooms  # noqa: E402  needs Django to be set up
from zabota.workspace.live import Receive, Scope, Send, live  # noqa: E402

load_rooms()


async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Django, a few requests at a time."""
    await in_turn(django_application, scope, receive, send)  # type: ignore[arg-type]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry point."""
    if scope["type"] == "http" and scope["path"] == "/live" and scope["method"] == "GET":
        await live(scope, receive, send)
    else:
        await bounded(pages, dict(scope), receive, send)
