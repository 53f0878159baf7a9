"""From a request to a response: the edition of the data, conditional requests, formats.

An answer is determined by the data's version, the day, the settings of conversion and the parsed parameters; its ETag
is made from these, so that If-None-Match is answered without a query. The tag and the rows are of one snapshot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ticker_converter.api import formats
from ticker_converter.api.cache import Bodies, Body
from ticker_converter.api.deadline import CURRENT
from ticker_converter.api.formats import Format, Table
from ticker_converter.db import Connection
from ticker_converter.queries import clock
from ticker_converter.queries.result import Policy
from ticker_converter.settings import Settings

#: Last-Modified of an empty warehouse.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which state of the data a snapshot shows, and on which day it is asked."""

    version: int
    published_at: datetime | None
    today: date
    conn: Connection = field(repr=False, compare=False)

    @classmethod
    def of(cls, conn: Connection) -> Edition:
        """That of `conn`'s snapshot."""
        today, published_at, version = clock.state(conn)
        if (work := CURRENT.get()) is not None and work.shows is not None:
            work.shows(version)
        return cls(version, published_at, today, conn)

    def lasts(self) -> bool:
        """Whether it is still that day: what was made after midnight is another day's answer."""
        return clock.today(self.conn) == self.today


def policy(settings: Settings, max_age_days: int = 7) -> Policy:
    """How this server converts."""
    return Policy(settings.fx_sources, settings.fx_pegs, max_age_days)


def digest(*parts: object) -> str:
    """A short name for what determines an answer."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:32]


def tag(request: Request, form: Format, *parts: object) -> str:
    """An ETag: weak where another version of a library may write the same data in other bytes."""
    return f'{"" if form.exact else "W/"}"{digest(request.app.version, form.name, *parts)}"'


def answer(
    request: Request, settings: Settings, edition: Edition, asked: str | None, canonical: tuple[object, ...],
    build: Callable[[], Table | tuple[Table, str | None]],
) -> Response:  # fmt: skip
    """The response, or 304 without calling `build` when the caller has it. `canonical` is the request in one spelling;
    `build` gives the table and the next page's address."""
    form = formats.choose(request.headers.get("accept"), asked)
    data = (edition.version, edition.published_at, edition.today, settings.fx_sources, settings.fx_pegs)
    etag = tag(request, form, *data, *canonical)
    headers = _headers(request, settings, etag, edition.published_at)
    if has(request, etag, any_is_enough=False):
        return Response(status_code=304, headers=headers)

    def make() -> Body:
        built = build()
        table, following = built if isinstance(built, tuple) else (built, None)
        return Body(following, formats.encode(form, table))

    bodies: Bodies = request.app.state.bodies
    # The address as it was spelled is in the next page's.
    spelled = request.scope["path"], request.scope["query_string"].decode("latin-1")
    body = bodies.get(hashlib.sha256(repr((etag, spelled)).encode()).digest(), make, edition.lasts)
    if body.following is not None:
        headers["Link"] = f'<{body.following}>; rel="next"'
    return respond(request, form, headers, body.content)


def answer_by_content(
    request: Request, settings: Settings, edition: Edition, asked: str | None, table: Table,
    following: str | None = None,
) -> Response:  # fmt: skip
    """As `answer`, with an ETag of the content itself: for what the data's version does not determine."""
    form = formats.choose(request.headers.get("accept"), asked)
    body = formats.encode(form, table)
    headers = _headers(
        request, settings, tag(request, form, hashlib.sha256(body).hexdigest()), edition.published_at
    )
    if following is not None:
        headers["Link"] = f'<{following}>; rel="next"'
    return respond(request, form, headers, body)


def page(request: Request, form: Format, body: bytes, modified: datetime) -> Response:
    """What depends on the release alone, such as the OpenAPI document."""
    headers = {
        "ETag": tag(request, form, hashlib.sha256(body).hexdigest()),
        "Last-Modified": format_datetime(modified, usegmt=True),
        "Cache-Control": "public, no-cache",
    }
    return respond(request, form, headers, body)


def respond(request: Request, form: Format, headers: dict[str, str], body: bytes) -> Response:
    """200, or 304 when the caller has the body."""
    if has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    charset = "; charset=utf-8" if form is formats.CSV else ""
    return Response(body, headers={**headers, "Content-Type": form.media_type + charset})


def has(request: Request, etag: str, any_is_enough: bool = True) -> bool:
    """Whether If-None-Match names this ETag (weak comparison), or anything that exists."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    if given.strip() == "*":
        return any_is_enough
    return etag.removeprefix("W/") in (one.strip().removeprefix("W/") for one in given.split(","))


def _headers(request: Request, settings: Settings, etag: str, modified: datetime | None) -> dict[str, str]:
    # Said `public` to all, nginx gave one key's answer to an anonymous caller.
    known = any(name in request.headers for name in ("authorization", "x-api-key", "cookie"))
    whose = "public" if settings.api_anonymous_read and not known else "private"
    # Kept, and asked about each time: new data can arrive in any second, a day long past included (an import with an
    # earlier time of knowledge), so no age is safe. Asking costs one look at the version.
    return {
        "ETag": etag,
        "Last-Modified": format_datetime(modified.astimezone(UTC) if modified else NEVER, usegmt=True),
        "Cache-Control": f"{whose}, no-cache",
        "Vary": "Accept, Authorization, Cookie, X-API-Key",
    }


def canonical(query: Any) -> dict[str, Any]:
    """The parsed parameters by name, defaults filled in: two spellings of one request are equal."""
    found: dict[str, Any] = query.model_dump(by_alias=True, exclude={"format"})
    return found
