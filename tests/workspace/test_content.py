"""What strangers sent stays behind walls."""

import pytest

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.tickets.models import Attachment, Message


def test_html_is_framed_without_script_or_origin(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(html='<p style="color:red">Где деньги?</p>')
    client = desk(cast.anna)
    page = client.get(f"/tickets/{ticket.number}").content.decode()
    frame = page[page.index("<iframe") :].split(">")[0]
    assert ' sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    response = client.get(f"/messages/{Message.objects.get().pk}/original")
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox") and "default-src 'none'" in policy
    assert "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "<p style" in response.content.decode()
    assert "X-Frame-Options" not in response


@pytest.mark.parametrize(
    "name", ["чек.html", 'a"; filename="b.exe', "x\r\nSet-Cookie: a=b", "../../etc/passwd"]
)
def test_files_are_only_kept(name: str, cast: Cast, desk: Desk) -> None:
    cast.receive(files={name: "<script>alert(1)</script>"})
    response = desk(cast.anna).get(f"/attachments/{Attachment.objects.get().pk}")
    assert response.content == b"<script>alert(1)</script>"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert "Set-Cookie" not in response


def test_a_lost_file_is_not_a_crash(cast: Cast, desk: Desk) -> None:
    from zabota.files.actions import delete_file

    cast.receive(files={"a.txt": "only here"})
    file = Attachment.objects.get()
    delete_file(file.blob.key)
    assert desk(cast.anna).get(f"/attachments/{file.pk}").status_code == 404


LETTER = b"From: Eve <eve@example.ru>\r\nSubject: Inner\r\n\r\nSecret words <b>\r\n"


def test_an_attached_letter_is_read_in_place(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(files={"a.eml": LETTER.decode()})
    file = Attachment.objects.get()
    file.content_type, file.ticket.channel = "message/rfc822", "email"
    file.save()
    file.ticket.save()
    client = desk(cast.anna)
    assert (
        f'href="/attachments/{file.pk}/letter"'
        in client.get(f"/tickets/{ticket.number}").content.decode()
    )
    page = client.get(f"/attachments/{file.pk}/letter").content.decode()
    assert "Inner" in page and "eve@example.ru" in page
    assert "Secret words &lt;b&gt;" in page


def test_what_a_message_brings_is_said(cast: Cast, desk: Desk) -> None:
    invitation = {
        "method": "request",
        "summary": "Осмотр <b>",
        "starts": "2020-11-24T10:00+03:00",
        "ends": "2020-11-24T11:30+03:00",
        "place": "Ленина, 5",
        "people": ["Дана <dana@example.ru>"],
        "a later version": 1,
    }
    details = {"invitations": [invitation], "protected": "pgp", "signed": "smime"}
    ticket = cast.receive(text="", details=details)
    page = desk(cast.anna).get(f"/tickets/{ticket.number}").content.decode()
    assert "Осмотр &lt;b&gt;" in page and "Дана &lt;dana@example.ru&gt;" in page
    assert "24\u00a0November" in page
    assert "Encrypted (PGP)" in page and "Signed (S/MIME)" in page
    assert "(nothing written)" not in page


@pytest.mark.parametrize(
    "starts", ["", "nonsense", "2026-11-24", "2026-11-24T10:00", "9999-12-31T23:59-12:00"]
)
def test_no_time_of_an_appointment_breaks_the_page(starts: str, cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(details={"invitations": [{"starts": starts, "ends": starts}]})
    assert desk(cast.anna).get(f"/tickets/{ticket.number}").status_code == 200
