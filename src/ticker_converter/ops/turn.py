"""One sync at a time in a database, whoever starts it: the command line, the worker, a scheduler.

The lock belongs to the connection. A process that is killed lets it go with its connection, and the next one goes on
with what is missing. It refuses to fail for somebody else's sync: it waits, and says so; what that one has brought is
not fetched again, because the plan is made afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import LiteralString

from ticker_converter import sql
from ticker_converter.db import Connection

#: Arbitrary, and must never change.
SYNC_LOCK = 7_264_506
#: Seconds between two tries, and between two words to who waits.
LOOK, WORD = 0.2, 10.0


@contextmanager
def syncing(conn: Connection, progress: Callable[[str], None]) -> Iterator[None]:
    """The turn to sync, once it is this connection's (in autocommit mode)."""
    conn.autocommit = True
    told = float("-inf")
    while not _asked(conn, sql.load("ops/turn_take")):
        if time.monotonic() - told > WORD:
            progress("another sync is under way: waiting for its end")
            told = time.monotonic()
        time.sleep(LOOK)
    try:
        yield
    finally:
        if not conn.closed:
            _asked(conn, sql.load("ops/turn_leave"))


def _asked(conn: Connection, statement: LiteralString) -> bool:
    row = conn.execute(statement, {"lock": SYNC_LOCK}).fetchone()
    return row is not None and bool(row[0])
