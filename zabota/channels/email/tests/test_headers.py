"""Subjects, names, addresses, dates and ids as they come."""

import base64

import pytest

from zabota.channels.email.headers import parse_addresses, parse_date, parse_ids
from zabota.channels.email.limits import MAX_ADDRESSES, MAX_PARAMETERS, MAX_REFERENCES, Reading
from zabota.channels.email.words import decode_words, parse_parameters


def words(value: bytes | str) -> str:
    return decode_words(value if isinstance(value, bytes) else value.encode(), Reading())


def encoded(text: str, charset: str = "utf-8") -> str:
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Hello", "Hello"),
        (encoded("Привет"), "Привет"),
        (encoded("Привет", "koi8-r"), "Привет"),
        ("=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"),
        ("=?utf-8?q?a_b=20c?=", "a b c"),
        ("Re: =?utf-8?q?a?= b =?utf-8?q?c?= =?utf-8?q?d?=", "Re: a b cd"),
        ("=?utf-8?q?=D0?= =?UTF-8?q?=9F?=", "П"),
        (f"{encoded('а')} {encoded('б', 'koi8-r')}", "аб"),
        ("=?utf-8*ru?q?x?=", "x"),
        ("=?utf-8?q?How are you??=", "How are you?"),
        ("=?utf-8?q?with spaces?=", "with spaces"),
        ("=?utf-8?B?0J/RgNC40LLQtdGC", "=?utf-8?B?0J/RgNC40LLQtdGC"),
        ("=?utf-8?B?0J/RgNC40LLQtdGC\t?=", "Привет"),
        ("Привет".encode("cp1251"), "Привет"),
        ("Заявка на ремонт".encode("koi8-r"), "Заявка на ремонт"),
        ("a\x00b\x1b[31m\u202egpj.exe", "ab[31mgpj.exe"),
    ],
)
def test_words(value: bytes | str, expected: str) -> None:
    assert words(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@example.com", [("", "a@example.com")]),
        ("Anna <a@example.com>", [("Anna", "a@example.com")]),
        ("a@example.com (Anna)", [("Anna", "a@example.com")]),
        ('"Ivanov, I" <i@x.org>, b@x.org', [("Ivanov, I", "i@x.org"), ("", "b@x.org")]),
        ("Ivanov, Ivan <i@example.com>", [("Ivanov, Ivan", "i@example.com")]),
        (f"{encoded('Анна, отдел')} <a@example.com>", [("Анна, отдел", "a@example.com")]),
        (encoded("Анна <a@example.com>"), [("Анна", "a@example.com")]),
        ("<<a@example.com>>", [("", "a@example.com")]),
        ("'Anna' <'a@example.com'>", [("Anna", "a@example.com")]),
        ("a@example.com <a@example.com>", [("", "a@example.com")]),
        ("mailto:a@example.com", [("", "a@example.com")]),
        ("Anna <a @ example.com>", [("Anna", "a@example.com")]),
        ("Team: a@x.org, B <b@x.org>;", [("", "a@x.org"), ("B", "b@x.org")]),
        ("undisclosed-recipients:;", []),
        ("", []),
        ("nobody", []),
        ('"unclosed <a@example.com>', [("unclosed", "a@example.com")]),
        ("почта@пример.рф", [("", "почта@пример.рф")]),
        ("Support+ToKeN@Example.com", [("", "Support+ToKeN@Example.com")]),
    ],
)  # fmt: skip
def test_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    found = parse_addresses([value.encode()], Reading())
    assert [(address.name, address.value) for address in found] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Tue, 12 Mar 2024 10:00:00 +0300 (MSK)", "2024-03-12T10:00:00+03:00"),
        (b"12 Mar 2024 10:00:00 -0000", "2024-03-12T10:00:00+00:00"),
        (b"Tue, 12 Mar 24 10:00 GMT", "2024-03-12T10:00:00+00:00"),
        (b"2024-03-12T10:00:00Z", "2024-03-12T10:00:00+00:00"),
        ("вчера".encode(), None),
        (b"Tue, 99 Foo 2024 99:99:99", None),
        (b"31 Dec 9999 23:59:59 -2359", None),
        (b"9" * 100_000, None),
        (b"", None),
    ],
)
def test_date(value: bytes, expected: str | None) -> None:
    reading = Reading()
    date = parse_date(value, reading)
    assert (date.isoformat() if date else None) == expected
    assert bool(reading.warnings) is (expected is None and value != b"")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<a@b> <c@d>", ["a@b", "c@d"]),
        (b"<a@b><c@d>,<a@b>", ["a@b", "c@d"]),
        (b"a@b c@d", ["a@b", "c@d"]),
        (b"Your mail <a@b> of Monday", ["a@b"]),
        (b"<a b@c>", ["ab@c"]),
        (b"<>", []),
        (b"", []),
    ],
)
def test_ids(value: bytes, expected: list[str]) -> None:
    assert parse_ids([value], Reading()) == expected


def test_an_absurdly_long_id_is_the_same_short_one_everywhere() -> None:
    long = b"<" + b"x" * 1900 + b"@y>"
    (first,), (second,) = parse_ids([long], Reading()), parse_ids([b"z", long], Reading())
    assert first == second
    assert len(first) < 100


def test_root_and_nearest_of_too_many_references_are_kept() -> None:
    reading = Reading()
    ids = parse_ids([b" ".join(b"<%d@x>" % i for i in range(500))], reading)
    assert len(ids) == MAX_REFERENCES
    assert (ids[0], ids[-1]) == ("0@x", "499@x")
    assert reading.warnings == ["too many references, those in the middle are left out"]


def test_addresses_are_limited() -> None:
    reading = Reading()
    found = parse_addresses([b",".join(b"%d@example.com" % i for i in range(1500))], reading)
    assert len(found) == MAX_ADDRESSES
    assert reading.warnings == ["too many addresses, the rest of them is left out"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'attachment; filename="a b.txt"', "a b.txt"),
        (b"attachment; filename=a b.txt", "a b.txt"),
        (b'attachment; filename="a\\"b;c.txt"', 'a"b;c.txt'),
        (b"attachment; filename*=UTF-8''%D0%B0.txt", "а.txt"),
        (b"attachment; filename*=%D0%B0.txt", "а.txt"),
        (b"attachment; filename*0=\"one \"; filename*1=\"two.txt\"", "one two.txt"),
        (b"attachment; filename*1*=%B0.txt; filename*0*=utf-8''%D0", "а.txt"),
        (b"attachment; filename=x; filename*=utf-8''y", "y"),
        (encoded("Счёт.pdf").join(['attachment; filename="', '"']).encode(), "Счёт.pdf"),
        (b'attachment; filename="unclosed.txt', "unclosed.txt"),
        (b'attachment; filename="C:\\dir\\a.txt"', "C:\\dir\\a.txt"),
    ],
)  # fmt: skip
def test_parameters(value: bytes, expected: str) -> None:
    kind, parameters = parse_parameters(value, Reading())
    assert kind == "attachment"
    assert parameters["filename"] == expected


def test_parameters_are_limited() -> None:
    reading = Reading()
    value = b"text/plain" + b"".join(b"; p%d=x" % i for i in range(20_000))
    _, parameters = parse_parameters(value, reading)
    assert len(parameters) == MAX_PARAMETERS
    assert reading.warnings == ["too many parameters, the rest of them is left out"]
