"""Letting go of blobs: the last one who needs a content takes it along."""

from collections import Counter
from collections.abc import Iterable

from django.db import connection

from zabota.files.actions import leave_files

LET_GO = """
UPDATE files_blob b SET refs = b.refs - n.refs
FROM unnest(%s::bigint[], %s::int[]) AS n(id, refs) WHERE b.id = n.id
"""
FORGET = "DELETE FROM files_blob WHERE id = ANY(%s) AND refs <= 0 RETURNING key"


def drop_blobs(ids: Iterable[int]) -> None:
    """One need less for each id given, as often as it is given; files go a day after that.

    Call it in the transaction that deletes the rows which needed them, after those.
    """
    needs = sorted(Counter(ids).items())
    if not needs:
        return
    with connection.cursor() as cursor:
        cursor.execute(LET_GO, [[pk for pk, _n in needs], [n for _pk, n in needs]])
        cursor.execute(FORGET, [[pk for pk, _n in needs]])
        keys = [row[0] for row in cursor.fetchall()]
    leave_files(keys)
