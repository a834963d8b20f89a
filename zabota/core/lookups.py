"""`column = ANY(array)` where Django writes `column IN (one placeholder for each value)`.

A statement of its own for each number of values is parsed and planned each time; this one is
prepared once, however many there are.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler

# What an array of a column's values is passed as; other types stay as they are.
ARRAYS = {
    "smallint": "int",
    "integer": "int",
    "bigint": "bigint",
    "text": "text",
    "varchar": "text",
}


class AmongMixin:
    """Replaces the list of placeholders, where all values are plain ones."""

    def as_postgresql(
        self: Any, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Any]:
        kind = _array_of(self.lhs, connection) if self.rhs_is_direct_value() else None
        if kind is None or any(hasattr(value, "resolve_expression") for value in self.rhs):
            return self.as_sql(compiler, connection)  # type: ignore[no-any-return]
        lhs, params = self.process_lhs(compiler, connection)
        _placeholders, values = self.process_rhs(compiler, connection)
        return f"{lhs} = ANY(%s::{kind}[])", [*params, list(values)]


def _array_of(lhs: Any, connection: BaseDatabaseWrapper) -> str | None:
    field = getattr(lhs, "output_field", None)
    kind = field.db_type(connection) if field is not None else None
    return ARRAYS.get((kind or "").partition("(")[0])


class Among(AmongMixin, In):  # type: ignore[type-arg]
    """`__in` of a plain column."""


class RelatedAmong(AmongMixin, RelatedIn):
    """`__in` of a foreign key."""


def register_lookups() -> None:
    """For all models, once."""
    Field.register_lookup(Among)
    ForeignObject.register_lookup(RelatedAmong)
