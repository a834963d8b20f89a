"""Own words, quotations and signatures, and that not one line is lost between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabota.channels.email.quotes import split_quotes

LINES = st.lists(
    st.one_of(
        st.text(max_size=30).filter(lambda line: "\n" not in line),
        st.sampled_from(
            [
                "", "  ", "> quoted", ">> deeper", "Own words.", "-- ", "С уважением,", "Анна",
                "Best regards", "Sent from my iPhone", "P.S. ещё", "Вы писали 12 марта:",
                "вт, 12 мар. 2024 г. в 10:00, Support <support@example.com>:",
                "On Tue, Mar 12, 2024 at 10:00 AM Support <s@example.com>", "wrote:",
                "From: A <a@example.com>", "Sent: Tuesday", "To: B", "Subject: C", "От: А",
                "Кому: Б", "Тема: В", "_" * 32, "-----Original Message-----",
                "---------- Forwarded message ---------", "Begin forwarded message:",
            ]
        ),
    ),
    max_size=30,
)  # fmt: skip


@given(LINES, st.booleans())
def test_every_line_is_on_one_side_and_in_its_order(lines: list[str], forwarded: bool) -> None:
    sides = split_quotes("\n".join(lines), forwarded=forwarded)
    reply, quoted = ([line for line in side.split("\n") if line.strip()] for side in sides)
    for line in filter(str.strip, lines):
        if reply[:1] == [line]:
            reply.pop(0)
        else:
            assert quoted[:1] == [line]
            quoted.pop(0)
    assert not reply
    assert not quoted


ATTRIBUTIONS = [
    "вт, 12 мар. 2024 г. в 10:00, Тёплый дом <support@example.com>:",
    "Вторник, 12 марта 2024, 10:00 +03:00 от Тёплый дом <support@example.com>:",
    '12.03.2024, 10:00, "Тёплый дом" <support@example.com>:',
    "12.03.2024 10:00, Тёплый дом пишет:",
    "12 марта 2024 г., в 10:00, Тёплый дом <support@example.com> написал(а):",
    "On Tue, Mar 12, 2024 at 10:00 AM Warm House <support@example.com> wrote:",
    "On Tue, Mar 12, 2024 at 10:00 AM Warm House\n<support@example.com> wrote:",
    "On Tue, Mar 12, 2024 at\n10:00 AM Warm House <support@example.com>\nwrote:",
    "On 12 Mar 2024, at 10:00, Warm House <support@example.com> wrote:",
    "On 3/12/24 10:00, Warm House wrote:",
    "Вы писали 12 марта 2024 г., 10:00:36:",
    "Тёплый дом писал(а):",
    "-----Original Message-----",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_answer_above(attribution: str) -> None:
    quotation = f"{attribution}\n\n> Помогло?\n> Анна"
    assert split_quotes(f"Да, помогло!\n\n{quotation}") == ("Да, помогло!", quotation)


@pytest.mark.parametrize("attribution", ATTRIBUTIONS[:-1])
def test_answer_below(attribution: str) -> None:
    quotation = f"{attribution}\n> Помогло?\n> Анна"
    assert split_quotes(f"{quotation}\n\nДа, помогло!") == ("Да, помогло!", quotation)


@pytest.mark.parametrize("attribution", ATTRIBUTIONS[:10])
def test_quotation_without_marks(attribution: str) -> None:
    quotation = f"{attribution}\n\nПомогло?\nАнна"
    assert split_quotes(f"Да, помогло!\n\n{quotation}") == ("Да, помогло!", quotation)


def test_answers_between_quotations_keep_their_questions() -> None:
    text = "> Адрес?\nЛесная, 5\n> Когда?\nЗавтра"
    assert split_quotes(f"{text}\n\n> Анна") == (text, "> Анна")


def test_words_above_and_below_one_quotation() -> None:
    head = "On 12 Mar 2024, at 10:00, Anna <a@example.com> wrote:\n> Did it help?"
    own, quoted = split_quotes(f"Hello.\n\n{head}\n\nNo, it did not.")
    assert own == "Hello.\n\nNo, it did not."
    assert quoted == head


@pytest.mark.parametrize(
    "text",
    [
        "Мне надо\n> 5 штук\nи побыстрее",
        "Я вчера в 10:30 звонила, оператор мне написал:\nждите ответа\nСколько ждать?",
        "From: Moscow\nTo: Kazan\nDate: 12 May\nHow much is the delivery?",
        "С уважением отношусь к вашей работе",
        "Где посылка?\nОтправлено со склада 5 мая",
        "Верните деньги\n--\nКогда вернёте?",
        "Верните деньги.\nС уважением,\nДана\nКогда вернёте?",
        "Заберу сама.\nС уважением, Дана\nP.S. Оплачено.",
        "--\n" + "\n".join(f"пункт {i}" for i in range(20)),
        "Regards to Bob for his help yesterday, the kettle works.",
    ],
)
def test_what_is_not_surely_quoted_is_their_own(text: str) -> None:
    assert split_quotes(text) == (text, "")


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nДана Ким\nООО «Лес»",
        "-- \nДана\nЕсть вопросы? Пишите! " + "Это письмо конфиденциально. " * 5,
        "С уважением,\nДана Ким",
        "С уважением, Дана Ким",
        "С наилучшими пожеланиями,\nДана\n+7 900 000-00-00",
        "Best regards,\nDana",
        "Kind regards",
        "Всего доброго!\nДана",
        "Отправлено с iPhone",
        "Отправлено из мобильной Яндекс Почты",
        "Sent from my Galaxy",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
    ],
)
def test_signature(signature: str) -> None:
    assert split_quotes(f"Где заказ?\n\n{signature}") == ("Где заказ?", signature)


def test_a_signature_alone_is_not_folded() -> None:
    assert split_quotes("С уважением,\nДана") == ("С уважением,\nДана", "")


@pytest.mark.parametrize(
    "marker",
    [
        "---------- Forwarded message ---------",
        "-------- Пересылаемое сообщение --------",
        "-------- Перенаправленное сообщение --------",
        "Begin forwarded message:",
        "Начало переадресованного сообщения:",
    ],
)
def test_what_is_forwarded_is_to_be_read(marker: str) -> None:
    text = f"Смотрите.\n\n{marker}\nFrom: Shop <s@example.com>\nDate: today\nSubject: x\n\n> Чек"
    assert split_quotes(text) == (text, "")


def test_forwarded_by_outlook_only_the_subject_tells() -> None:
    text = "FYI\n\nFrom: Shop <s@example.com>\nSent: today\nTo: me\nSubject: x\n\nTotal 5"
    assert split_quotes(text, forwarded=True) == (text, "")
    assert split_quotes(text) == ("FYI", text.removeprefix("FYI\n\n"))


def test_answer_below_unmarked_history_stays_in_sight() -> None:
    text = "From: Shop <s@example.com>\nSent: today\nTo: me\nSubject: x\n\nHow much?\n\nFive."
    assert split_quotes(text) == (text, "")
