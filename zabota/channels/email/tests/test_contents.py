"""Everything a mail can be: opened, named, or kept and said."""

import binascii

import pytest

from zabota.channels.email.limits import Reading
from zabota.channels.email.parse import parse_mail
from zabota.channels.email.rtf import read_rtf, unpack_rtf
from zabota.intake.details import Contents, Invitation

from .envelopes import calendar, opaque, part, winmail

TNEF = 'application/ms-tnef; name="winmail.dat"'
ENCAPSULATED = (
    rb"{\rtf1\ansi\ansicpg1251\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag18 <html><body>}"
    rb"{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 \'c4\'e5\'ed\'fc\'e3\'e8 \u1075?\u1076?\u1077?"
    rb"{\*\htmltag84 <b>}\htmlrtf\b\htmlrtf0 now{\*\htmltag92 </b>}\htmlrtf\par}\htmlrtf0 "
    rb"{\*\htmltag27 </body></html>}}"
)


def test_winmail_is_opened() -> None:
    content = winmail(body="Где деньги?".encode("cp1251"), files={"чек.pdf": b"%PDF-1"})
    mail = parse_mail(part(TNEF, content))
    assert mail.text == "Где деньги?"
    assert [(f.filename, f.content_type, f.content) for f in mail.attachments] == [
        ("чек.pdf", "application/pdf", b"%PDF-1")
    ]


def test_rich_text_in_winmail_is_the_html_it_was_made_from() -> None:
    mail = parse_mail(part(TNEF, winmail(rtf=ENCAPSULATED)))
    assert mail.html == "<p>Деньги где<b>now</b></p>"
    assert mail.text == "Деньги гдеnow"
    assert mail.attachments == ()


def test_a_winmail_that_cannot_be_opened_is_kept() -> None:
    mail = parse_mail(part(TNEF, winmail(body=b"a")[:20]))
    assert [file.filename for file in mail.attachments] == ["winmail.dat"]
    assert mail.warnings == ("winmail.dat could not be opened",)


def test_rich_text_is_unpacked_as_outlook_packs_it() -> None:
    """The example of [MS-OXRTFCP], 4.1.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af3206865 6c 0900"
        "20627705b06c647d0a800fa0".replace(" ", "")
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize(
    "rtf", [b"", b"{" * 5000, rb"\u", rb"\'", b"}" * 50, rb"{\rtf1 \uc99\u1 a"]
)
def test_broken_rich_text_is_read_as_far_as_it_goes(rtf: bytes) -> None:
    assert read_rtf(rtf).html == ""


EVENT = (
    "SUMMARY:Осмотр <b>вытяжки</b>",
    "DTSTART;TZID=Europe/Moscow:20261124T100000",
    "DTEND;TZID=Europe/Moscow:20261124T113000",
    "LOCATION:Ленина\\, 5",
    'ORGANIZER;CN="Дана Ковалёва":mailto:dana@example.ru',
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Help:MAILTO:help@example.ru",
    "ATTENDEE:mailto:bob@example.ru",
    "RRULE:FREQ=WEEKLY",
)


def invited(*lines: str, method: str = "REQUEST") -> tuple[Invitation, ...]:
    return parse_mail(part("text/calendar", calendar(*lines, method=method))).contents.invitations


def test_an_invitation_says_what_when_where_and_who() -> None:
    assert invited(*EVENT) == (
        Invitation(
            method="request",
            summary="Осмотр <b>вытяжки</b>",
            starts="2026-11-24T10:00+03:00",
            ends="2026-11-24T11:30+03:00",
            place="Ленина, 5",
            organizer="Дана Ковалёва <dana@example.ru>",
            people=("Help <help@example.ru>", "bob@example.ru"),
            repeats=True,
        ),
    )


@pytest.mark.parametrize(
    ("lines", "starts", "ends"),
    [
        (("DTSTART;VALUE=DATE:20261124",), "2026-11-24", "2026-11-24"),
        (
            ("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261127"),
            "2026-11-24",
            "2026-11-26",
        ),
        (("DTSTART:20261124T100000", "DURATION:PT1H"), "2026-11-24T10:00", "2026-11-24T11:00"),
        (("DTSTART:20261124T100000Z",), "2026-11-24T10:00+00:00", ""),
        (("SUMMARY:never",), "", ""),
    ],
)
def test_times_of_an_appointment(lines: tuple[str, ...], starts: str, ends: str) -> None:
    (one,) = invited(*lines)
    assert (one.starts, one.ends) == (starts, ends)


def test_answers_and_cancellations() -> None:
    assert invited(*EVENT, method="REPLY")[0].answer == "accepted"
    assert invited(*EVENT, method="CANCEL")[0].method == "cancel"
    assert invited(*EVENT, "STATUS:CANCELLED")[0].method == "cancel"


@pytest.mark.parametrize(
    "text", [b"", b"BEGIN:VCALENDAR", b"\xff\xfe\x00", b"BEGIN:VEVENT\n" * 900]
)
def test_a_broken_calendar_stays_a_file(text: bytes) -> None:
    mail = parse_mail(part("text/calendar", text))
    assert mail.contents.invitations == ()
    assert [file.content for file in mail.attachments] == [text]


def test_what_is_kept_of_a_message_comes_back() -> None:
    contents = Contents(invited(*EVENT), "pgp", "smime", 3)
    assert Contents.from_json(contents.as_json()) == contents
    assert Contents().as_json() == {}


@pytest.mark.parametrize(
    ("kind", "protected", "signed"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data", "smime", ""),
        ("application/x-pkcs7-mime", "smime", ""),
        ("application/pkcs7-mime; smime-type=signed-data", "", "smime"),
    ],
)
def test_protected_mail_is_kept_and_named(kind: str, protected: str, signed: str) -> None:
    mail = parse_mail(part(kind, b"\x30\x82"))
    assert (mail.contents.protected, mail.contents.signed) == (protected, signed)
    assert [file.filename for file in mail.attachments] == ["smime.p7m"]


def test_the_words_inside_an_opaque_signature_are_read() -> None:
    inner = "Content-Type: text/plain; charset=utf-8\r\n\r\nГде деньги?".encode()
    mail = parse_mail(part("application/pkcs7-mime; smime-type=signed-data", opaque(inner)))
    assert (mail.text, mail.contents.signed) == ("Где деньги?", "smime")


def test_pgp() -> None:
    mail = parse_mail(
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n'
        b"\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--"
    )
    assert mail.contents.protected == "pgp"
    assert [file.filename for file in mail.attachments] == ["version.asc", "file.bin"]
    armoured = parse_mail(b"Subject: a\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n")
    assert armoured.contents.protected == "pgp"


@pytest.mark.parametrize(
    ("kind", "name", "warning"),
    [
        ("message/partial; number=2; total=5; id=a", "part 2 of 5.eml", "piece of a longer mail"),
        ("message/external-body; access-type=URL", "elsewhere (URL).txt", "is not here"),
    ],
)
def test_pieces_and_pointers_are_named(kind: str, name: str, warning: str) -> None:
    mail = parse_mail(b"Content-Type: " + kind.encode() + b"\r\n\r\nContent-Type: a/b\r\n\r\nx")
    assert [file.filename for file in mail.attachments] == [name]
    assert warning in mail.warnings[0]


def test_files_in_the_text_are_taken_out_of_it() -> None:
    lines = b"".join(binascii.b2a_uu(b"whole file"[at : at + 45]) for at in (0,))
    mail = parse_mail(
        b"Subject: a\r\n\r\nHere:\r\nbegin 644 a.txt\r\n"
        + lines.replace(b"\n", b"\r\n")
        + b"`\r\nend\r\nBye\r\nbegin 644 not a file\r\nat all\r\nend\r\n"
    )
    assert [(f.filename, f.content) for f in mail.attachments] == [("a.txt", b"whole file")]
    assert mail.text.startswith("Here:\nBye\nbegin 644")


def test_yenc() -> None:
    from zabota.channels.email.enclosed import take_enclosed

    data = bytes((n + 42) % 256 for n in b"abc=") + b"=" + bytes([(0 + 64 + 42) % 256])
    text = b"a\r\n=ybegin line=128 size=5 name=x.bin\r\n" + data + b"\r\n=yend size=5\r\nb"
    left, files = take_enclosed(text, Reading())
    assert left == b"a\r\nb" and files[0].content == b"abc=\0"
