"""Extensions, the text search configuration, and the table of the shared cache."""

from django.contrib.postgres.operations import (
    BtreeGinExtension,
    TrigramExtension,
    UnaccentExtension,
)
from django.db import migrations

# Russian words are stemmed as Russian, Latin ones as English; both without accents (ё = е).
SEARCH = """
CREATE TEXT SEARCH CONFIGURATION zabota (COPY = russian);
ALTER TEXT SEARCH CONFIGURATION zabota
  ALTER MAPPING FOR word, hword, hword_part WITH unaccent, russian_stem;
ALTER TEXT SEARCH CONFIGURATION zabota
  ALTER MAPPING FOR asciiword, asciihword, hword_asciipart WITH unaccent, english_stem;
"""
# The table Django's DatabaseCache expects (django.core.management.commands.createcachetable).
CACHE = """
CREATE TABLE core_cache (
  cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX core_cache_expires ON core_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True
    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        BtreeGinExtension(),
        migrations.RunSQL(SEARCH, "DROP TEXT SEARCH CONFIGURATION zabota"),
        migrations.RunSQL(CACHE, "DROP TABLE core_cache"),
    ]
