from django.apps import AppConfig


class CompanyConfig(AppConfig):
    name = "zabota.company"
    label = "company"
