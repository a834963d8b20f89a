"""A desk that has been at work for months: tickets, messages, events, people, by plain SQL.

Ticket `n` of `N` has the number and the id `n`; the newest `2 * open` are open and solved in turn,
older ones closed. Each has the same number of messages, with ids in a row; the newest five have
twenty.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg import sql

from bench.corpus import INBOX, Parent
from bench.phrases import PEOPLE, paragraph, subject
from bench.scale import Size
from bench.seed_sql import EXPRESSION, GENERATED, GIVEN, HALVES, REST, TEXTS, WRONG
from zabota.company.models import Brand, Tag
from zabota.intake.actions import add_inbox
from zabota.staff.actions import create_agent
from zabota.staff.models import Agent, Role, Team
from zabota.staff.permissions import Scope

Session = psycopg.Connection[Any]
Connect = Callable[[], Session]

TEAMS, AGENTS, LONG = 4, 40, 20
NARROW = 337  # one ticket of so many is a small team's, one an agent's who sees only their own
POOL = 1000
TABLES = (
    "customers_customer",
    "customers_identity",
    "tickets_ticket",
    "tickets_message",
    "tickets_note",
    "intake_inbound",
    "intake_delivery",
    "events_event",
    "tickets_seen",
)
# In message `id` of `M`: every third has the frequent words (ru and en in turn), every hundredth
# the seldom ones, twenty of all the rare ones; the burst is 7 % of all in a row, long ago.
WORDS = {
    "33 %": ("холодильник", "refrigerator"),
    "1 %": ("термостат", "thermostat"),
    "20 hits": ("гироскоп", "gyroscope"),
    "old burst": ("наводнение", "flooding"),
    "nowhere": ("дирижабль", "zeppelin"),
}


def seed(size: Size, connect: Connect) -> None:
    """Fill the empty desk that Django works on; `connect` opens sessions of the superuser's there.

    Seconds for 10,000 tickets. Two sessions work at once, as there are two cores.
    """
    _hire()
    with connect() as one, connect() as other:
        for session in (one, other):
            session.execute("SET session_replication_role = replica")  # no look at foreign keys
            session.execute("SET maintenance_work_mem = '512MB'")
        fill(one, other, _values(size))
        one.execute("VACUUM ANALYZE")


def fill(one: Session, other: Session, values: dict[str, Any]) -> None:
    """All tables, by two sessions: messages are half of the work."""
    _put_texts(one)
    indexes = {table: _drop_indexes(one, table) for table in TABLES}
    of_messages = indexes.pop("tickets_message")
    of_rest = [definition for found in indexes.values() for definition in found]
    _write_catalog(one, GIVEN)
    with ThreadPoolExecutor(2) as both:
        for mine, others in ((HALVES[:1], HALVES[1:]), (of_messages, [*REST, *of_rest])):
            list(both.map(lambda s, todo: _run(s, todo, values), (one, other), (mine, others)))
    _write_catalog(one, GENERATED)
    _check_search(one)
    _follow_on(one)
    one.execute("DROP TABLE seed_text")


def parents(size: Size) -> list[Parent]:
    """Customers' first mails in tickets that are open or solved, for replies to answer."""
    newest = range(max(1, size.tickets - 2 * size.open + 1), size.tickets + 1)
    firsts = ((n, size.each * (n - 1) + 1) for n in newest)
    return [Parent(f"s{pk}@seed.example", customer_address(n, size), "…") for n, pk in firsts]


def customer_address(number: int, size: Size) -> str:
    """Who opened this ticket."""
    return f"c{customer_number(number, size)}@seed.example"


def customer_number(number: int, size: Size) -> int:
    """Their id."""
    return number % _customers(size) + 1


def person(name: str) -> Agent:
    """`admin` sees all, `operator` a team's quarter, `corner` a team's 0.3 %, `narrow` 0.3 %."""
    return Agent.objects.get(email=f"{name}@desk.example")


def _customers(size: Size) -> int:
    return max(1, size.tickets // 3)


def _hire() -> None:
    Role.objects.create(slug="narrow", permissions={"ticket.view": Scope.OWN})
    teams = [
        Team.objects.create(slug=f"team-{n}", names={"ru": f"Отдел {n}", "en": f"Team {n}"})
        for n in range(1, TEAMS + 2)
    ]
    create_agent("admin@desk.example", role="administrator", name="Admin")
    create_agent("operator@desk.example", role="operator", name="Operator", teams=(teams[0],))
    create_agent("corner@desk.example", role="operator", name="Corner", teams=(teams[-1],))
    create_agent("narrow@desk.example", role="narrow", name="Narrow")
    for n in range(AGENTS):
        team = teams[n % TEAMS]
        create_agent(f"agent{n}@desk.example", role="operator", name=f"Agent {n}", teams=(team,))
    Tag.objects.bulk_create([Tag(name=f"tag {n}") for n in range(30)])
    add_inbox(INBOX)


def _values(size: Size) -> dict[str, Any]:
    first_agent = Agent.objects.order_by("pk").exclude(email__in=_NAMED)[0].pk
    first_team = Team.objects.order_by("pk").values_list("pk", flat=True)[0]
    inbox, _ = add_inbox(INBOX)
    messages = size.each * size.tickets
    frequent, seldom, rare, burst, _none = WORDS.values()
    return {
        "tickets": size.tickets,
        "open": size.open,
        "each": size.each,
        "customers": _customers(size),
        "brand": Brand.objects.get().pk,
        "inbox": inbox.pk,
        "team": first_team,
        "teams": TEAMS,
        "agent": first_agent,
        "agents": AGENTS,
        "narrow_agent": person("narrow").pk,
        "operator": person("operator").pk,
        "narrow": NARROW,
        "pool": POOL,
        "long": LONG,
        "address": INBOX,
        "frequent_ru": frequent[0],
        "frequent_en": frequent[1],
        "seldom": " ".join(seldom),
        "rare": " ".join(rare),
        "rare_step": messages // 20 - 7,
        "burst": " ".join(burst),
        "burst_from": messages // 20,
        "burst_to": messages // 20 + messages // 15,
    }


_NAMED = [f"{name}@desk.example" for name in ("admin", "operator", "corner", "narrow")]


def _texts(rng: random.Random) -> Iterator[tuple[int, str, str, str]]:
    """The texts messages are made of: subject, words, quoted words."""
    for pk in range(POOL):
        language = "ru" if pk % 2 else "en"
        quote = "\n".join(f"> {paragraph(language, rng, sentences=1)}" for _ in range(6))
        quote = f"{rng.choice(PEOPLE[language])}:\n{quote}"
        yield pk, subject(language, rng), paragraph(language, rng, sentences=3), quote


def _put_texts(session: Session) -> None:
    session.execute(TEXTS)
    with session.cursor().copy("COPY seed_text FROM STDIN") as copy:
        for row in _texts(random.Random("seed")):
            copy.write_row(row)


def _run(session: Session, statements: Sequence[str], values: dict[str, Any]) -> None:
    for statement in statements:
        session.execute(_filled_in(statement, values).encode())


def _filled_in(statement: str, values: dict[str, Any]) -> str:
    """With numbers and words of ours in their places; parameters would need a type each."""
    for name, value in values.items():
        said = f"'{value}'" if isinstance(value, str) else str(value)
        statement = statement.replace(f":{name}:", said)
    return statement


def _write_catalog(session: Session, statement: str) -> None:
    session.execute("SET allow_system_table_mods = on")
    session.execute(statement.encode())
    session.execute("SET allow_system_table_mods = off")


def _check_search(session: Session) -> None:
    """What is searched by must be what the product itself would have written."""
    row = session.execute(EXPRESSION).fetchone()
    assert row
    wrong = session.execute(WRONG.format(row[0]).encode()).fetchone()
    if wrong != (0,):
        raise RuntimeError(f"search of the seeded messages is wrong in {wrong}")


def _drop_indexes(session: Session, table: str) -> list[str]:
    """How to build them again: all at once is several times faster than row by row."""
    found = session.execute(INDEXES, [table]).fetchall()
    for name, _definition in found:
        session.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition for _name, definition in found]


INDEXES = """
SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = %s::text::regclass
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid)
"""
FOLLOW_ON = """
SELECT setval(pg_get_serial_sequence(%(table)s, 'id'),
              (SELECT coalesce(max(id), 1) FROM {table}))
"""


def _follow_on(session: Session) -> None:
    """New rows get the numbers after the seeded ones."""
    for table in TABLES:
        statement = sql.SQL(FOLLOW_ON).format(table=sql.Identifier(table))
        session.execute(statement, {"table": table})
    session.execute("SELECT setval('ticket_number', max(number)) FROM tickets_ticket")
