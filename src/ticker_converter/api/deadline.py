"""A request's query ends when its caller has gone, or when API_TIMEOUT has passed before the first byte.

A thread cannot be told to stop; the statement that it waits for can. PostgreSQL is asked to cancel it until the
connection has been given back, and that is closed then and not lent again: a cancellation that arrives late would end
the statement of another request. What streams is exempt: its response exists before its first byte.

A GET is asked once more where the server that it read from was lost under it, or shows less than a reader has seen.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar

import psycopg
from fastapi import Request, Response
from psycopg import errors as pg

from ticker_converter.db import Connection
from ticker_converter.errors import DatabaseUnavailable, Locked

#: Seconds between two cancellations of one request, and after which no more are sent.
AGAIN, ENOUGH = 0.2, 30.0
#: Nobody reads it: the status under which the log and the metrics have a caller that went away (nginx's number).
GONE = 499


class Behind(DatabaseUnavailable):
    """A replica shows an older version of the data than a reader has seen."""


class Work:
    """What one request has under way."""

    def __init__(self) -> None:
        self.primary = False
        "Whether this request reads from the primary, whatever the replica is like."
        self.shows: Callable[[int], None] | None = None
        "Told the version of the data that the snapshot has, where it is a replica's."
        self._mutex = threading.Lock()
        self._conn: Connection | None = None
        self._over = False

    def holds(self, conn: Connection) -> None:
        """It has a connection now; DatabaseUnavailable if the request is over."""
        with self._mutex:
            if self._over:
                raise DatabaseUnavailable("the request is over")
            self._conn = conn

    def lets_go(self) -> bool:
        """It gives the connection back; whether that may be lent again."""
        with self._mutex:
            self._conn = None
            return not self._over

    @property
    def over(self) -> bool:
        """Whether it was cancelled."""
        return self._over

    def cancel(self) -> None:
        """End its statements, in the calling thread."""
        until = time.monotonic() + ENOUGH
        while time.monotonic() < until:
            with self._mutex:
                self._over = True
                if self._conn is None or self._conn.closed:
                    return
                with suppress(psycopg.Error):
                    self._conn.cancel_safe(timeout=2)
            time.sleep(AGAIN)


CURRENT: ContextVar[Work | None] = ContextVar("work", default=None)


async def answered(
    request: Request, make: Callable[[], Awaitable[Response]], seconds: float, lost: Callable[[], None]
) -> Response:
    """The response of `make`; DatabaseUnavailable after `seconds`. `lost` is called when a server was lost under it."""
    work = Work()
    CURRENT.set(work)
    asked = asyncio.ensure_future(_asked(request, make, work, lost))
    watched: set[asyncio.Future[Response] | asyncio.Future[None]] = {asked}
    gone: asyncio.Future[None] | None = None
    if request.method == "GET":  # a body would still have to be read
        gone = asyncio.ensure_future(_gone(request))
        watched.add(gone)
    try:
        await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if gone is not None:
            gone.cancel()
    if asked.done():
        return asked.result()
    asked.add_done_callback(lambda over: over.cancelled() or over.exception())
    cancelling = asyncio.get_running_loop().run_in_executor(None, work.cancel)
    _CANCELLING.add(cancelling)
    cancelling.add_done_callback(_CANCELLING.discard)
    if gone is not None and gone.done() and not gone.cancelled():
        return Response(status_code=GONE)
    raise DatabaseUnavailable(f"no answer in {seconds:g} s (API_TIMEOUT)")


_CANCELLING: set[asyncio.Future[None]] = set()


async def _asked(
    request: Request, make: Callable[[], Awaitable[Response]], work: Work, lost: Callable[[], None]
) -> Response:
    try:
        return await make()
    except Behind:
        work.primary = True
    except (DatabaseUnavailable, Locked) as error:
        if request.method != "GET" or work.over or not _lost(error):
            raise
        lost()
    return await make()


def _lost(error: Exception) -> bool:
    """Whether the server went away under a statement, or a replica cancelled it to go on replaying."""
    cause = error.__cause__
    if isinstance(cause, pg.SerializationFailure):
        return True
    return isinstance(cause, psycopg.OperationalError) and not isinstance(
        cause, pg.QueryCanceled | pg.InsufficientResources | pg.CannotConnectNow
    )


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
