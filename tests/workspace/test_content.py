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
