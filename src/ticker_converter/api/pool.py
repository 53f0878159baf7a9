"""A bounded set of read-only connections, each lent for one snapshot of the data.

It is our own because a request must learn at once that the database is away. psycopg_pool 3.3 connects in the
background, so that with a stopped server every request waited out its whole timeout (5.0 s of 5 s) and a few of them
took all threads. Here `db.reader` connects in the caller's thread, with its replica, role and translated errors: a
refusal is known in milliseconds, and the first request after an outage is answered.

It lends no connection outside a transaction: data version and rows of an answer come from one snapshot on one server.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from weakref import WeakKeyDictionary

import psycopg

from ticker_converter import audit
from ticker_converter.api import metrics
from ticker_converter.api.deadline import CURRENT
from ticker_converter.api.source import Source, Where
from ticker_converter.db import Connection, translated
from ticker_converter.errors import DatabaseUnavailable

#: Seconds that a request waits for a connection when all are at work.
PATIENCE = 5.0
#: Seconds after which a connection is replaced: one made to the primary while the replica was away goes back to it.
LIFE = 600.0


class Readers:
    """At most `size` connections made by `connect` (in autocommit mode), kept open between requests."""

    def __init__(self, connect: Callable[[], Connection], size: int, patience: float = PATIENCE) -> None:
        self._connect, self._size, self._patience = connect, size, patience
        self._free = threading.BoundedSemaphore(size)
        self._idle: deque[tuple[Connection, float]] = deque()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection inside a read-only transaction that sees one state of the data.

        DatabaseUnavailable when the server is away, or when no connection comes free in `patience` seconds."""
        with self._place(), translated("reading"), ExitStack() as stack:
            yield self._begun(stack)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._free.acquire(timeout=self._patience):
            metrics.REFUSED.inc()
            raise DatabaseUnavailable(f"all {self._size} connections (DB_POOL_SIZE) are at work")
        metrics.LENT.inc()
        try:
            yield
        finally:
            metrics.LENT.dec()
            self._free.release()

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop()[0].close()

    def _begun(self, stack: ExitStack) -> Connection:
        """A connection whose transaction has begun; it ends, and the connection is kept, when `stack` unwinds.

        BEGIN also tells whether a kept connection is still alive: those that a restart of the server cut are passed
        over without the caller noticing."""
        while True:
            kept = self._taken()
            connection, opened = kept or self._new()
            lent = ExitStack()
            lent.callback(self._back, connection, opened)
            try:
                lent.enter_context(connection.transaction())
            except psycopg.OperationalError:
                lent.close()
                if kept is None:
                    raise
                continue
            stack.enter_context(lent)
            if (work := CURRENT.get()) is not None:
                work.holds(connection)
            return connection

    def _back(self, connection: Connection, opened: float) -> None:
        work = CURRENT.get()
        if work is None or work.lets_go():
            self._keep(connection, opened)
        else:
            connection.close()  # a cancellation may still be on its way

    def _taken(self) -> tuple[Connection, float] | None:
        return self._idle.pop() if self._idle else None

    def _new(self) -> tuple[Connection, float]:
        connection = self._connect()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return connection, time.monotonic()

    def _keep(self, connection: Connection, opened: float) -> None:
        usable = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if usable and not self._closed and time.monotonic() - opened < LIFE:
            self._idle.append((connection, opened))
        else:
            connection.close()


class Sourced(Readers):
    """Connections to the server that `source` reads from, for each request anew."""

    def __init__(self, source: Source, size: int, patience: float = PATIENCE) -> None:
        super().__init__(self._connected, size, patience)
        self._source = source
        self._at: WeakKeyDictionary[Connection, Where] = WeakKeyDictionary()

    def _taken(self) -> tuple[Connection, float] | None:
        where = self._source.where()
        while self._idle:
            kept = self._idle.pop()
            if self._at[kept[0]] == where:
                return kept
            kept[0].close()
        return None

    def _connected(self) -> Connection:
        connection, where = self._source.connect(self._source.where())
        self._at[connection] = where
        return connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """As of any pool; what it shows is not older than what was shown before."""
        with super().snapshot() as connection:
            if (work := CURRENT.get()) is not None:
                work.shows = partial(self._source.shows, where=self._at[connection])
            yield connection


class Accounts(Readers):
    """Connections of the web role for what the server itself keeps: users, keys, tokens, requests. Lent in autocommit
    mode: an attempt to log in counts even when what follows it fails."""

    @contextmanager
    def lent(self, asked: audit.Asked = audit.NOBODY) -> Iterator[Connection]:
        """A connection; DatabaseUnavailable as with `snapshot`. What is done with it is noted as of `asked`."""
        with self._place(), translated("asking who may"):
            connection, opened = self._alive(asked)
            try:
                yield connection
            finally:
                self._keep(connection, opened)

    def _alive(self, asked: audit.Asked) -> tuple[Connection, float]:
        while self._idle:
            connection, opened = self._idle.pop()
            try:
                audit.context(
                    connection, asked
                )  # also tells whether a restart of the server cut the connection
            except psycopg.OperationalError:
                connection.close()
                continue
            return connection, opened
        connection = self._connect()
        audit.context(connection, asked)
        return connection, time.monotonic()
