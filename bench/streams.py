"""From a commit to every open screen: raw events, and with the fragments they then fetch."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.broadcast import CHANNEL
from bench.desk import Desk
from bench.gauges import middle_of_runs, percentile
from bench.intake import RUN
from bench.processes import answers, free_port, running, start_zabota, wait_until
from bench.report import Part, said
from bench.scale import Scale
from bench.seed import person
from zabota.core.processes import allow_files

METHOD = """\
`zabota web`, one process, on the desk of {size} tickets; the streams are raw sockets of another
process on the same {cores} cores, which therefore competes. Each belongs to another operator, of up
to {staff:,}, who see the tickets of their own one of five teams. A priority is set by the product's
action; from when it is committed until each stream has heard of it, and until its list of 50 and
rail are fetched (within 400 ms of hearing, at random, as browsers do). In turn with the *bare
broadcast*: the same uvicorn, woken by the same NOTIFY, telling everybody the same bytes without
looking who they are; its screens fetch the bare view. Medians of {runs} runs."""
STAFF = 2_000  # beyond that they have several screens each
SPARE_FILES = 500
PAGE, FRAGMENTS = "/views/open", "list,rail"


@dataclass(frozen=True, slots=True)
class Scene:
    """Both servers, who looks at them, and how to make something happen."""

    port: int
    bare_port: int
    cookies: list[str]
    url: str
    log: Any
    count: int = 0

    def change_ticket(self) -> float:
        """The product's own action; when it is committed."""
        from zabota.tickets.actions import set_priority
        from zabota.tickets.choices import Priority
        from zabota.tickets.models import Ticket

        ticket = Ticket.objects.filter(team=None).order_by("-id")[0]
        other = Priority.LOW if ticket.priority == Priority.HIGH else Priority.HIGH
        set_priority(ticket, other, actor=person("admin"))
        return time.monotonic()

    def broadcast(self) -> float:
        """The same to the bare one."""
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute("SELECT pg_notify(%s, '')", [CHANNEL])
            return time.monotonic()


@dataclass
class Found:
    """Milliseconds from commit, a list for each run; `wrong` are streams or pages that failed."""

    product: list[list[float]] = field(default_factory=list)
    bare: list[list[float]] = field(default_factory=list)
    wrong: int = 0

    def add(self, to: list[list[float]], told: dict[str, Any], committed: float) -> None:
        """What a crowd heard after a commit at this moment."""
        to.append([(at - committed) * 1000 for at in told["times"]])
        self.wrong += told["wrong"]


def measure_streams(desk: Desk, scale: Scale, folder: Path) -> Part:
    """The small desk must be seeded, under the name of its size."""
    method = METHOD.format(
        size=scale.small.name, cores=os.cpu_count(), staff=STAFF, runs=scale.runs
    )
    part = Part("Live: from commit to every open screen", method)
    desk.create(RUN, template=scale.small.name)
    desk.use(RUN)
    cookies = _hire(min(STAFF, max(scale.listeners, scale.screens)))
    _allow_files(max(scale.listeners, 2 * scale.screens))
    with ExitStack() as stack:
        log = stack.enter_context((folder / "streams.log").open("wb"))
        ports = _servers(stack, desk, log)
        scene = Scene(*ports, cookies, desk.url(RUN), log)
        raw = _compare(replace(scene, count=scale.listeners), scale.runs, fetching=False)
        _say(part, "raw events", scale.listeners, raw)
        full = _compare(replace(scene, count=scale.screens), scale.runs, fetching=True)
        _say(part, "with fragments", scale.screens, full)
    return part


def _hire(count: int) -> list[str]:
    """Operators of all teams, signed in; their cookies. One ticket is for all to see."""
    from django.conf import settings
    from django.contrib.sessions.models import Session

    from zabota.staff.models import Agent, Role, Team
    from zabota.tickets.models import Ticket

    Ticket.objects.filter(pk=Ticket.objects.order_by("-id")[0].pk).update(team=None)
    role, teams = Role.objects.get(slug="operator"), list(Team.objects.order_by("pk"))
    agents = Agent.objects.bulk_create(
        Agent(email=f"reader{n}@desk.example", name=f"Reader {n}", role=role) for n in range(count)
    )
    places = [
        Agent.teams.through(agent_id=agent.pk, team_id=teams[n % len(teams)].pk)
        for n, agent in enumerate(agents)
    ]
    Agent.teams.through.objects.bulk_create(places)
    sessions = Session.objects.bulk_create(_session(agent) for agent in agents)
    return [f"{settings.SESSION_COOKIE_NAME}={session.pk}" for session in sessions]


def _session(agent: Any) -> Any:
    """As signing in makes it."""
    from django.conf import settings
    from django.contrib import auth
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore(secrets.token_hex(16))
    store[auth.SESSION_KEY] = str(agent.pk)
    store[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[auth.HASH_SESSION_KEY] = agent.get_session_auth_hash()
    return store.create_model_instance(dict(store.items()))


def _allow_files(streams: int) -> None:
    """For us and for whom we start: each stream is a file in each of the processes."""
    most, needed = allow_files(), streams + SPARE_FILES
    if most < needed:
        raise RuntimeError(f"{streams:,} streams need `ulimit -Hn {needed}`, here it is {most}")


def _servers(stack: ExitStack, desk: Desk, log: Any) -> tuple[int, int]:
    """Ports of the product and of the bare broadcast; both on this desk, with its secret."""
    data = {"DATABASE_URL": desk.url(RUN), "ZABOTA_DATA_DIR": os.environ["ZABOTA_DATA_DIR"]}
    port, bare_port = free_port(), free_port()
    stack.enter_context(running(start_zabota("web", "--port", str(port), log=log, settings=data)))
    command = [sys.executable, "-m", "bench.broadcast", str(bare_port), desk.url(RUN)]
    settings = {**os.environ, **data, "DJANGO_SETTINGS_MODULE": "bench.settings"}
    bare = subprocess.Popen(command, env=settings, stdin=subprocess.DEVNULL, stderr=log)
    stack.enter_context(running(bare))
    for one in (port, bare_port):
        wait_until(lambda one=one: answers(one), "the server answers")  # type: ignore[misc]
    return port, bare_port


class Crowd:
    """The process with the open screens of one server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def read(self) -> Any:
        """What it says next."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline() or '"gone"')

    def expect(self, word: str) -> None:
        """Raises `RuntimeError` if it says something else."""
        if (told := self.read()) != word:
            raise RuntimeError(f"the open screens say {told!r}, not {word!r}")


@contextmanager
def _crowd(scene: Scene, port: int, page: str, fragments: str) -> Iterator[Crowd]:
    command = [sys.executable, "-m", "bench.listeners"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=scene.log, text=True
    )
    try:
        crowd = Crowd(process)
        asked = {"port": port, "count": scene.count, "cookies": scene.cookies}
        crowd.write(json.dumps({**asked, "page": page, "fragments": fragments}))
        crowd.expect("ready")
        yield crowd
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _compare(scene: Scene, runs: int, *, fetching: bool) -> Found:
    """Both crowds stay connected and are told in turn; the first turn only warms up."""
    found = Found()
    page, fragments, bare_page = (PAGE, FRAGMENTS, "/bare") if fetching else ("", "", "")
    with (
        _crowd(scene, scene.port, page, fragments) as screens,
        _crowd(scene, scene.bare_port, bare_page, "") as bare,
    ):
        for turn in range(-1, runs):
            for crowd, kept, tell in (
                (screens, found.product, scene.change_ticket),
                (bare, found.bare, scene.broadcast),
            ):
                crowd.write("listen")
                crowd.expect("listening")
                committed = tell()
                told = crowd.read()
                if turn >= 0:
                    found.add(kept, told, committed)
    return found


def _say(part: Part, what: str, count: int, found: Found) -> None:
    name = f"{what}, {count:,} streams"
    if all(found.product) and all(found.bare):
        for place in (0.5, 0.99):
            ours = middle_of_runs(found.product, place)
            bare = middle_of_runs(found.bare, place)
            part.say(f"{name}: p{place * 100:g} (bare)", f"{said(ours)} ms ({said(bare)} ms)")
            pairs = zip(found.product, found.bare, strict=True)
            ratio = median(percentile(a, place) / percentile(b, place) for a, b in pairs)
            part.judge(f"{name}: p{place * 100:g} to bare", ratio, most=1.5)
    part.expect(f"{name}: streams and pages that failed", found.wrong)
