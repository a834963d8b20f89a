"""Short labels in several languages: `{"ru": …, "en": …}`, with fall-back."""

from collections.abc import Mapping

from django.utils.translation import get_language


def label_in(labels: Mapping[str, str], fallback: str = "") -> str:
    """The label in the current language, else in English, else any, else `fallback`."""
    language = (get_language() or "en").split("-")[0]
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), fallback)
