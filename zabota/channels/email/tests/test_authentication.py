"""SPF, DKIM and DMARC against a DNS of our own; `Authentication-Results` of one server only."""

import base64

import dkim  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.waiting import PATIENCE
from zabota.channels.email.authentication import authenticate, organisation
from zabota.channels.email.lookups import Lookups
from zabota.channels.email.results import read_results
from zabota.channels.email.spf import check_spf
from zabota.channels.email.tests.nameserver import nameserver
from zabota.intake.senders import Authentication

KEY = rsa.generate_private_key(65537, 1024)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
MAIL = b"From: Dana <dana@shop.example.ru>\r\nTo: help@example.com\r\nSubject: x\r\n\r\nHello\r\n"
ZONE = {
    ("example.ru", "TXT"): ["v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all"],
    ("shop.example.ru", "TXT"): ["v=spf1 redirect=example.ru"],
    ("_spf.example.net", "TXT"): ["v=spf1 a:mail.example.net mx exists:%{ir}.ok.example.net ~all"],
    ("_spf.example.net", "MX"): ["10 mx.example.net."],
    ("mail.example.net", "A"): ["198.51.100.7"],
    ("mx.example.net", "A"): ["198.51.100.8"],
    ("mx.example.net", "AAAA"): ["2001:db8::8"],
    ("9.100.51.198.ok.example.net", "A"): ["127.0.0.2"],
    ("_dmarc.example.ru", "TXT"): ["v=DMARC1; p=reject"],
    ("s1._domainkey.example.ru", "TXT"): [f"v=DKIM1; k=rsa; p={PUBLIC}"],
    ("s1._domainkey.evil.example", "TXT"): [f"v=DKIM1; k=rsa; p={PUBLIC}"],
    ("_dmarc.strict.example", "TXT"): ["v=DMARC1; p=none; aspf=s; adkim=s"],
    ("news.strict.example", "TXT"): ["v=spf1 +all"],
    ("quiet.example", "TXT"): ["v=spf1 +all"],
    ("loop.example", "TXT"): ["v=spf1 include:loop.example -all"],
    ("two.example", "TXT"): ["v=spf1 -all", "v=spf1 +all"],
}


def found(
    raw: bytes = MAIL,
    *,
    peer: str = "203.0.113.1",
    mail_from: str = "dana@shop.example.ru",
    unanswered: set[str] | None = None,
    seconds: float = PATIENCE,
) -> Authentication:
    with nameserver(ZONE, unanswered=unanswered) as server:
        lookups = Lookups(server, seconds)
        return authenticate(raw, lookups, peer=peer, mail_from=mail_from, helo="mx.example.ru")


def signed(raw: bytes = MAIL, domain: bytes = b"example.ru", **how: object) -> bytes:
    return bytes(dkim.sign(raw, b"s1", domain, PRIVATE, **how)) + raw


@pytest.mark.parametrize(
    ("peer", "sender", "result"),
    [
        ("192.0.2.55", "a@example.ru", "pass"),
        ("192.0.2.55", "a@shop.example.ru", "pass"),
        ("198.51.100.7", "a@example.ru", "pass"),
        ("198.51.100.8", "a@example.ru", "pass"),
        ("198.51.100.9", "a@example.ru", "pass"),
        ("2001:db8::8", "a@example.ru", "pass"),
        ("::ffff:192.0.2.55", "a@example.ru", "pass"),
        ("203.0.113.1", "a@example.ru", "fail"),
        ("203.0.113.1", "a@_spf.example.net", "softfail"),
        ("203.0.113.1", "a@nothing.example", "none"),
        ("203.0.113.1", "a@loop.example", "permerror"),
        ("203.0.113.1", "a@two.example", "permerror"),
        ("no address", "a@example.ru", "permerror"),
    ],
)
def test_spf(peer: str, sender: str, result: str) -> None:
    with nameserver(ZONE) as server:
        assert check_spf(Lookups(server, PATIENCE), peer, sender, "helo.example")[0] == result


def test_spf_of_a_mail_without_sender_is_of_the_greeting() -> None:
    with nameserver(ZONE) as server:
        said = check_spf(Lookups(server, PATIENCE), "192.0.2.1", "", "example.ru")
    assert said == ("pass", "example.ru")


def test_known_by_its_server() -> None:
    result = found(peer="192.0.2.55")
    assert result == Authentication("pass", "none", "pass", "shop.example.ru", "self")
    assert result.is_verified and result.is_aligned and not result.is_doubtful


def test_known_by_its_signature() -> None:
    result = found(signed(), mail_from="bounces@list.example")
    assert (result.spf, result.dkim, result.dmarc) == ("none", "pass", "pass")


@pytest.mark.parametrize(
    "raw",
    [
        MAIL,
        signed().replace(b"Hello", b"Send money"),
        signed(domain=b"evil.example"),
        signed(length=True) + b"and something behind it\r\n",
        b"From: boss@evil.example\r\n" + MAIL,
    ],
    ids=["unsigned", "changed", "by-somebody-else", "signed-in-part", "two-authors"],
)
def test_anybody_could_have_written_it(raw: bytes) -> None:
    assert not found(raw).is_verified


def test_a_domain_that_disowns_it() -> None:
    assert found().is_doubtful
    assert found(signed(domain=b"evil.example")).dkim == "pass"
    assert found(signed(domain=b"evil.example")).is_doubtful


def test_strict_alignment() -> None:
    raw = MAIL.replace(b"shop.example.ru", b"strict.example")
    assert found(raw, mail_from="a@news.strict.example").dmarc == "fail"


def test_a_domain_that_says_nothing() -> None:
    raw = MAIL.replace(b"shop.example.ru", b"quiet.example")
    assert found(raw, mail_from="a@quiet.example").dmarc == "bestguesspass"
    result = found(raw, mail_from="a@nothing.example")
    assert result.dmarc == "none" and not result.is_verified and not result.is_doubtful


def test_a_dns_that_does_not_answer_costs_so_much_time() -> None:
    asked: set[str] = set()
    result = found(signed(), unanswered=asked, seconds=0.5)
    assert len(asked) == 1  # the time was up: nothing more was asked
    assert (result.spf, result.dkim, result.dmarc) == ("temperror",) * 3
    assert not result.is_verified and not result.is_doubtful


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("mail.example.co.uk", "example.co.uk"),
        ("example.ru", "example.ru"),
        ("a.b.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
        ("localhost", "localhost"),
    ],
)
def test_what_somebody_registered(name: str, registered: str) -> None:
    assert organisation(name) == registered


GOOD = (
    b" mx.example.com; spf=pass smtp.mailfrom=a@b.ru; dkim=fail (bad) header.d=x.ru;\r\n"
    b" dkim=pass header.d=example.ru; dmarc=pass (p=REJECT) header.from=Example.ru"
)


@pytest.mark.parametrize(
    ("headers", "dmarc"),
    [
        ([GOOD], "pass"),
        ([GOOD.replace(b"mx.", b"MX.")], "pass"),
        ([GOOD.replace(b"dmarc=pass", b"dmarc=fail")], "fail"),
        ([GOOD.replace(b"header.from=Example.ru", b"header.from=evil.ru")], "none"),
        ([b"mx.evil.ru; dmarc=pass", b"mx.example.com; none"], "none"),
        ([b'mx.example.com; spf=fail reason="; dmarc=pass"'], "none"),
        ([b"mx.example.com; spf=fail (; dmarc=pass )"], "none"),
    ],
)
def test_results_of_the_server_we_believe(headers: list[bytes], dmarc: str) -> None:
    result = read_results(headers, "mx.example.com", "example.ru")
    assert result and result.dmarc == dmarc
    assert result.by == "mx.example.com"


@pytest.mark.parametrize(
    "header",
    [b"mx.evil.ru; dmarc=pass", b"mx.example.com.evil.ru; dmarc=pass", b"", b";dmarc=pass"],
)
def test_nobody_else_is_believed(header: bytes) -> None:
    assert read_results([header], "mx.example.com", "example.ru") is None
