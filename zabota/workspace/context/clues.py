"""Why something looks like spam, in words."""

from django.utils.translation import gettext as _

from zabota.tickets.models import Message
from zabota.tickets.spam import clues_of, knows_enough, load_counts, words_of_message

CLUES = 8
SPEAKS_FOR_SPAM = 0.7


def telling_words(message: Message) -> list[str]:
    """The words of a message that speak for spam, the strongest first, in words."""
    words = words_of_message(message)
    counts = load_counts(words)
    if not knows_enough(counts):
        return []
    clues = [c.word for c in clues_of(words, counts) if c.chance >= SPEAKS_FOR_SPAM]
    return [_in_words(word) for word in clues[:CLUES]]


def _in_words(word: str) -> str:
    kind, colon, rest = word.partition(":")
    match kind if colon else "":
        case "rule":
            return {
                "unproven": _("the sender is not proven"),
                "links": _("many links"),
                "scripts": _("letters of two alphabets in one word"),
            }[rest]
        case "s":
            return _("“%(word)s” in the subject") % {"word": rest}
        case "from":
            return _("from %(domain)s") % {"domain": rest}
        case "to":
            return _("a link to %(domain)s") % {"domain": rest}
    return word
