"""Short labels in several languages: `{"ru": …, "en": …}`, with fall-back."""

from collections.abc import Mapping

from django.utils.translation import get_language


def label_in(labels: Mapping[str, str], fallback: str = "") -> str:
    """The label in the current language, else in English, else any, else `fallback`."""
    language = (get_language() or "en").split("-")[0]
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), fallback)


def text_in(texts: Mapping[str, str], *languages: str) -> str:
    """The first text there is in one of these languages, else in English, else any, else ''."""
    for language in (*languages, "en"):
        if text := texts.get(language):
            return text
    return next((text for text in texts.values() if text), "")
