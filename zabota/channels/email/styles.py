"""How mail programs introduce what they quote, forward and sign with, in Russian and English."""

import re

_TIME = r"\b\d{1,2}[:.]\d{2}\b"
_YEAR = r"\b(?:19|20)\d\d\b"
_WROTE = r"\b(?:wrote|writes|пиш(?:ет|ете|ут)|(?:на)?писал(?:а|и|\(а\)|\(-а\))?|ответил\(?а?\)?)"
_MAILBOX = r"[^\s<>]+@[^\s<>]+"
_END = r"\W{0,4}:$"

#: Says whose words follow, and when they wrote them: nobody types such a line by hand.
ATTRIBUTION = re.compile(
    rf"(?=.*{_TIME})(?=.*{_YEAR}|.*\b\d\d?[./]\d\d?[./]\d\d\b).*(?:{_WROTE}|{_MAILBOX}){_END}",
    re.IGNORECASE,
)
#: Says so directly above a quotation with marks, where less will do.
LOOSE_ATTRIBUTION = re.compile(
    rf"(?:.*(?:{_WROTE}|{_MAILBOX}|{_TIME}|{_YEAR})|quoting\b.*|вы писали\b.*){_END}",
    re.IGNORECASE,
)
#: How an attribution begins; some are wrapped into two or three lines.
DATE_FIRST = re.compile(
    r"[\s>*_]{0,4}(?:on\b|во?\b|\d{1,2}[./-]\d|\d{1,2}\s\w|\d{4}[./-]"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)(?:\b|[a-z]*day)"
    r"|(?:пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|сред[ау]|четверг|пятниц[ау]|суббот[ау]"
    r"|воскресенье)\b)",
    re.IGNORECASE,
)

#: One line of the headers that Outlook and its like put above what they quote.
LABEL = re.compile(
    r"[*_ ]{0,3}(from|sent|date|to|cc|subject|от|от кого|отправлено|дата|кому|копия|тема)"
    r"[*_ ]{0,3}:",
    re.IGNORECASE,
)
SENDER_LABELS = {"from", "от", "от кого"}
SUBJECT_LABELS = {"subject", "тема"}

ORIGINAL = re.compile(
    r"-{2,}\s?(?:original (?:message|appointment)|reply message"
    r"|(?:исходное|первоначальное|оригинальное) (?:сообщение|письмо))\s?-{2,}$",
    re.IGNORECASE,
)
RULE = re.compile(r"[-_=]{5,}$")

_FORWARDED = (
    r"(?:пересылаемо|пересланно|переадресованно|перенаправленно)\w+ (?:сообщени[ея]|письм[оа])"
)
FORWARD = re.compile(
    rf"-{{2,}}\s?(?:forwarded message|{_FORWARDED}).{{0,80}}-$"
    rf"|(?:begin forwarded message|начало {_FORWARDED})\s?:$",
    re.IGNORECASE,
)
FORWARDED_SUBJECT = re.compile(r"\s*(?:fwd?|fw|пересл|вн)\s?:", re.IGNORECASE)

QUOTED = re.compile(r"\s{0,3}(?:[A-ZА-ЯЁ]{2,3})?>")  # The Bat! puts initials first
DELIMITER = re.compile(r"--\s{0,3}$")
SIGN_OFF = re.compile(
    r"[—–-]{0,2}\s?(?:с (?:\w+ )?(?:уважением|ув\.|приветом)|с (?:\w+ )?пожеланиями"
    r"|всего (?:доброго|хорошего|наилучшего)"
    r"|(?:(?:best|kind|kindest|warm|warmest) )?regards|rgds|best wishes|all the best|cheers"
    r"|(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?)[\s,.!—–-]{0,4}"
    r"(?-i:(?:[A-ZА-ЯЁ][\w.-]{0,30}(?:[\s,]{1,3}|$)){0,5})$",
    re.IGNORECASE,
)
DEVICE = re.compile(
    r"(?=.{0,60}(?:phone|pad|android|samsung|galaxy|xiaomi|redmi|huawei|honor|mail|outlook|yandex"
    r"|windows|device|blackberry|мобильн|телефон|смартфон|планшет|устройств|почт|яндекс|айфон))"
    r"(?:sent (?:from|with|via|using)|get outlook for|отправлено (?:с|со|из|через|от)"
    r"|послано (?:с|из)|написано с|(?:получить|получите|скачать|загрузить) outlook)\s.{1,120}$",
    re.IGNORECASE,
)
AFTERTHOUGHT = re.compile(r"p\.?\s?p?\.?s\b|п\.?\s?с\.|з\.?\s?ы\b", re.IGNORECASE)
