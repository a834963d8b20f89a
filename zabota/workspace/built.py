"""The built front end: a handful of files under hashed names, kept in memory, served for ever.

`frontend/build.mjs` writes them and `manifest.json`. Nothing is looked up on disk by a name from a
request, so no path can lead outside.
"""

import gzip
import json
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Warning, register
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

FOLDER = Path(__file__).parent / "static" / "built"
FOR_EVER = "public, max-age=31536000, immutable"


@lru_cache(maxsize=2)
def _read(changed_at: int) -> tuple[dict[str, str], dict[str, tuple[bytes, bytes]]]:
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    bodies = {name: (FOLDER / name).read_bytes() for name in manifest.values()}
    return manifest, {name: (body, gzip.compress(body)) for name, body in bodies.items()}


def _front_end() -> tuple[dict[str, str], dict[str, tuple[bytes, bytes]]]:
    """The manifest and the files; in development read again after a build."""
    try:
        stamp = (FOLDER / "manifest.json").stat().st_mtime_ns if settings.DEBUG else 0
        return _read(stamp)
    except FileNotFoundError:
        return {}, {}  # a system check says so at start


@register()
def front_end_is_built(**_: Any) -> list[Warning]:
    """Pages without their style sheet are no pages."""
    if _front_end()[0]:
        return []
    return [Warning("the front end is not built", hint="run: make setup", id="workspace.W001")]


def static_url(name: str) -> str:
    """The address of a built file: `app.css` is `/static/built/app-3f2a….css`."""
    return f"{settings.STATIC_URL}built/{_front_end()[0].get(name, name)}"


def file_text(name: str) -> str:
    """The text of a built file, "" before the first build."""
    names, files = _front_end()
    return files[names[name]][0].decode() if name in names else ""


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponse:
    """One built file, compressed for who takes it."""
    try:
        plain, packed = _front_end()[1][name]
    except KeyError:
        raise Http404 from None
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    kind = mimetypes.guess_type(name)[0]
    return HttpResponse(packed if zipped else plain, content_type=kind, headers=headers)
