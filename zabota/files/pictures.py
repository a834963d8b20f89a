"""Pictures of strangers drawn anew: pixels survive, everything else a file can hide does not.

Only decoding proves a picture. It happens in a confined process (`core.confined`): a decoder may
have faults, and a small file can unfold to gigabytes.
"""

import threading
from dataclasses import dataclass
from typing import Any

from zabota.core.confined import Answer, Helper, TooMuch

MOST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 50_000_000
#: Longest edges: of a picture beside others, and of one looked at.
SMALL, LARGE = 320, 2000
_DRAWN = ("JPEG", "PNG", "GIF", "WEBP")
_WRITTEN = {"JPEG": "JPEG", "WEBP": "WEBP"}  # else PNG
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 85},
    "WEBP": {"quality": 82, "method": 2},
    "PNG": {"compress_level": 2},
}
_NAMES = ("image/jpeg", "image/pjpeg", "image/jpg", "image/png", "image/gif", "image/webp")

_helpers = (Helper(), Helper())
_turn = threading.Semaphore(len(_helpers))


class NotAPicture(Exception):
    """These bytes are no picture we show; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn anew."""

    content: bytes
    content_type: str


def may_be_picture(content_type: str, size: int) -> bool:
    """Whether it is worth trying, by what a stranger says about it."""
    return content_type.lower() in _NAMES and size <= MOST_BYTES


def redraw(content: bytes, longest: int) -> Picture:
    """The picture in `content` with edges of at most `longest`, the first of a moving one.

    Nothing but pixels is kept: no place, camera, comment or profile. Raises `NotAPicture`.
    """
    if len(content) > MOST_BYTES:
        raise NotAPicture("it is too large")
    try:
        with _turn:
            helper = next((h for h in _helpers if not h.is_busy), _helpers[0])
            kind, (drawn,) = helper.run("zabota.files.pictures:_redraw", longest, [content])
    except TooMuch as error:
        raise NotAPicture(str(error)) from None
    return Picture(drawn, str(kind))


def _redraw(longest: int, blobs: list[bytes]) -> Answer:
    """The far side."""
    import io
    import warnings

    from PIL import Image, ImageOps

    warnings.simplefilter("ignore")  # about size, which is judged here
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(io.BytesIO(blobs[0]), formats=_DRAWN) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise NotAPicture("it has too many pixels")
        written = _WRITTEN.get(str(opened.format), "PNG")
        opened.draft("RGB", (longest, longest))
        picture = _in_colours(opened, written)
        picture.thumbnail((longest, longest), reducing_gap=2)
        picture = ImageOps.exif_transpose(picture)
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, written, **_OPTIONS[written])
    return f"image/{written.lower()}", [out.getvalue()]


def _in_colours(picture: Any, written: str) -> Any:
    """In a mode that can be made smaller and written."""
    if written == "JPEG":
        return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
    return picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGBA")
