"""Who asks, and whether they may: before the body is read, and before anything else of a request is looked at.

`request.state.caller` is who asks. A credential is looked up on the primary and believed for FRESH seconds, in each
process: a revoked key or a disabled user is refused everywhere within 10 seconds. While the primary is away a replica
is asked, where there is one; what that does not know may be what it was not sent yet, so nobody is told that their
credential is bad by a replica that lacks it: the answer is 503, and is not remembered. Credentials come in headers
only: a key in a URL would be in every log on its way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from ticker_converter import audit, sql
from ticker_converter.access import keys, sessions
from ticker_converter.access.scopes import READ
from ticker_converter.access.signing import CHALLENGE, Signer
from ticker_converter.access.signing import REFUSED as TOKEN_REFUSED
from ticker_converter.api import cookies, deadline, limits
from ticker_converter.api.pool import Accounts
from ticker_converter.api.scopes import ROUTES
from ticker_converter.db import Connection
from ticker_converter.errors import DatabaseUnavailable, NotAllowed, NotKnown
from ticker_converter.settings import Settings

#: Seconds for which what was looked up is believed, and how many credentials are remembered.
FRESH, REMEMBERED = 5.0, 10_000
#: No credential of ours is longer.
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: `id` is a user's name or a key's id, empty for nobody in particular."""

    kind: Literal["anonymous", "user", "key"]
    id: str
    scopes: frozenset[str]

    @property
    def author(self) -> str:
        """As written beside what they change."""
        return f"key {self.id}" if self.kind == "key" else self.id


ANONYMOUS = Caller("anonymous", "", frozenset())
NOBODY = "This address needs a credential: an access token (Authorization: Bearer) or an API key (X-API-Key)."
UNSURE = "the credential is not on the replica, and the primary, which may have it, does not answer"
KEY_REFUSED = "The API key is not one that this service knows, or it has expired or was revoked."


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    scopes: frozenset[str]
    tokens_from: datetime


class Keeper:
    """Turns a request's headers into its caller."""

    def __init__(self, settings: Settings, primary: Accounts, replica: Accounts | None = None) -> None:
        self._settings, self._primary, self._replica = settings, primary, replica
        self._known: dict[bytes, tuple[float, object]] = {}

    @cached_property
    def signer(self) -> Signer:
        """Made when first needed: without a token nobody asks for JWT_SECRET_KEY."""
        return Signer(self._settings)

    async def caller(self, request: Request, needed: str | None) -> Caller:
        """Who asks; NotKnown without a good credential, NotAllowed without the scope."""
        key, token = request.headers.get("x-api-key"), request.headers.get("authorization")
        open_to_all = needed is None or (needed == READ and self._settings.api_anonymous_read)
        if needed is not None and key is None and token is None:
            cookie = cookies.given(request, self._settings)
            try:
                signed = await self.session(cookie) if cookie is not None else None
            except DatabaseUnavailable:
                if not open_to_all:
                    raise
                signed = None
            if cookie is not None and signed is not None:
                cookies.unforged(request, cookie)
                if needed not in signed.scopes and not open_to_all:
                    raise NotAllowed(f"The credential does not have the scope {needed}.")
                return Caller("user", signed.name, signed.scopes)
        if needed is None or (key is None and token is None):
            if not open_to_all:
                raise NotKnown(NOBODY)
            return ANONYMOUS
        if key is not None and token is not None:
            raise NotKnown("Give one credential: X-API-Key or Authorization.")
        found = await (self._of_key(key) if key is not None else self._of_token(token or ""))
        if needed not in found.scopes and not open_to_all:
            raise NotAllowed(f"The credential does not have the scope {needed}.")
        return found

    async def session(self, cookie: str) -> sessions.Signed | None:
        """Who is signed in by that cookie, if it is good."""
        found = await self._look_up(_session(cookie), sessions.find, cookie[:LONGEST])
        good = isinstance(found, sessions.Signed) and found.expires_at > datetime.now(UTC)
        return found if good and isinstance(found, sessions.Signed) else None

    def forget(self, cookie: str) -> None:
        """Believe nothing of that session any more: it was ended here."""
        self._known.pop(_session(cookie), None)

    async def _of_key(self, key: str) -> Caller:
        found = await self._look_up(b"k" + sha256(key[:LONGEST].encode()).digest(), self._key, key)
        if not isinstance(found, keys.Found) or (found.expires_at and found.expires_at <= datetime.now(UTC)):
            raise NotKnown(KEY_REFUSED)
        return Caller("key", found.key_id, found.scopes)

    async def _of_token(self, header: str) -> Caller:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or len(text) > LONGEST:
            raise NotKnown(NOBODY if scheme.lower() != "bearer" else TOKEN_REFUSED)
        token = self.signer.check(text.strip())
        found = await self._look_up(f"u{token.user_id}".encode(), self._user, token.user_id)
        if not isinstance(found, _User) or token.issued_at < found.tokens_from:
            raise NotKnown(TOKEN_REFUSED, CHALLENGE)
        return Caller("user", found.name, token.scopes & found.scopes)

    async def _look_up(self, name: bytes, look: Callable[[Connection, Any], object], given: Any) -> object:
        """What the database says of it, or said at most FRESH seconds ago; None is remembered as well."""
        now = time.monotonic()
        if (kept := self._known.get(name)) is not None and now - kept[0] < FRESH:
            return kept[1]
        found = await run_in_threadpool(self._ask, look, given)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[name] = (now, found)
        return found

    def _ask(self, look: Callable[[Connection, Any], object], given: Any) -> object:
        try:
            with self._primary.lent() as conn:
                found = look(conn, given)
                if isinstance(found, keys.Found) and found.stale:
                    keys.used(conn, found.key_id)
                return found
        except DatabaseUnavailable:
            if self._replica is None:
                raise
            with self._replica.lent() as conn:
                found = look(conn, given)
            if found is keys.Absent.ABSENT:
                raise DatabaseUnavailable(UNSURE) from None
            return found

    @staticmethod
    def _key(conn: Connection, key: str) -> keys.Found | keys.Absent | None:
        return keys.find(conn, key)

    @staticmethod
    def _user(conn: Connection, user_id: int) -> _User | keys.Absent | None:
        row = conn.execute(sql.load("access/user_now"), {"user_id": user_id}).fetchone()
        if row is None:
            return keys.Absent.ABSENT
        return None if row[2] else _User(row[0], frozenset(row[1]), row[3])


def _session(cookie: str) -> bytes:
    return b"s" + sha256(cookie[:LONGEST].encode("utf-8", "replace")).digest()


class _Exact(Request):
    """A request whose JSON numbers are exact: a float would change an amount before anybody saw it."""

    async def json(self) -> Any:
        if not hasattr(self, "_exact"):
            self._exact = json.loads(await self.body(), parse_float=Decimal, parse_constant=_no_number)
        return self._exact


def _no_number(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no number", name, 0)


class Guarded(APIRoute):
    """A route of the table in scopes.py; the route_class of every router of this API."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        (method,) = more["methods"]
        self.needs = ROUTES[method, path]
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer, needs, limited = super().get_route_handler(), self.needs, self.path.startswith("/v1/")
        # What a route that acts has begun is not undone by an answer that says nothing of it.
        timed = limited and (needs == READ or "GET" in (self.methods or ()))

        async def guarded(request: Request) -> Response:
            if limited:
                request.state.caller = await _counted(request, needs)
            else:
                request.state.caller = await request.app.state.keeper.caller(request, needs)
            if not timed:
                return await answer(_Exact(request.scope, request.receive))
            return await deadline.answered(
                request, lambda: answer(_Exact(request.scope, request.receive)),
                request.app.state.settings.api_timeout, request.app.state.lost,
            )  # fmt: skip

        return guarded


async def _counted(request: Request, needs: str | None) -> Caller:
    """Who asks, once the request is counted; a credential that is refused, or unsure, counts for its address."""
    counts = request.app.state.limits
    try:
        found: Caller = await request.app.state.keeper.caller(request, needs)
    except (NotKnown, NotAllowed, DatabaseUnavailable):
        await counts.count(request, limits.address(request))
        raise
    who = f"{found.kind} {found.id}" if found.id else limits.address(request)
    await counts.count(request, who)
    return found


def asked_by(request: Request) -> audit.Asked:
    """What the audit trail notes of a request: its network and its id. Who asked stands in the row that is written."""
    origin = audit.network(request.client.host) if request.client else "unknown"
    return audit.Asked(origin=origin, request_id=getattr(request.state, "request_id", ""))


def caller_of(request: Request) -> Caller:
    """Who asks."""
    found: Caller = request.state.caller
    return found
