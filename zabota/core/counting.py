"""What this process has served, for `/metrics`: how many requests, how long they took.

Addresses are counted by their route, methods and statuses by their class, so that strangers cannot
make more series than there are routes.
"""

from django.http import HttpRequest
from prometheus_client import CollectorRegistry, Histogram

REGISTRY = CollectorRegistry()
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
UNKNOWN = "unknown"

_requests = Histogram(
    "zabota_http_request_seconds",
    "Requests by route, method and class of status",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)


def route_of(request: HttpRequest) -> str:
    """`tickets/<int:number>`: where the request went, without what it asked for."""
    match = request.resolver_match
    return f"/{match.route}" if match else UNKNOWN


def count_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Note one answered request."""
    method = request.method if request.method in METHODS else "other"
    _requests.labels(route_of(request), method, f"{status // 100}xx").observe(seconds)
