from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "zabota.core"
    label = "core"

    def ready(self) -> None:
        from zabota.core.lookups import register_lookups

        register_lookups()
