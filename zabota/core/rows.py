"""Inserting many rows as one JSON document.

An array for each column, as `bulk_create` sends them, is escaped character by character in Python;
a document of the same rows costs a third, and PostgreSQL takes the types from the table itself.
"""

import json
from collections.abc import Sequence
from functools import cache

from django.db import connection
from django.db.models import Model


def insert_rows(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, in this order, and give each its id. Nothing is checked first.

    Raises `DatabaseError` as any insert: then none is there.
    """
    if not rows:
        return
    names, insert = _statement(type(rows[0]))
    given = [{column: getattr(row, name) for name, column in names} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(insert, [json.dumps(given, ensure_ascii=False, default=str)])
        ids = cursor.fetchall()
    for row, (pk,) in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, connection.alias


@cache
def _statement(model: type[Model]) -> tuple[list[tuple[str, str]], str]:
    """Attributes with their columns, and the insert. Only names of our own models are in it."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = [(field.attname, field.column) for field in fields]
    columns = ", ".join(connection.ops.quote_name(column) for _, column in names)
    table = connection.ops.quote_name(model._meta.db_table)
    key = connection.ops.quote_name(model._meta.pk.column)
    insert = (
        f"INSERT INTO {table} ({columns})"  # noqa: S608
        f" SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) RETURNING {key}"
    )
    return names, insert
