from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "zabota.files"
    label = "files"

    def ready(self) -> None:
        """Without files no mail is taken in, so the house is not ready."""
        from zabota.core.health import PROBES, Probe
        from zabota.files.storage import storage

        PROBES.append(Probe(lambda: "files cannot be kept" if storage().problem() else None))
