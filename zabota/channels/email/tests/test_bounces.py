"""What mail servers write when they cannot deliver: the address, the code, the reason."""

import pytest

from zabota.channels.email.inbound import read_inbound
from zabota.channels.email.parse import parse_mail
from zabota.intake.returns import Report, failure_in_words, is_about_address, status_in

DSN = """\
From: MAILER-DAEMON@mx.example.ru (Mail Delivery System)
To: help+b-abc@example.com
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

This is the mail system at host mx.example.ru.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.ru
Original-Envelope-Id: some-envelope-id

Final-Recipient: rfc822; Dana@Example.ru
Original-Recipient: rfc822;dana@example.ru
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: text/rfc822-headers

Message-ID: <ours@example.com>
--b--
"""

EXIM = """\
From: Mail Delivery System <Mailer-Daemon@mx.example.ru>
Subject: Mail delivery failed: returning message to sender
{header}
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  dana@example.ru
    host mx.example.ru [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<dana@example.ru>:
    550 5.1.1 <dana@example.ru>: Recipient address rejected: User unknown

------ This is a copy of the message, including all the headers. ------

Message-ID: <ours@example.com>
To: somebody@example.org
"""

QMAIL = """\
From: MAILER-DAEMON@mx.example.ru
Subject: failure notice

Hi. This is the qmail-send program at mx.example.ru.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<dana@example.ru>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: <ours@example.com>
"""

YANDEX = """\
From: mailer-daemon@yandex.ru
Subject: Недоставленное сообщение
Content-Type: text/plain; charset=utf-8

Это письмо отправлено почтовым сервером yandex.ru.

К сожалению, мы вынуждены сообщить Вам о том, что Ваше письмо не может быть
отправлено одному или нескольким адресатам. Технические подробности:

<dana@example.ru>: host mx.example.ru said: 452 4.2.2 The email account is over quota

    -- Исходное сообщение --
Message-ID: <ours@example.com>
"""

MAIL_RU = """\
From: mailer-daemon@corp.mail.ru
Subject: Mail failure.
Content-Type: text/plain; charset=utf-8

Это письмо создано автоматически сервером Mail.Ru, отвечать на него не нужно.

К сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:

**********************

dana@example.ru
нет такого пользователя

**********************
"""

EXCHANGE = """\
From: postmaster@example.ru
Subject: Не удается доставить: Возврат денег
Content-Type: text/plain; charset=utf-8

Сбой доставки следующим получателям или спискам рассылки:

dana@example.ru
Почтовый ящик получателя переполнен. Попробуйте отправить сообщение позднее.

Диагностические сведения для администраторов:
#550 5.2.2 STOREDRV.Deliver; mailbox full ##
"""
GONE = "550 5.1.1 <dana@example.ru>: Recipient address rejected: User unknown"


def report_of(text: str) -> Report | None:
    return parse_mail(text.encode()).report


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (DSN.format(action="failed", status="5.1.1", said=GONE), "5.1.1", GONE),
        (DSN.format(action="failed", status="5.0.0", said="550 spam"), "5.0.0", "550 spam"),
        (EXIM.format(header=""), "5.1.1", GONE),
        (EXIM.format(header="X-Failed-Recipients: dana@example.ru\n"), "5.1.1", GONE),
        (QMAIL, "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"),
        (YANDEX, "4.2.2", "452 4.2.2 The email account is over quota"),
        (MAIL_RU, "5.1.1", "нет такого пользователя"),
        (EXCHANGE, "5.2.2", "550 5.2.2 STOREDRV.Deliver; mailbox full ##"),
    ],
    ids=["dsn", "dsn-vague", "exim", "exim-header", "qmail", "yandex", "mail.ru", "exchange"],
)
def test_read(text: str, status: str, reason: str) -> None:
    report = report_of(text)
    assert report
    assert (report.recipient, report.status) == ("dana@example.ru", status)
    assert report.reason == reason
    assert report.is_final
    assert parse_mail(text.encode()).bounce


def test_what_names_our_letter() -> None:
    text = DSN.format(action="failed", status="5.1.1", said=GONE)
    message = read_inbound(
        text.encode(), {"mail_from": "", "rcpt_to": ["help+b-T0kenT0kenT0ken@x"]}
    )
    assert message.return_tokens == ("T0kenT0kenT0ken", "some-envelope-id")
    assert message.reply_tokens == ()
    assert message.references == ("ours@example.com",)
    assert message.details["bounce"] == {
        "status": "5.1.1",
        "recipient": "dana@example.ru",
        "reason": GONE,
    }


def test_late_is_not_failed() -> None:
    text = DSN.format(action="delayed", status="4.4.1", said="connect timed out")
    mail = parse_mail(text.encode())
    assert mail.report and not mail.report.is_final
    assert not mail.bounce and mail.auto_submitted
    assert read_inbound(text.encode(), {}).references == ("ours@example.com",)
    assert Report.from_json(mail.report.as_json()) == mail.report.__class__(
        "dana@example.ru", "4.4.1", "connect timed out", is_final=False
    )


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_arrived(action: str) -> None:
    assert report_of(DSN.format(action=action, status="2.0.0", said="250 OK")) is None


def test_in_words_we_do_not_know() -> None:
    """To an address only for returns, from a mail server: it is one."""
    text = "From: MAILER-DAEMON@mx.example.fi\nSubject: Hups\n\nViesti ei mennyt perille\n"
    sent = {"mail_from": "", "rcpt_to": ["help+b-T0kenT0kenT0ken@example.com"]}
    report = read_inbound(text.encode(), sent).report
    assert report and report.reason == "Viesti ei mennyt perille"
    assert not read_inbound(text.encode(), {**sent, "rcpt_to": ["help@example.com"]}).bounce


def test_a_persons_words_are_no_bounce() -> None:
    text = "From: dana@example.ru\nSubject: Почему недоставлено?\n\n550 5.1.1 User unknown\n"
    assert report_of(text) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GONE, f"There is no such mailbox ({GONE})"),
        ("552 5.2.2 over quota", "The mailbox is full (552 5.2.2 over quota)"),
        ("mailbox is full", "The mailbox is full (mailbox is full)"),
        ("550 5.7.26 not aligned", "Their server refuses it: taken for spam, or against its rules"),
        ("451 4.7.1 Greylisted", "Their server does not take it yet"),
        ("550 go away", "The mail server refused it (550 go away)"),
        ("something else", "something else"),
    ],
)
def test_said_in_words(error: str, words: str) -> None:
    assert failure_in_words(error).startswith(words)


def test_whose_fault_it_is() -> None:
    assert is_about_address(GONE) and is_about_address("mailbox is full")
    assert not is_about_address("554 5.7.1 Spam") and not is_about_address("no idea")
    assert status_in("Я видел 10.0.0.1 и версию 2.31.4") != "10.0.0.1"
