from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "zabota.staff"
    label = "staff"
