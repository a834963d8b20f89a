from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


class EventsConfig(AppConfig):
    name = "zabota.events"
    label = "events"


def load_rooms() -> None:
    """Import every room's `events.py` and `listeners.py`, so that the registry is whole."""
    for config in apps.get_app_configs():
        for name in ("events", "listeners"):
            if config.name.startswith("zabota.") and module_has_submodule(config.module, name):
                import_module(f"{config.name}.{name}")
