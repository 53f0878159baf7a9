"""Errors as problem documents (RFC 9457), and nothing of what happened inside.

A caller reads the message of an error that is theirs to mend, in the words of the API. Of every other error they read a
fixed sentence and the request id under which the log has the rest.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ticker_converter import errors
from ticker_converter.api.scopes import ROUTES

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: `said` replaces the error's own message where that is not for the caller. Without a name
    the status says all there is (RFC 9457, about:blank)."""

    name: str | None
    status: int
    title: str
    said: str | None = None
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """Where it is described."""
        return f"/docs#{self.name}" if self.name else "about:blank"


BAD_PARAMETER = Problem("bad-parameter", 422, "A parameter is wrong")
UNAVAILABLE = Problem(
    "unavailable", 503, "The database does not answer",
    "The database does not answer or is too busy. Nothing is lost; try again.", 2,
)  # fmt: skip
NOT_READY = Problem(
    "not-ready", 503, "The service is not ready",
    "The database is not in the state that this release needs: its operator has the details in the log.", 30,
)  # fmt: skip
INTERNAL = Problem(
    "internal", 500, "The service failed",
    "The request could not be answered because of a fault in the service. The log has it under the request id.",
)  # fmt: skip

BUSY = Problem("provider-unavailable", 503, "The provider does not answer", retry_after=60)

#: The nearest class in an error's own order of inheritance wins.
PROBLEMS: Mapping[type[errors.TickerConverterError], Problem] = {
    errors.Usage: BAD_PARAMETER,
    errors.BadSetting: NOT_READY,
    errors.WrongDatabase: NOT_READY,
    errors.UnknownSymbol: Problem("unknown-symbol", 404, "The symbol is not on the list"),
    errors.NoBars: Problem("no-bars", 404, "No bars are stored"),
    errors.NoRate: Problem("no-rate", 404, "No source has a rate"),
    errors.NoBasis: Problem("no-basis", 409, "The stored prices cannot give this adjustment"),
    errors.NotThere: Problem("not-there", 404, "The data is not there"),
    errors.NotKnown: Problem("not-known", 401, "No good credential"),
    errors.NotAllowed: Problem("not-allowed", 403, "The credential does not allow it"),
    errors.TooMany: Problem("too-many", 429, "Too many requests"),
    errors.Refused: Problem("provider-refused", 502, "The provider said no"),
    errors.ProviderUnavailable: BUSY,
    errors.ProviderBusy: BUSY,
    errors.DatabaseUnavailable: UNAVAILABLE,
    errors.Locked: UNAVAILABLE,
    errors.TickerConverterError: INTERNAL,
}


def kinds() -> list[Problem]:
    """Every kind of problem that has a name, each once."""
    return list({one.name: one for one in (*PROBLEMS.values(), INTERNAL)}.values())


def problem_of(error: type[errors.TickerConverterError]) -> Problem:
    """What an error is to a caller of the API."""
    return next(PROBLEMS[base] for base in error.__mro__ if base in PROBLEMS)


#: What pydantic says of these is about its models.
_SAID = {"missing": "is required", "extra_forbidden": "is not a parameter of this address"}


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(errors.TickerConverterError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def document(
    request: Request, problem: Problem, detail: str, more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """A problem document; `more` are members beside those of RFC 9457."""
    request_id = getattr(request.state, "request_id", None)
    body = {
        "type": problem.type, "title": problem.title, "status": problem.status, "detail": detail,
        "instance": address(request), "request_id": request_id, **(more or {}),
    }  # fmt: skip
    out = {"Cache-Control": "no-store", **(headers or {})}
    if problem.retry_after is not None:
        out["Retry-After"] = str(problem.retry_after)
    return Response(msgspec.json.encode(body), problem.status, out, MEDIA_TYPE)


def address(request: Request) -> str:
    """The path asked for, percent-encoded. Starlette's `request.url` is made with the Host header, which can hold
    anything."""
    return quote(request.scope["path"], safe="/^=&@:,;+!$'()*~")


def _ours(request: Request, error: Exception) -> Response:
    ours = cast(errors.TickerConverterError, error)
    problem = problem_of(type(ours))
    if problem.said is not None:
        level = logging.WARNING if problem is UNAVAILABLE else logging.ERROR
        log.log(level, "%s: %s", type(ours).__name__, ours, extra={"request_id": request.state.request_id})
    headers = {}
    if isinstance(ours, errors.NotKnown):
        headers["WWW-Authenticate"] = ours.challenge
    elif isinstance(ours, errors.TooMany):
        headers["Retry-After"] = str(ours.retry_after)
    return document(request, problem, problem.said or in_api_words(str(ours)), headers=headers)


def _invalid(request: Request, error: Exception) -> Response:
    found = [
        {
            "parameter": str(one["loc"][-1])[:40],
            "message": _SAID.get(one["type"]) or _without_prefix(one["msg"]),
        }
        for one in cast(RequestValidationError, error).errors()[:10]
    ]
    detail = "; ".join(f"{one['parameter']}: {one['message']}" for one in found)
    return document(request, BAD_PARAMETER, detail, {"errors": found})


def _http(request: Request, error: Exception) -> Response:
    refused = cast(HTTPException, error)
    phrase = HTTPStatus(refused.status_code).phrase
    said = {
        404: "There is nothing at this address: /docs lists the routes.",
        405: "This address does not take the method.",
    }
    detail = refused.detail if refused.detail != phrase else said.get(refused.status_code, phrase)
    plain = Problem(None, refused.status_code, phrase)
    headers = dict(refused.headers or {})
    if refused.status_code == 405 and (taken := _methods(request.scope["path"])):
        headers["Allow"] = taken
    return document(request, plain, detail, headers=headers)


def _methods(path: str) -> str:
    """What the address takes, of all its routes: Starlette names the methods of the first alone."""
    found = {method for method, template in ROUTES if _pattern(template).fullmatch(path)}
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", template))


def _unexpected(request: Request, error: Exception) -> Response:
    # The server logs the error with its trace. This answer is made outside our middleware and adds its headers itself.
    del error
    headers = {
        "X-Request-ID": str(getattr(request.state, "request_id", "")),
        "X-Content-Type-Options": "nosniff",
    }
    return document(request, INTERNAL, INTERNAL.said or "", headers=headers)


def in_api_words(message: str) -> str:
    """The command line's options as parameters: `--max-age-days` is `max_age_days`."""
    return re.sub(r"--([a-z][a-z-]*)", lambda option: option[1].replace("-", "_"), message)


def _without_prefix(message: str) -> str:
    return message.removeprefix("Value error, ")
