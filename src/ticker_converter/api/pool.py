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

import psycopg

from ticker_converter.api import metrics
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
        if not self._free.acquire(timeout=self._patience):
            metrics.REFUSED.inc()
            raise DatabaseUnavailable(f"all {self._size} connections (DB_POOL_SIZE) are at work")
        metrics.LENT.inc()
        try:
            with translated("reading"), ExitStack() as stack:
                yield self._begun(stack)
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
            kept = self._idle.pop() if self._idle else None
            connection, opened = kept or self._new()
            lent = ExitStack()
            lent.callback(self._keep, connection, opened)
            try:
                lent.enter_context(connection.transaction())
            except psycopg.OperationalError:
                lent.close()
                if kept is None:
                    raise
                continue
            stack.enter_context(lent)
            return connection

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
