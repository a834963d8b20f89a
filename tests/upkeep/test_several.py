"""Two of each role on one database, killed and added under load; a database that comes and goes.

Senders keep a ledger of what they were told 250 to, writers of what they were told 201 to; the far
side remembers every mail it got. All three must agree with the desk.
"""

import random
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.fault import is_full, report
from tests.upkeep.desks import Desk, Post, Sender, a_desk, a_post
from tests.waiting import until

pytestmark = pytest.mark.faults
FULL = is_full()
MAILS, ANSWERS, KILLS = (2_000, 300, 40) if FULL else (60, 12, 4)
TERMINATIONS, AWAY = (20, 60.0) if FULL else (4, 3.0)
BACK_WITHIN = 10.0
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND usename = current_user
"""
OPEN = "SELECT count(*) FROM intake_delivery WHERE state IN (0, 1)"


class Writer:
    """Answers tickets through any web process that is there, each answer with a key of its own."""

    def __init__(self, desk: Desk, ports: list[int], count: int) -> None:
        secret = desk.zabota("token", "create", "--email", "a@desk.example", "--scopes",
                             "tickets:read,tickets:write").strip().splitlines()[-1]  # fmt: skip
        self.desk, self.ports, self.count = desk, ports, count
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.told: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def finish(self) -> list[str]:
        self._thread.join()
        return self.told

    def _run(self) -> None:
        for number in range(self.count):
            until(lambda number=number: self._answer(f"answer {number}"))  # type: ignore[misc]

    def _answer(self, text: str) -> bool:
        try:
            numbers = self.desk.rows("SELECT number FROM tickets_ticket ORDER BY random() LIMIT 1")
            if not numbers:
                return False
            path = f"/api/v1/tickets/{numbers[0][0]}/messages"
            base = f"http://127.0.0.1:{random.choice(self.ports)}"
            headers = {**self.headers, "Idempotency-Key": text}
            said = httpx.post(base + path, json={"text": text}, headers=headers, timeout=20)
        except Exception:  # the process or the database has just gone: ask another, with the key
            return False
        if said.status_code != 201:
            return said.status_code == 422  # the key was used for another ticket: it has happened
        self.told.append(text)
        return True


@pytest.fixture
def administrator() -> list[str]:
    return ["create-admin", "--email", "a@desk.example", "--password", "long enough 1"]


def check_ledgers(desk: Desk, post: Post, sent: list[str], told: list[str]) -> tuple[int, int]:
    """Nothing lost, nothing twice, nothing out of order; how many went out, how many again."""
    until(lambda: desk.one("SELECT count(*) FROM intake_inbound WHERE state = 0") == 0)
    until(lambda: desk.one("SELECT count(*) FROM events_eventtodo") == 0)
    until(lambda: desk.one(OPEN) == 0)
    there = desk.rows("SELECT external_id FROM tickets_message WHERE inbound_id IS NOT NULL")
    got = Counter(f"<{name.strip('<>')}>" for (name,) in there)
    assert set(sent) <= set(got) and set(got.values()) == {1}
    texts = Counter(t for (t,) in desk.rows("SELECT text FROM tickets_message"))
    assert all(texts[text] == 1 for text in told)
    gaps = desk.rows(
        "SELECT stream_id FROM events_event WHERE stream_kind = 'ticket' "
        "GROUP BY stream_id HAVING max(seq) <> count(*)"
    )
    assert gaps == []
    assert desk.one("SELECT count(*) FROM events_listenerbacklog") == 0
    left = Counter(name.strip("<>") for name, _who in post.taken)
    noted = desk.rows("SELECT external_id FROM intake_delivery WHERE state = 2")
    assert {name.strip("<>") for (name,) in noted} == set(left)
    return len(left), sum(left.values()) - len(left)


def test_two_of_each_killed_and_added(tmp_path: Path, administrator: list[str]) -> None:
    chance = random.Random(7)
    with a_post() as (post, port), a_desk(tmp_path / "desk", port) as desk:
        desk.zabota(*administrator)
        workers = [desk.start("worker") for _ in range(2)]
        webs = dict(desk.start_web() for _ in range(2))
        ports = list(webs.values())
        doors = [desk.start_mail() for _ in range(2)]
        senders = [Sender(door, f"s{n}", MAILS // 2, 0.05) for n, door in enumerate(doors)]
        writer = Writer(desk, ports, ANSWERS)
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.5))
            if kill % 2:
                desk.kill(workers.pop(chance.randrange(2)))
                workers.append(desk.start("worker"))
            else:
                victim = chance.choice(list(webs))
                desk.kill(victim)
                ports.remove(webs.pop(victim))
                process, fresh = desk.start_web()
                webs[process] = fresh
                ports.append(fresh)
        told = writer.finish()
        sent = [name for sender in senders for name in sender.finish()]
        expire_leases(desk)
        _out, again = check_ledgers(desk, post, sent, told)
    assert len(sent) == MAILS and again <= KILLS


def expire_leases(desk: Desk) -> None:
    """Who was killed while sending left a lease of minutes; a test does not wait that long."""
    until(lambda: desk.one("SELECT count(*) FROM intake_delivery WHERE state = 0") == 0)
    desk.rows("UPDATE intake_delivery SET due_at = now() WHERE state = 1")
    desk.rows("NOTIFY deliveries")


def test_a_database_that_comes_and_goes(tmp_path: Path, administrator: list[str]) -> None:
    with a_post() as (post, port), a_desk(tmp_path / "desk", port) as desk:
        desk.zabota(*administrator)
        desk.start("worker")
        _web, web = desk.start_web()
        sender = Sender(desk.start_mail(), "s", MAILS // 2, 0.05)
        writer = Writer(desk, [web], ANSWERS // 2)
        slowest = 0.0
        for _ in range(TERMINATIONS):
            time.sleep(0.5)
            desk.rows(TERMINATE)
            slowest = max(slowest, back(web))
        desk.server.stop()
        time.sleep(AWAY)
        assert not is_ready(web)
        desk.start_database()
        slowest = max(slowest, back(web))
        told, sent = writer.finish(), sender.finish()
        out, again = check_ledgers(desk, post, sent, told)
    assert len(sent) == MAILS // 2
    assert slowest < BACK_WITHIN and again == 0
    report(
        3,
        f"{TERMINATIONS} times all sessions ended, {AWAY:.0f} s without a database: "
        f"{len(sent)} mails and {len(told)} answers, {out} sent, 0 lost, {again} twice, "
        f"pages back in {slowest:.1f} s",
    )


def back(port: int) -> float:
    """Seconds until pages are served again."""
    began = time.monotonic()
    until(lambda: is_ready(port), BACK_WITHIN * 2)
    return time.monotonic() - began


def is_ready(port: int) -> bool:
    try:
        base = f"http://127.0.0.1:{port}"
        answers = [httpx.get(f"{base}/{page}", timeout=15) for page in ("readyz", "sign-in")]
    except httpx.HTTPError:
        return False
    return all(answer.status_code == 200 for answer in answers)
