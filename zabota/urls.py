"""Every address of the house."""

from django.urls import include, path

from zabota.core.health import healthz, readyz
from zabota.upkeep.metrics import metrics

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/", include("zabota.api.urls")),
    path("", include("zabota.workspace.urls")),
]
