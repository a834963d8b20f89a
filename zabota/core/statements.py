"""Queries that are asked over and over, put into words once: Django needs milliseconds for each.

Whoever keeps a statement keeps it under all that its words and values follow from.
"""

from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


class Statement(NamedTuple):
    """SQL and its values. Rows come as the driver gives them: no JSON, no fields of our own."""

    sql: str
    values: tuple[Any, ...] = ()

    def ask(self) -> list[tuple[Any, ...]]:
        """All its rows."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.values)
            return list(cursor.fetchall())


def in_words(rows: QuerySet[Any, Any]) -> Statement | None:
    """The statement of a `values_list`; None where Django knows that there are no rows."""
    try:
        return Statement(*rows.query.sql_with_params())
    except EmptyResultSet:
        return None
