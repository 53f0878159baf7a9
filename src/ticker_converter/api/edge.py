"""Around the application: which Host names are answered, which other sites may read, what browsers are told.

Without ALLOWED_HOSTS a server that listens on loopback answers to this machine's own names alone: a page of another
site whose name was made to lead to 127.0.0.1 (DNS rebinding) is refused. /health answers to every name: probes use
addresses.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticker_converter.api import problems
from ticker_converter.settings import Settings

#: Bytes of a body: thousands of positions to be valued fit into it.
LARGEST_BODY = 1_048_576
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
OWN = ("localhost", "127.0.0.1", "[::1]")
#: An answer of the API is no page: a browser that shows it as one runs nothing.
POLICY = "default-src 'none'; frame-ancestors 'none'"
ALLOWED = ("Authorization", "X-API-Key", "Content-Type", "If-None-Match", "Idempotency-Key", "X-Request-ID")
EXPOSED = (
    "ETag", "Last-Modified", "Link", "Location", "X-Request-ID", "Retry-After", "RateLimit-Limit",
    "RateLimit-Remaining", "RateLimit-Reset",
)  # fmt: skip
TOO_LARGE = problems.Problem(None, 413, "Content Too Large")
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
        private = "authorization" in given or "x-api-key" in given or "cookie" in given

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
        length = given.get("content-length", "0")
        if not length.isdecimal() or len(length) > 9 or int(length) > LARGEST_BODY:
            said = f"A body has at most {LARGEST_BODY} bytes."
            await problems.document(Request(scope), TOO_LARGE, said)(scope, receive, answer)
            return
        left = LARGEST_BODY

        async def body() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"A body has at most {LARGEST_BODY} bytes.")
            return message

        await self.app(scope, body, answer)

    def _answers(self, scope: Scope, host: str) -> bool:
        if "*" in self._names or scope["path"].startswith("/health/"):
            return True
        found = _HOST.fullmatch(host.lower())
        name = found[1] if found is not None else ""
        return any(
            name == one or (one.startswith("*.") and name.endswith(one[1:]) and len(name) > len(one) - 1)
            for one in self._names
        )
