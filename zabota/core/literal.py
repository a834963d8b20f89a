"""Constants that PostgreSQL must see when it plans."""

from typing import Any

from django.db.models import Value


class Literal(Value):
    """A number written into the statement instead of passed beside it.

    A partial index (`WHERE state = 0`) is used only where the condition can be proved. A prepared
    statement is soon planned once for all values, proves nothing of its parameters, and then reads
    the whole table.
    """

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, list[Any]]:
        return str(int(self.value)), []
