"""Around the application: which Host names are answered, which other sites may read, what browsers are told.

Without ALLOWED_HOSTS a server that listens on loopback answers to this machine's own names alone: a page of another
site whose name was made to lead to 127.0.0.1 (DNS rebinding) is refused. /health answers to every name: probes use
addresses.
"""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticker_converter.api import problems
from ticker_converter.settings import Settings

#: Bytes of a body: thousands of positions to be valued fit into it.
LARGEST_BODY = 1_048_576
OWN = ("localhost", "127.0.0.1", "[::1]")
#: An answer of the API is no page: a browser that shows it as one runs nothing.
POLICY = "default-src 'none'; frame-ancestors 'none'"
ALLOWED = ("Authorization", "X-API-Key", "Content-Type", "If-None-Match", "Idempotency-Key", "X-Request-ID")
EXPOSED = (
    "ETag", "Last-Modified", "Link", "Location", "X-Request-ID", "Retry-After", "RateLimit-Limit",
    "RateLimit-Remaining", "RateLimit-Reset",
)  # fmt: skip
MISDIRECTED = problems.Problem(None, 421, "Misdirected Request")


def install(app: FastAPI, settings: Settings) -> None:
    """Add what is around `app`; called before the middleware that is around all of it."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.cors_origins), allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=ALLOWED, expose_headers=EXPOSED, max_age=600,
        )  # fmt: skip
    app.add_middleware(Edge, names=hosts(settings), hsts=settings.hsts_seconds)


def hosts(settings: Settings) -> tuple[str, ...]:
    """The names that are answered."""
    if settings.allowed_hosts:
        return settings.allowed_hosts
    if settings.public_host:
        return (settings.public_host, *OWN)
    return OWN if _loopback(settings.api_host) else ("*",)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Edge:
    """ASGI middleware: the Host list, and headers for browsers where a route has not set its own."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...], hsts: int) -> None:
        self.app, self._names, self._hsts = app, names, hsts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope)
        private = "authorization" in given or "x-api-key" in given

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.setdefault("Referrer-Policy", "no-referrer")
                if private and headers.get("cache-control", "").startswith("public"):
                    # A proxy that keeps it would give one caller's answer to another.
                    headers["Cache-Control"] = headers["Cache-Control"].replace("public", "private", 1)
                if self._hsts and scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = f"max-age={self._hsts}"
            await send(message)

        if not self._answers(scope, given.get("host", "")):
            said = "This server does not answer to that Host name (ALLOWED_HOSTS)."
            await problems.document(Request(scope), MISDIRECTED, said)(scope, receive, answer)
            return
        await self.app(scope, receive, answer)

    def _answers(self, scope: Scope, host: str) -> bool:
        if "*" in self._names or scope["path"].startswith("/health/"):
            return True
        name = host.lower()
        name = name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]
        return any(
            name == one or (one.startswith("*.") and name.endswith(one[1:]) and len(name) > len(one) - 1)
            for one in self._names
        )
