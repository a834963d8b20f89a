from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "zabota.workspace"
    label = "workspace"
