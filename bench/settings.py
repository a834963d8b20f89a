"""The product's settings, and one more page: the bare view that pages are compared with."""

from zabota.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
