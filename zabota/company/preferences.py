"""How the company wants things to be: one value under one name, with what it is by default."""

from typing import Any

from zabota.company.models import Preference

DEFAULTS: dict[str, Any] = {
    "keep_aside_days": 90,  # what was set aside stays to be looked at; 30 at least
    "spam_above": 0.99,  # born as spam; 2 is never
    "spam_doubt": 0.9,  # marked, and somebody is asked
}


def preference(name: str) -> Any:
    """What the company has set, or the default. Raises `KeyError` on a name nobody knows."""
    return preferences(name)[name]


def preferences(*names: str) -> dict[str, Any]:
    """Several at once, in one query."""
    found = dict(Preference.objects.filter(name__in=names).values_list("name", "value"))
    return {name: found.get(name, DEFAULTS[name]) for name in names}


def set_preference(name: str, value: Any) -> None:
    """From now on it is so. Raises `KeyError` on a name nobody knows."""
    if value == DEFAULTS[name]:
        Preference.objects.filter(name=name).delete()
    else:
        Preference.objects.update_or_create(name=name, defaults={"value": value})
