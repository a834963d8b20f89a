"""The product's addresses, and the bare view."""

from django.urls import path

from bench.bare import bare
from zabota.urls import urlpatterns as of_product

urlpatterns = [*of_product, path("bare", bare)]
