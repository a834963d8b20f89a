"""Looking customers up."""

from collections.abc import Iterable

from django.db.models import Q

from zabota.customers.models import Identity

Key = tuple[str, str]


def identities_of(keys: Iterable[Key]) -> dict[Key, Identity]:
    """The identities that exist among these `(kind, value)`, each with its customer."""
    values: dict[str, set[str]] = {}
    for kind, value in keys:
        values.setdefault(kind, set()).add(value)
    if not values:
        return {}
    wanted = Q()
    for kind, of_kind in values.items():
        wanted |= Q(kind=kind, value__in=of_kind)
    rows = Identity.objects.filter(wanted).select_related("customer")
    return {(row.kind, row.value): row for row in rows}
