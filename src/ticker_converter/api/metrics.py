"""What a server process counts for Prometheus: requests, seconds by route, requests in flight, lent connections.

Under Gunicorn each worker writes into files of its own slot (`slots.py`), which the listener of `exporter.py` adds up;
elsewhere the numbers stay in the process. Labels are route templates, never paths: a caller cannot make new series.
"""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "ticker_converter_http_requests", "Requests answered.", ("method", "route", "status")
)  # _total is added
SECONDS = Histogram(
    "ticker_converter_http_request_seconds", "Seconds from a request's arrival to its answer's last byte.", ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
IN_FLIGHT = Gauge(
    "ticker_converter_http_requests_in_flight", "Requests not yet answered.", multiprocess_mode="livesum"
)
LENT = Gauge(
    "ticker_converter_api_connections_lent", "Database connections at work for requests.",
    multiprocess_mode="livesum",
)  # fmt: skip
REFUSED = Counter(
    "ticker_converter_api_connections_refused",
    "Requests that found no free or no living database connection.",
)

LIMITED = Counter(
    "ticker_converter_limit_refusals", "Requests refused because a caller asked too often.", ("mode",)
)

CACHE = Counter(
    "ticker_converter_cache",
    "Bodies found in memory, in Redis, by waiting for another request, or not (miss); failed calls (error).",
    ("result",),
)
REPLICA = Gauge(
    "ticker_converter_replica_in_use", "Workers that read from the replica.", multiprocess_mode="livesum"
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


def answered(method: str, route: object, status: int, seconds: float) -> None:
    """Count one answered request of the matched route, if one was."""
    template = getattr(route, "path", "none")
    _counter(method if method in METHODS else "other", template, status).inc()
    _seconds(template).observe(seconds)


@lru_cache(maxsize=4096)
def _counter(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@lru_cache(maxsize=1024)
def _seconds(route: str) -> Histogram:
    return SECONDS.labels(route)
