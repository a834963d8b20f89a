"""Every story is whole: what it refers to exists, what it says is set with care."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zabota.channels.email.parse import parse_mail
from zabota.demo.content import (
    CLIENTS,
    EMOTIONS,
    BadStory,
    Story,
    Turn,
    read_company,
    read_stories,
    read_story,
)
from zabota.demo.letters import Letter, write_letter
from zabota.demo.moments import place
from zabota.demo.phrases import PLACE, fill
from zabota.demo.quoting import Quoted
from zabota.tickets.choices import Outcome, Priority, Status

COMPANY, STORIES = read_company(), read_stories()
SLUGS = [story.slug for story in STORIES]
NOON = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
KNOWN = {
    "assign": set(COMPANY.agents),
    "team": set(COMPANY.teams),
    "category": set(COMPANY.categories),
    "status": {status.slug for status in Status} - {"new", "closed"},
    "outcome": {outcome.slug for outcome in Outcome},
    "priority": {priority.slug for priority in Priority},
}
WITHOUT_YO = re.compile(
    r"\b(еще|ее|нее|мое|твое|свое|чье|теплый|черный|жестк|нашел|пришел|ушел|дошел|"
    r"(по|при|на|до|у|про)?(йдет|идет|ждет|везет|шлет)|вернет|ждем|везем|шлем|пришлем|найдем)\b",
    re.IGNORECASE,
)
by_slug = pytest.mark.parametrize("story", STORIES, ids=SLUGS)


def turns() -> Iterator[tuple[Story, Turn]]:
    return ((story, turn) for story in STORIES for turn in story.turns)


def words(story: Story, turn: Turn) -> str:
    return fill(turn.text or turn.note, NOON, story.language, SLUGS.index)


def test_there_are_sixty_two_thirds_of_them_russian() -> None:
    assert len(set(SLUGS)) == len(STORIES) == 60
    assert Counter(story.language for story in STORIES) == {"ru": 40, "en": 20}


def test_no_customer_is_left_over_and_none_is_missing() -> None:
    assert {story.customer for story in STORIES} == set(COMPANY.customers)


def test_they_feel_differently_and_some_are_odd() -> None:
    felt = Counter(turn.emotion for _, turn in turns() if turn.is_customers)
    assert set(felt) == set(EMOTIONS)
    assert min(felt.values()) >= 4
    assert sum(story.odd for story in STORIES) >= 8


@by_slug
def test_a_story_refers_to_what_exists(story: Story) -> None:
    assert story.inbox in COMPANY.inboxes
    assert story.language in ("ru", "en")
    assert story.ends in {status.slug for status in Status}
    assert story.continues in {"", *SLUGS}
    assert story.turns[0].is_customers
    for turn in story.turns:
        assert turn.is_customers or turn.by in COMPANY.agents
        assert set(turn.do.get("tags", ())) <= set(COMPANY.tags)
        assert set(turn.do) <= {*KNOWN, "tags"}
        assert all(turn.do[key] in KNOWN[key] for key in turn.do if key != "tags")


@by_slug
def test_a_turn_is_one_thing(story: Story) -> None:
    for turn in story.turns:
        if turn.is_customers:
            assert turn.text
            assert not turn.note
            assert not turn.do
            assert turn.emotion in EMOTIONS
        else:
            assert bool(turn.text) + bool(turn.note) + bool(turn.do) >= 1
            assert not (turn.text and turn.note)
            assert not turn.files
            assert not turn.quote


@by_slug
def test_no_brace_is_left_in_the_words(story: Story) -> None:
    for turn in story.turns:
        assert not set("{}") & set(words(story, turn))
        for kind, what in PLACE.findall(turn.text + turn.note):
            assert kind != "ticket" or what in SLUGS[: SLUGS.index(story.slug)]


@by_slug
def test_what_we_write_is_set_with_care(story: Story) -> None:
    for turn in story.turns:
        text = words(story, turn)
        if not turn.is_customers:
            assert not re.search(r"""["']""", text), "straight quotes"
            assert "  " not in text
            assert "очень важн" not in text
            assert not WITHOUT_YO.search(text)


@by_slug
def test_nobody_real_is_in_it(story: Story) -> None:
    for turn in story.turns:
        text = words(story, turn)
        for phone in re.findall(r"\+?\d[\d -]{9,}\d", text):
            assert re.match(r"(\+7 900|8 800) 000-\d\d-\d\d$", phone)
        for domain in re.findall(r"@([\w.-]+\.\w+)", text):
            assert is_reserved(domain)


def is_reserved(domain: str) -> bool:
    """Names for examples (RFC 2606), and example.ru."""
    return domain.endswith(".example") or domain.removeprefix("example.") in (
        "com",
        "net",
        "org",
        "ru",
    )


def test_addresses_are_for_examples() -> None:
    addresses = [agent.email for agent in COMPANY.agents.values()]
    addresses += [customer.email for customer in COMPANY.customers.values()]
    addresses += [inbox.address for inbox in COMPANY.inboxes.values()]
    assert len(set(addresses)) == len(addresses)
    assert all(is_reserved(address.partition("@")[2]) for address in addresses)


def test_the_company_fits_together() -> None:
    for agent in COMPANY.agents.values():
        assert set(agent.teams) <= set(COMPANY.teams)
    for customer in COMPANY.customers.values():
        assert customer.client in CLIENTS
    for named in (*COMPANY.teams.values(), *COMPANY.categories.values()):
        assert set(named) == {"ru", "en"}


@pytest.mark.parametrize("hours", range(0, 48, 5))
def test_at_any_hour_it_all_lies_behind_us_in_order(hours: int) -> None:
    now = NOON + timedelta(hours=hours)
    for story in STORIES:
        moments = place(story, COMPANY, now)
        assert moments == sorted(set(moments))
        assert moments[-1] < now


def test_in_the_afternoon_agents_have_answered_in_working_hours() -> None:
    for story in STORIES:
        for turn, moment in zip(story.turns, place(story, COMPANY, NOON), strict=True):
            assert turn.is_customers or 9 <= moment.hour < 21, (story.slug, moment)


@by_slug
def test_its_mails_read_as_they_were_written(story: Story) -> None:
    customer = COMPANY.customers[story.customer]
    answer = Quoted("Анна, «Тёплый дом»", "help@warmhouse.example", NOON, "Re: …", "Да.\n\nАнна")
    for turn in story.turns:
        if turn.is_customers:
            letter = Letter(
                customer=customer,
                language=story.language,
                to="help@warmhouse.example",
                to_name="«Тёплый дом»",
                subject=story.subject,
                text=words(story, turn),
                sent_at=NOON,
                message_id="one@example.com",
                references=["zero@example.com"],
                quoted=answer if turn.quote else None,
                files=turn.files,
                auto=turn.auto,
            )
            mail = parse_mail(write_letter(letter))
            assert not mail.warnings
            assert mail.subject == story.subject
            assert mail.sender and mail.sender.name == customer.name
            assert mail.text.startswith(letter.text)
            assert letter.text.startswith(mail.reply_text)
            assert bool(turn.quote) == ("Да." in mail.quoted_text)
            assert [f.filename for f in mail.attachments] == [f.name for f in turn.files]
            assert mail.auto_submitted == turn.auto


def test_a_word_the_loader_does_not_know_is_named(tmp_path: Path) -> None:
    path = tmp_path / "001-odd.toml"
    head = 'about = "x"\ncustomer = "dana"\nsubject = "x"\nlanguage = "en"\nends = "new"\n'
    path.write_text(head + 'ago = "1h"\n[[turn]]\nfrom = "customer"\nmood = "fine"\n')
    with pytest.raises(BadStory, match=r"001-odd\.toml.*mood"):
        read_story(path)
