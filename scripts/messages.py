"""Translations: `update` the .po files from the code, `compile` them, `check` that none lacks."""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[1] / "zabota"
METHODS = [("**/tests/**", "ignore"), ("**.py", "python"), ("**/jinja2/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "warn": None,  # of a reading: said in the language of who looks, `workspace/context/doubts.py`
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def catalogues() -> Iterator[tuple[Path, Catalog]]:
    """Every language that has a folder."""
    for path in sorted(PACKAGE.glob("locale/*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale=path.parts[-3])


def extract() -> Catalog:
    """What the code says."""
    template = Catalog()
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS, comment_tags=["Translators:"])
    for name, line, message, comments, context in sorted(found, key=lambda row: row[:2]):
        template.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return template


def update() -> int:
    """New words are added untranslated, those gone are dropped."""
    template = extract()
    for path, catalogue in catalogues():
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, no_location=True, sort_output=True)
    return check()


def compile_all() -> int:
    """Write each .mo beside its .po."""
    for path, catalogue in catalogues():
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
    return 0


def check() -> int:
    """1 if a message of the code has no translation or the wrong placeholders."""
    template = extract()
    wrong = 0
    for path, catalogue in catalogues():
        for message in template:
            there = catalogue.get(message.id, message.context) if message.id else None
            if message.id and (there is None or not _is_whole(there.string) or there.fuzzy):
                print(f"{path.parts[-3]}: not translated: {message.id!r}")
                wrong += 1
            elif there is not None:
                for error in there.check(catalogue):
                    print(f"{path.parts[-3]}: {error}: {message.id!r}")
                    wrong += 1
    return min(wrong, 1)


def _is_whole(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)


sys.exit({"update": update, "compile": compile_all, "check": check}[sys.argv[1]]())
