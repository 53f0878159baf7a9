"""What surrounds every request: its id, its line in the access log, its place in the metrics, headers, HEAD.

The log has the path and never the query: a key pasted into a URL stays out of it. A caller's X-Request-ID is taken over
only if it could not be mistaken for anything else in a log.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticker_converter.api import metrics

access = logging.getLogger("ticker_converter.access")

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class Requests:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str] = ()) -> None:
        self.app, self._proxies = app, [ip_network(one, strict=False) for one in proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        request_id = _request_id(scope)
        self._behind_proxies(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        bare = scope["method"] == "HEAD"

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                if (standing := scope["state"].get("standing")) is not None:
                    headers.update(standing.headers())
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"} if bare else scope
        metrics.IN_FLIGHT.inc()
        try:
            await self.app(inner, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            metrics.IN_FLIGHT.dec()
            metrics.answered(scope["method"], inner.get("route"), status, seconds)
            _log(scope, request_id, status, seconds)

    def _behind_proxies(self, scope: Scope) -> None:
        """Where a trusted proxy asks, the client is who asked it: the last of X-Forwarded-For that is no trusted
        proxy. What anybody else says of themselves is not believed."""
        client = scope.get("client")
        if not self._proxies or client is None or not self._trusted(client[0]):
            return
        given = Headers(scope=scope)
        named = [one.strip() for line in given.getlist("x-forwarded-for") for one in line.split(",")]
        for one in reversed(named):
            if _address(one) is None:
                break
            scope["client"] = (one, 0)
            if not self._trusted(one):
                break
        if (scheme := given.get("x-forwarded-proto", "")) in ("http", "https"):
            scope["scheme"] = scheme

    def _trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode(
        "latin-1"
    )
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


def _log(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    path = (
        scope.get("raw_path", b"").decode("latin-1").partition("?")[0]
    )  # percent-encoded: no control characters
    client = scope.get("client")
    facts = {
        "request_id": request_id, "method": scope["method"], "path": path, "status": status,
        "milliseconds": round(seconds * 1000, 1), "client": client[0] if client else None,
    }  # fmt: skip
    access.info("%s %s %d %.1f ms", scope["method"], path, status, seconds * 1000, extra=facts)
