"""Pictures of strangers: drawn anew, for those who may see them, and from afar only when asked."""

import base64
import io
import threading
from collections.abc import Callable, Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from PIL import Image

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.core import outbound
from zabota.files.pictures import NotAPicture, redraw
from zabota.tickets.models import Attachment, Message
from zabota.workspace.signed import sign

PLACE = b"GPS: our cellar"


def drawing(kind: str = "PNG", size: tuple[int, int] = (400, 300), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#8e2f5f").save(out, kind, **options)
    return out.getvalue()


def photo() -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = PLACE.decode(), 6  # description; turned by 90°
    return drawing("JPEG", exif=exif)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_drawn_anew_and_small(kind: str) -> None:
    picture = redraw(drawing(kind) + b"<script>alert(1)</script>", 320)
    assert picture.content_type in ("image/png", "image/jpeg", "image/webp")
    assert b"<script>" not in picture.content
    assert Image.open(io.BytesIO(picture.content)).size == (320, 240)


def test_nothing_but_pixels_is_kept_and_they_stand_upright() -> None:
    assert PLACE in photo()
    picture = redraw(photo(), 2000)
    assert PLACE not in picture.content and b"Exif" not in picture.content
    assert Image.open(io.BytesIO(picture.content)).size == (300, 400)


def wide() -> bytes:
    """Few bytes, sixty million pixels."""
    content = io.BytesIO()
    Image.new("1", (20_000, 3_000)).save(content, "PNG")
    return content.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "no picture": lambda: b"<svg onload=alert(1)>",
    "cut": lambda: photo()[:300],
    "pixels": wide,
    "large": lambda: b"\xff\xd8" + bytes(26 * 1024 * 1024),
    "eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "icon": lambda: drawing("ICO", (64, 64)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_no_picture_is_refused(name: str) -> None:
    with pytest.raises(NotAPicture):
        redraw(BOMBS[name](), 320)
    assert redraw(photo(), 320)  # and the next one is drawn


def received(cast: Cast, html: str, **pictures: bytes) -> tuple[int, int]:
    packed = {name: base64.b64encode(content).decode() for name, content in pictures.items()}
    ticket = cast.receive(text="", html=html, pictures=packed)
    return Message.objects.get(ticket=ticket).pk, ticket.number


def sources(client: Client, address: str) -> list[str]:
    page = client.get(address).content.decode()
    return [unescape(rest.partition('"')[0]) for rest in page.split(' src="')[1:]]


def test_pictures_of_a_mail_are_shown_in_it(cast: Cast, desk: Desk) -> None:
    pk, _ = received(cast, '<p>a</p><img src="cid:one"><img src="cid:gone">', one=drawing())
    (address,) = sources(desk(cast.anna), f"/messages/{pk}/original")
    response = Client().get(address)  # a sandboxed frame sends no cookie
    assert response.status_code == 200 and response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "private" in response["Cache-Control"] and "max-age" in response["Cache-Control"]


def test_such_an_address_is_for_one_agent_and_one_picture(cast: Cast, desk: Desk) -> None:
    pk, _ = received(cast, '<img src="cid:one">', one=drawing())
    (address,) = sources(desk(cast.anna), f"/messages/{pk}/original")
    other = Attachment.objects.get().pk + 1
    wrong = [
        address.replace("/picture", "/picture/")[: -len("a")] + "Z",
        address.replace(f"by={cast.anna.pk}", f"by={cast.vera.pk}"),
        address.replace(f"/{other - 1}/", f"/{other}/"),
        address + "&size=small",
        address.replace("day=", "day=1"),
        address.partition("?")[0] + "?sign=",
    ]
    assert [Client().get(one).status_code for one in wrong] == [404] * len(wrong)
    assert Client().get(sign(f"/attachments/{other - 1}/picture", cast.charlie)).status_code == 404
    cast.anna.set_password("another one altogether")
    cast.anna.save()
    assert Client().get(address).status_code == 404


def test_attached_pictures_are_below_the_message(cast: Cast, desk: Desk) -> None:
    noise = base64.b64encode(photo() + bytes(9000)).decode()
    ticket = cast.receive(files={"a.txt": "a"}, pictures={"photo": noise})
    client = desk(cast.anna)
    page = client.get(f"/tickets/{ticket.number}").content.decode()
    pk = Attachment.objects.get(content_type="image/png").pk
    assert f'src="/attachments/{pk}/picture?size=small"' in page
    small, large = (client.get(f"/attachments/{pk}/picture{q}") for q in ("?size=small", ""))
    assert max(Image.open(io.BytesIO(small.content)).size) == 320
    assert max(Image.open(io.BytesIO(large.content)).size) == 400


class Stranger(BaseHTTPRequestHandler):
    """A server that wants to know who reads."""

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))  # type: ignore[attr-defined]
        body = b"<script>alert(1)</script>" if "page" in self.path else photo()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    server.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(outbound, "is_public", lambda address: address == "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_pictures_from_afar_wait_for_a_click(cast: Cast, desk: Desk, stranger: HTTPServer) -> None:
    host = f"http://127.0.0.1:{stranger.server_address[1]}"
    details = {"remote_pictures": 2}
    html = f'<img data-remote-src="{host}/a.png?a=1&amp;b=2"><img data-remote-src="{host}/page">'
    ticket = cast.receive(text="a", html=html, details=details)
    pk, client = Message.objects.get().pk, desk(cast.anna)
    page = client.get(f"/tickets/{ticket.number}").content.decode()
    assert "Show pictures" in page and host not in page
    assert sources(client, f"/messages/{pk}/original") == [] and not stranger.seen  # type: ignore[attr-defined]
    first, second = sources(client, f"/messages/{pk}/original?pictures=1")
    response = Client().get(first)
    assert response["Content-Type"] == "image/jpeg" and PLACE not in response.content
    assert Client().get(second).status_code == 415
    told = stranger.seen[0]  # type: ignore[attr-defined]
    assert not {"Cookie", "Referer", "X-Forwarded-For"} & told.keys()
    assert told["User-Agent"] == "Zabota"


def test_we_are_nobodys_proxy(cast: Cast, desk: Desk, stranger: HTTPServer) -> None:
    host = f"http://127.0.0.1:{stranger.server_address[1]}"
    pk, _ = received(cast, "<p>a</p>")
    client, address = desk(cast.anna), quote(host, safe="")
    assert client.get(f"/messages/{pk}/picture?u={address}").status_code == 400
    signed = sign(f"/messages/{pk}/picture", cast.anna, u=host)
    assert client.get(signed.replace("127.0.0.1", "127.0.0.2")).status_code == 404
    assert not stranger.seen  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "[::ffff:127.0.0.1]"])
def test_nothing_inside_is_fetched(cast: Cast, host: str) -> None:
    pk, _ = received(cast, "<p>a</p>")
    signed = sign(f"/messages/{pk}/picture", cast.anna, u=f"http://{host}/a.png")
    assert Client().get(signed).status_code == 502
