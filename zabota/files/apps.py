from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "zabota.files"
    label = "files"
