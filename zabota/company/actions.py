"""What every new desk begins with."""

from django.db.models import Q
from django.utils.text import slugify

from zabota.company.models import Brand, Category, Tag

CATEGORIES = {
    "information": {"en": "Information", "ru": "Информация"},
    "technical": {"en": "Technical problem", "ru": "Техническая проблема"},
    "commercial": {"en": "Commercial question", "ru": "Коммерческий вопрос"},
    "complaint": {"en": "Complaint", "ru": "Жалоба"},
    "suggestion": {"en": "Suggestion", "ru": "Предложение"},
}


def ensure_company(language: str) -> Brand:
    """The first brand and the five categories, if there are none; idempotent."""
    if not Category.objects.exists():
        Category.objects.bulk_create(
            [
                Category(slug=slug, names=names, position=place)
                for place, (slug, names) in enumerate(CATEGORIES.items())
            ]
        )
    brand = Brand.objects.order_by("pk").first()
    return brand or Brand.objects.create(slug="main", name="Support", language=language)


def ensure_brand(name: str | None) -> Brand:
    """The brand of this name or slug, made if it is new; without a name the first one."""
    first = Brand.objects.order_by("pk").first()
    if not name and first:
        return first
    name = name or "Support"
    found = Brand.objects.filter(Q(slug=name) | Q(name__iexact=name)).order_by("pk").first()
    language = first.language if first else "en"
    return found or Brand.objects.create(slug=_slug(name), name=name, language=language)


def _slug(name: str) -> str:
    """A free short name; letters that have no Latin form fall away."""
    base = slugify(name)[:40] or "brand"
    taken = set(Brand.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    tries = (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3)))
    return next(slug for slug in tries if slug not in taken)


def remember_tags(names: list[str]) -> None:
    """Keep new tags, so that they are offered next time."""
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
