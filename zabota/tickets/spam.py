"""A local score for spam that learns from "spam" and "not spam".

Bayes after Robinson, combined by Fisher's method, as SpamBayes does it (G. Robinson, "A Statistical
Approach to the Spam Problem", Linux Journal 107, 2003; https://spambayes.sourceforge.io/background.html).
Nothing is scored before there are 20 lessons of each kind.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from zabota.core import clock
from zabota.tickets.models import Message, SpamLesson, SpamWord, Ticket

ENOUGH = 20
MOST_WORDS = 80
READ = 1000  # letters of a text that are looked at
STRENGTH, UNKNOWN = 0.45, 0.5  # s and x of Robinson: where a word begins, how hard it moves
WEAK = 0.1  # words this near to the middle say nothing
MANY_LINKS = 6
TOTAL = ""  # the row that counts lessons
# What speaks against a mail before anything is learned of it; seen as words, so learned too.
RULES = {"rule:unproven": 0.8, "rule:links": 0.7, "rule:scripts": 0.9}

_WORD = re.compile(r"[^\W\d_]{3,20}")
_LINK = re.compile(r"https?://([^\s/\"'<>:?#]{1,100})", re.IGNORECASE)
_MIXED = re.compile("[a-zA-Z][а-яёА-ЯЁ]|[а-яёА-ЯЁ][a-zA-Z]")  # a word in letters of two scripts

LEARN = """
INSERT INTO tickets_spamword (word, spam, ham)
SELECT * FROM unnest(%s::text[], %s::int[], %s::int[]) AS n(word, spam, ham) ORDER BY word
ON CONFLICT (word) DO UPDATE SET spam = greatest(tickets_spamword.spam + excluded.spam, 0),
                                 ham = greatest(tickets_spamword.ham + excluded.ham, 0)
"""


class Count(NamedTuple):
    """In how many lessons of each kind a word was."""

    spam: int
    ham: int


class Clue(NamedTuple):
    """A word and how much it speaks for spam, 0 to 1."""

    word: str
    chance: float


def words_of(subject: str, text: str, address: str, details: Mapping[str, Any]) -> list[str]:
    """What a mail is judged by: its words, where from, where to its links lead, and the rules."""
    text = text[:READ]
    links = [host.lower()[:35] for host in _LINK.findall(text)]
    found = [f"s:{word}" for word in _WORD.findall(subject.lower()[:300])]
    found.append(f"from:{address.rpartition('@')[2][:35]}")
    found += [f"to:{host}" for host in links]
    if len(links) >= MANY_LINKS:
        found.append("rule:links")
    if _MIXED.search(f"{subject} {text}"):
        found.append("rule:scripts")
    if details.get("authentication", {}).get("dmarc") == "fail":
        found.append("rule:unproven")
    found += _WORD.findall(text.lower())
    return list(dict.fromkeys(found))[:MOST_WORDS]


def words_of_message(message: Message) -> list[str]:
    """The same of a stored message."""
    return words_of(message.subject, message.text, message.author_address, message.details or {})


def load_counts(words: Collection[str]) -> dict[str, Count]:
    """What was learned of these words, and of all together, in one query."""
    # One array: `IN` would be a statement of its own for each number of words.
    rows = SpamWord.objects.extra(where=["word = ANY(%s)"], params=[[TOTAL, *words]])
    return {word: Count(spam, ham) for word, spam, ham in rows.values_list("word", "spam", "ham")}


def lessons() -> Count:
    """How many lessons of each kind there were."""
    return load_counts(()).get(TOTAL, Count(0, 0))


def knows_enough(counts: Mapping[str, Count]) -> bool:
    """Whether there were lessons enough of both kinds."""
    total = counts.get(TOTAL, Count(0, 0))
    return min(total) >= ENOUGH


def clues_of(words: Iterable[str], counts: Mapping[str, Count]) -> list[Clue]:
    """The words that say something, the strongest first."""
    total = counts.get(TOTAL, Count(0, 0))
    clues = [Clue(word, _chance(word, counts.get(word), total)) for word in words]
    telling = [clue for clue in clues if abs(clue.chance - 0.5) >= WEAK]
    return sorted(telling, key=lambda clue: -abs(clue.chance - 0.5))


def _chance(word: str, count: Count | None, total: Count) -> float:
    """Robinson's f(w): the share in spam, drawn to the middle as long as little is known."""
    prior = RULES.get(word, UNKNOWN)
    if count is None or count == (0, 0):
        return prior
    spam, ham = count.spam / max(total.spam, 1), count.ham / max(total.ham, 1)
    seen = count.spam + count.ham
    return (STRENGTH * prior + seen * spam / (spam + ham)) / (STRENGTH + seen)


def score(clues: Sequence[Clue]) -> float:
    """0 for surely not, 1 for surely spam, 0.5 for who knows: Fisher's method both ways."""
    if not clues:
        return 0.5
    chances = [min(max(clue.chance, 1e-6), 1 - 1e-6) for clue in clues]
    spam = _tail(-2 * sum(math.log(1 - chance) for chance in chances), len(chances))
    ham = _tail(-2 * sum(math.log(chance) for chance in chances), len(chances))
    return (1 + ham - spam) / 2


def _tail(chi: float, n: int) -> float:
    """The chance that chi-squared with 2n degrees of freedom is larger than this."""
    half = chi / 2
    term = total = math.exp(-half)
    for i in range(1, n):
        term *= half / i
        total += term
    return min(total, 1.0)


def learn(tickets: Iterable[Ticket], *, is_spam: bool) -> None:
    """From the first words of these tickets; what was learned of them otherwise is unlearned."""
    wanted = {ticket.pk: ticket for ticket in tickets}
    first = Message.objects.filter(ticket__in=wanted, direction=0).order_by("ticket_id", "id")
    messages = list(first.distinct("ticket_id"))
    before = SpamLesson.objects.in_bulk([m.ticket_id for m in messages])
    change: Counter[tuple[str, bool]] = Counter()
    lessons = []
    for message in messages:
        old = before.get(message.ticket_id)
        if old and old.is_spam == is_spam:
            continue
        if old:
            change.subtract((word, old.is_spam) for word in [TOTAL, *old.words])
        words = [word[:40] for word in words_of_message(message)]
        change.update((word, is_spam) for word in [TOTAL, *words])
        lessons.append(
            SpamLesson(ticket_id=message.ticket_id, is_spam=is_spam, words=words, at=clock.now())
        )
    _note(change)
    SpamLesson.objects.bulk_create(
        lessons,
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["is_spam", "words", "at"],
    )


def _note(change: Counter[tuple[str, bool]]) -> None:
    if change:
        words = sorted({word for word, _is_spam in change})
        spam, ham = ([change[word, kind] for word in words] for kind in (True, False))
        with connection.cursor() as cursor:
            cursor.execute(LEARN, [words, spam, ham])
