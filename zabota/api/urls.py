"""Addresses of the API; whatever else is asked under `/api/` is answered with a problem, too."""

from django.urls import URLPattern, path, re_path

from zabota.api.application import application
from zabota.api.problems import in_problems, not_found


def _version_one() -> list[URLPattern]:
    patterns = [p for p in application.urls[0] if isinstance(p, URLPattern)]
    for pattern in patterns:
        pattern.callback = in_problems(pattern.callback)
    return patterns


urlpatterns = [
    path("v1/", (_version_one(), "ninja", "api-1")),
    re_path("", not_found, name="api_not_found"),
]
