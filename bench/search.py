"""Search over 100 k tickets: every kind of word, in both languages, for everybody."""

import time
from itertools import product
from statistics import median

from bench.desk import Desk
from bench.gauges import buffers, middle_of_runs, percentile
from bench.report import Part, said
from bench.scale import Scale, Size
from bench.seed import WORDS, person
from zabota.staff.models import Agent
from zabota.tickets.search import search_tickets

METHOD = """\
`search_tickets`, with snippets and tickets, warm cache. Words by how many messages have them; the
burst is 7 % of all messages in a row, long ago. `admin` sees all, `operator` a quarter by team,
`corner` 0.3 % by team, `narrow` 0.3 %, only their own. p95 over all repetitions of the runs; `hits`
are tickets."""
PEOPLE = ("admin", "operator", "corner", "narrow")


def measure_search(desk: Desk, scale: Scale) -> Part:
    """Both desks must be seeded, under the names of their sizes."""
    desk.use(scale.large.name)
    part = Part(f"Search at {scale.large.name} tickets", METHOD)
    agents = {who: person(who) for who in PEOPLE}
    asked = [(kind, word) for kind, words in WORDS.items() for word in words]
    runs: dict[tuple[str, str], list[list[float]]] = {}
    hits = {}
    for _run, (who, agent), (_kind, word) in product(range(scale.runs), agents.items(), asked):
        hits[who, word] = len(search_tickets(agent, word))  # warm
        runs.setdefault((who, word), []).append(_times(agent, word, scale.turns))
    for (kind, word), who in product(asked, PEOPLE):
        found = runs[who, word]
        p50 = middle_of_runs(found, 0.5)
        p95 = percentile([one for run in found for one in run], 0.95)
        what = f"{kind}, {word}, {who}: p95 (p50 {said(p50)}, {hits[who, word]} hits)"
        part.judge(what, p95, "ms", most=100)
    _say_growth(part, desk, scale)
    part.expect("words that should be found and are not", _lost(hits))
    return part


def _say_growth(part: Part, desk: Desk, scale: Scale) -> None:
    """How much more is read and waited for on the large desk, for who sees all."""
    found = [_cost(desk, size, scale.turns) for size in (scale.middle, scale.large)]
    names = f"{scale.large.name} to {scale.middle.name}"
    for word, (few, quick) in found[0].items():
        many, slow = found[1][word]
        part.judge(f"{word}: buffers, {names} ({many:.0f} to {few:.0f})", many / few, most=1.3)
        part.judge(f"{word}: time, {names} ({slow:.1f} to {quick:.1f} ms)", slow / quick, most=1.3)


def _cost(desk: Desk, size: Size, turns: int) -> dict[str, tuple[float, float]]:
    """Buffers and the middle of the times of each word."""
    desk.use(size.name)
    admin, cost = person("admin"), {}
    for word in (word for words in WORDS.values() for word in words):
        search_tickets(admin, word)
        before = buffers()
        taken = _times(admin, word, turns)
        cost[word] = ((buffers() - before) / turns, median(taken))
    return cost


def _times(agent: Agent, word: str, turns: int) -> list[float]:
    taken = []
    for _turn in range(turns):
        started = time.perf_counter()
        search_tickets(agent, word)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def _lost(hits: dict[tuple[str, str], int]) -> int:
    """Whoever sees all finds all words but the one that is nowhere."""
    there = {word for kind, words in WORDS.items() if kind != "nowhere" for word in words}
    of_admin = ((word, n) for (who, word), n in hits.items() if who == "admin")
    return sum(1 for word, n in of_admin if (n > 0) != (word in there))
