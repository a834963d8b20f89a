"""Addresses of the workspace."""

from django.urls import path

from zabota.workspace import built
from zabota.workspace.views import style

urlpatterns = [
    path("static/built/<str:name>", built.serve, name="built"),
    path("style", style.style, name="style"),
]
