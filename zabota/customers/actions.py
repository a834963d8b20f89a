"""Customers come into being when they first write."""

from collections.abc import Iterable, Mapping

from zabota.core import clock
from zabota.core.rows import insert_rows
from zabota.customers.models import Customer, Identity
from zabota.customers.queries import identities_of

Key = tuple[str, str]


def ensure_customers(people: Mapping[Key, tuple[str, str]]) -> dict[Key, Identity]:
    """Find or make the customer of each `(kind, value)`; the values are `(name, language)`.

    An existing customer keeps the name it has; an empty one takes the new name.
    """
    found = identities_of(people)
    if fresh := sorted(key for key in people if key not in found):
        made = _create(fresh, people)
        found |= identities_of(fresh)
        _forget_the_late(made - {found[key].customer_id for key in fresh})
    _name_the_nameless(found, people)
    return found


def add_identity(key: Key, customer_id: int) -> Identity:
    """This address; if nobody knew it, from now on of this customer."""
    identity, _is_new = Identity.objects.get_or_create(
        kind=key[0],
        value=key[1],
        defaults={"customer_id": customer_id, "created_at": clock.now()},
    )
    return identity


def mark_bounced(key: Key, reason: str) -> None:
    """Note that nothing can be delivered to this address, and why."""
    rows = Identity.objects.filter(kind=key[0], value=key[1])
    rows.update(bounced_at=clock.now(), bounce_reason=reason[:2000])


def clear_bounces(identities: Iterable[Identity]) -> None:
    """They have written since: the address is alive."""
    marked = [i for i in identities if i.bounced_at is not None]
    if marked:
        rows = Identity.objects.filter(pk__in=[i.pk for i in marked])
        rows.update(bounced_at=None, bounce_reason="")


def _create(keys: list[Key], people: Mapping[Key, tuple[str, str]]) -> set[int]:
    now = clock.now()
    customers = [Customer(name=people[k][0], language=people[k][1], created_at=now) for k in keys]
    insert_rows(customers)
    rows = [
        Identity(kind=k[0], value=k[1], customer=customer, created_at=now)
        for k, customer in zip(keys, customers, strict=True)
    ]
    # Somebody else may have met this address a moment ago: then that customer counts.
    Identity.objects.bulk_create(rows, ignore_conflicts=True)
    return {customer.pk for customer in customers}


def _forget_the_late(made: set[int]) -> None:
    """Customers whose address went to somebody else's row: nobody knows them."""
    if made:
        Customer.objects.filter(pk__in=made, identities=None).delete()


def _name_the_nameless(
    found: Mapping[Key, Identity], people: Mapping[Key, tuple[str, str]]
) -> None:
    for key, identity in found.items():
        name = people[key][0]
        if name and not identity.customer.name:
            Customer.objects.filter(pk=identity.customer_id, name="").update(name=name)
            identity.customer.name = name
