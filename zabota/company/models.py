"""The company's own words: brands, categories, tags."""

from django.db import models

from zabota.company.labels import label_in


class Brand(models.Model):
    """A name customers know the company by; every ticket and inbox has one."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=8, default="en")
    colour = models.CharField(max_length=7, blank=True)
    signatures = models.JSONField(default=dict)  # {language: text}
    footers = models.JSONField(default=dict)  # {language: text}

    def __str__(self) -> str:
        return self.name


class MailTemplate(models.Model):
    """The company's own words for one kind of mail, in one language of one brand."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="mail_templates")
    kind = models.CharField(max_length=24)
    language = models.CharField(max_length=8)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    version = models.IntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("brand", "kind", "language", name="template_once")]


class Category(models.Model):
    """What a ticket is about; `names` is `{language: text}`."""

    slug = models.SlugField(unique=True)
    names = models.JSONField(default=dict)
    position = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return label_in(self.names, self.slug)


class Tag(models.Model):
    """A word the team has used, offered again."""

    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]


class Preference(models.Model):
    """How the company wants something to be: one value under one name."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.JSONField()
