"""What a session's cookie is called and good for.

It is HttpOnly and SameSite=Strict, and Secure over TLS and in production, where its name begins with `__Host-`, so that
no other host can set it. A request that changes something and comes with it needs the session's CSRF token in
X-CSRF-Token, and must not come from another site by what the browser says (Origin, Sec-Fetch-Site): two walls, of which
each holds alone. A cookie that is no good is none: a browser sends it unasked, and what is open to all stays open.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fastapi import Request, Response

from ticker_converter.access import sessions
from ticker_converter.errors import NotAllowed
from ticker_converter.settings import Settings

#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN = "The request comes from a page of another site."
FORGED = "A request with the session's cookie that changes something needs its token in X-CSRF-Token."


def _secure(request: Request, settings: Settings) -> bool:
    return settings.production or request.scope.get("scheme") == "https"


def _name(request: Request, settings: Settings) -> str:
    return "__Host-tc_session" if _secure(request, settings) else "tc_session"


def given(request: Request, settings: Settings) -> str | None:
    """The session that the request's cookie names."""
    if "cookie" not in request.headers:
        return None
    return request.cookies.get(_name(request, settings))


def keep(response: Response, request: Request, settings: Settings, token: str, days: int) -> None:
    """Have the browser keep it."""
    response.set_cookie(
        _name(request, settings), token, max_age=days * 86400, path="/", secure=_secure(request, settings),
        httponly=True, samesite="strict",
    )  # fmt: skip


def drop(response: Response, request: Request, settings: Settings) -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        _name(request, settings), path="/", secure=_secure(request, settings), httponly=True, samesite="strict"
    )  # fmt: skip


def of_this_site(request: Request) -> None:
    """NotAllowed where the browser says that another site's page asks."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise NotAllowed(FOREIGN)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed(FOREIGN)


def unforged(request: Request, token: str) -> None:
    """NotAllowed for a change that the page of this session did not ask for."""
    if request.method in SAFE:
        return
    of_this_site(request)
    said = request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(said.encode("latin-1", "replace"), sessions.csrf(token).encode()):
        raise NotAllowed(FORGED)
