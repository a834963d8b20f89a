"""Deadlocks are survived, migrations that are missing are noticed, rows get their ids in order."""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tests.cast import Cast
from zabota.core import clock
from zabota.core.database import unless_deadlocked
from zabota.core.rows import insert_rows
from zabota.customers.actions import ensure_customers
from zabota.customers.models import Customer, Identity


class Deadlock(Exception):
    sqlstate = "40P01"


def test_what_a_deadlock_undid_is_done_again() -> None:
    left = [3]

    def work() -> str:
        if left[0]:
            left[0] -= 1
            raise OperationalError from Deadlock()
        return "done"

    assert unless_deadlocked(work) == "done"
    left[0] = 9
    with pytest.raises(OperationalError):
        unless_deadlocked(work)
    assert left == [4]


def test_other_troubles_are_raised_at_once() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError):
        unless_deadlocked(work)
    assert len(tries) == 1


def test_rows_get_their_ids_in_order_and_keep_every_letter(db: None) -> None:
    names = ['Anna "A" \\ Петрова', "", "😀 {1,2}", "a\nb"]
    rows = [Customer(name=name, created_at=clock.now()) for name in names]
    insert_rows(rows)
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    assert [Customer.objects.get(pk=row.pk).name for row in rows] == names
    insert_rows([])


def test_whom_somebody_else_met_first_is_no_customer_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ensure_customers({("email", "eva@example.ru"): ("Ева", "ru")})
    before = Customer.objects.count()
    answers = iter([{}, first])  # she is met between the question and the answer
    monkeypatch.setattr("zabota.customers.actions.identities_of", lambda _keys: dict(next(answers)))
    found = ensure_customers({("email", "eva@example.ru"): ("Eva", "en")})
    assert found == first
    assert Customer.objects.count() == before
    assert Identity.objects.filter(value="eva@example.ru").count() == 1


def test_a_migration_that_is_missing_is_no_readiness(client: Client, db: None) -> None:
    assert client.get("/readyz").status_code == 200
    MigrationRecorder(connection).record_unapplied("tickets", "0001_start")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migrations are pending" in answer.json()["reason"]


@pytest.mark.parametrize("values", [["a@example.ru"], ["b@example.ru", None, "a@example.ru"]])
def test_any_number_of_values_is_one_statement(cast: Cast, values: list[str]) -> None:
    found = Identity.objects.filter(kind__in=["email"], value__in=values)
    assert str(found.query).count(" = ANY(") == 2
    assert str(found.query).count(" IN (") == 0
    assert list(found) == []


def test_values_of_a_foreign_key_and_none_at_all(cast: Cast) -> None:
    known = [*ensure_customers({("email", "eva@example.ru"): ("Ева", "ru")}).values()]
    found = Identity.objects.filter(customer__in=[i.customer for i in known])
    assert list(found) == known
    assert not Identity.objects.filter(customer__in=[]).exists()
    inside = Identity.objects.filter(customer__in=Customer.objects.filter(pk__in=[]))
    assert not inside.exists()
