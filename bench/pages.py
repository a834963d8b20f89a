"""The list of 50 and a ticket with 20 messages, against the bare view, on two sizes of desk.

Requests take turns: page, bare view, next page; then the other desk; five times over.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.browser import Browser
from bench.desk import Desk
from bench.gauges import middle_of_runs
from bench.report import Part, said
from bench.scale import Scale, Size
from bench.seed import customer_number, person

METHOD = """\
In process through the ASGI application of the product (Django, Jinja2, PostgreSQL; no socket, no
uvicorn), in Russian, on freshly vacuumed tables. The bare view has the same middleware, session,
sign-in, CSRF token and row template, and one indexed `values_list` for 50 rows. All in ms; p50 and
p95 are medians of the runs'. The ticket's page has the list of 50 beside it. The operator sees a
quarter of all tickets, by team. Buffers are the blocks of 8 kB that the session of the database
reads for a page, in memory or not; the middle of an archive is the old ticket."""
PEOPLE = ("admin", "operator")
BARE = "/bare"
Key = tuple[str, str, str]  # size, person, page


@dataclass
class Times:
    """Milliseconds by desk, person and page: one list for each run."""

    runs: dict[Key, list[list[float]]] = field(default_factory=lambda: defaultdict(list))

    def p50(self, size: Size, who: str, page: str) -> float:
        return middle_of_runs(self.runs[size.name, who, page], 0.5)

    def p95(self, size: Size, who: str, page: str) -> float:
        return middle_of_runs(self.runs[size.name, who, page], 0.95)

    def ratio(self, one: tuple[Size, str, str], other: tuple[Size, str, str]) -> float:
        """Of the medians, run by run."""
        pairs = zip(self._of(one), self._of(other), strict=True)
        return median(median(a) / median(b) for a, b in pairs)

    def _of(self, what: tuple[Size, str, str]) -> list[list[float]]:
        size, who, page = what
        return self.runs[size.name, who, page]


def paths(size: Size) -> dict[str, str]:
    """What is asked for; the newest ticket has twenty messages."""
    return {"list": "/views/open", "ticket": f"/tickets/{size.tickets}", "bare": BARE}


def more_paths(size: Size) -> dict[str, str]:
    """The rest of the journey, whose growth is looked at, but not its time."""
    customer = customer_number(size.tickets, size)
    views = {name: f"/views/{name}" for name in ("mine", "unassigned", "solved")}
    older = f"/tickets/{size.tickets // 2}"
    return {**views, "customer": f"/customers/{customer}", "old ticket": older}


def measure_pages(desk: Desk, scale: Scale) -> Part:
    """Both desks must be seeded, under the names of their sizes."""
    part = Part("List of 50 and ticket with 20 messages", METHOD)
    sizes = (scale.middle, scale.large)
    counts = {size.name: _count_queries(desk, size) for size in sizes}
    times = Times()
    for _run in range(scale.runs):
        for size in sizes:
            desk.use(size.name)
            run = asyncio.run(_take_turns(size, scale.requests))
            for key, taken in run.items():
                times.runs[key].append(taken)
    for page in ("list", "ticket"):
        _say_times(part, times, sizes, page)
        _say_queries(part, counts, page)
    _say_buffers(part, sizes, [_count_buffers(desk, size) for size in sizes])
    return part


def _count_buffers(desk: Desk, size: Size) -> dict[tuple[str, str], float]:
    """By person and page."""
    desk.use(size.name)
    browsers = {who: Browser(person(who)) for who in PEOPLE}
    asked = [(who, page, path) for who in PEOPLE for page, path in paths(size).items()]
    asked += [("admin", page, path) for page, path in more_paths(size).items()]
    return {(who, page): browsers[who].count_buffers(path) for who, page, path in asked}


def _say_buffers(
    part: Part, sizes: Sequence[Size], counts: Sequence[dict[tuple[str, str], float]]
) -> None:
    few, many = counts
    for who, page in few:
        a, b = few[who, page], many[who, page]
        if page != "bare":
            what = f"{page}, {who}: buffers, {sizes[1].name} ({b:.0f}) to {sizes[0].name} ({a:.0f})"
            part.judge(what, b / a, most=1.3)


def _count_queries(desk: Desk, size: Size) -> dict[tuple[str, str], int]:
    """By person and page, without what is asked once in seconds; "short" has few messages."""
    desk.use(size.name)
    asked = {**paths(size), "ticket, short": f"/tickets/{size.tickets - 8}"}
    browsers = {who: Browser(person(who)) for who in PEOPLE}
    return {
        (who, page): min(browser.count_queries(path) for _ in range(3))
        for who, browser in browsers.items()
        for page, path in asked.items()
    }


async def _take_turns(size: Size, requests: int) -> dict[Key, list[float]]:
    browsers = {who: await asyncio.to_thread(_sign_in, who) for who in PEOPLE}
    taken: dict[Key, list[float]] = defaultdict(list)
    for turn in range(-min(3, requests), requests):  # the first ones only warm up
        for who, browser in browsers.items():
            for page, path in paths(size).items():
                took = await browser.get(path)
                if turn >= 0:
                    taken[size.name, who, page].append(took)
    return taken


def _sign_in(who: str) -> Browser:
    from django.db import connection

    try:
        return Browser(person(who))
    finally:
        connection.close()


def _say_times(part: Part, times: Times, sizes: Sequence[Size], page: str) -> None:
    middle, large = sizes
    for who in PEOPLE:
        for size in sizes:
            p50, p95 = times.p50(size, who, page), times.p95(size, who, page)
            part.say(f"{page}, {who}, {size.name}: p50 / p95", f"{said(p50)} / {said(p95)} ms")
            bare = times.p50(size, who, "bare")
            part.say(f"bare view, {who}, {size.name}: p50", said(bare, "ms"))
            ratio = times.ratio((size, who, page), (size, who, "bare"))
            part.judge(f"{page}, {who}, {size.name}: to the bare view", ratio, most=3)
        growth = times.ratio((large, who, page), (middle, who, page))
        part.judge(f"{page}, {who}: {large.name} to {middle.name}", growth, most=1.3)


def _say_queries(part: Part, counts: dict[str, dict[tuple[str, str], int]], page: str) -> None:
    for who in PEOPLE:
        found = {n for of in counts.values() for (w, p), n in of.items() if w == who and page in p}
        part.judge(f"{page}, {who}: queries", max(found), most=12)
        part.expect(f"{page}, {who}: queries, difference by size and messages", len(found) - 1)
