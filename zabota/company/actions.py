"""What every new desk begins with."""

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


def remember_tags(names: list[str]) -> None:
    """Keep new tags, so that they are offered next time."""
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
