"""Which server is read from: the replica while it is well and not too far behind, else the primary.

A probe asks both every HEALTH_CHECK_INTERVAL, and at once when a reader lost one of them. The replica is left when it
is away, or more than REPLICA_MAX_LAG_SECONDS behind what the primary had written when it was asked; it is taken again
when a probe finds it well. While the primary is away a replica is read from however old it is: it is all there is.

Nobody goes back in time: the workers of one server share the newest version of the data that any of them has shown, and
a replica that shows an older one is passed over for that request. Only when the primary has been away for longer than
REPLICA_MAX_LAG_SECONDS does an older answer count for more than none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from ticker_converter.api import metrics
from ticker_converter.api.deadline import CURRENT, Behind
from ticker_converter.api.newest import Newest
from ticker_converter.db import Connection, translated
from ticker_converter.errors import DatabaseUnavailable, TickerConverterError
from ticker_converter.queries import standby

log = logging.getLogger(__name__)

Where = Literal["replica", "primary"]
Connect = Callable[[], Connection]
T = TypeVar("T")

#: Seconds that a probe waits for a replica to arrive at what the primary has, and that one found behind is left alone.
MOMENT, ASIDE = 0.5, 1.0


class Source:
    """One server process's choice. `replica` and `primary` connect, or raise DatabaseUnavailable."""

    def __init__(self, replica: Connect, primary: Connect, max_lag: float, interval: float) -> None:
        self._connect: dict[Where, Connect] = {"replica": replica, "primary": primary}
        self._max_lag, self._interval = max_lag, interval
        self._newest = Newest.shared or Newest()
        self._where: Where = "replica"
        self._aside_until = float("-inf")
        self._primary_away_since: float | None = None
        self._wake, self._closed, self._mutex = threading.Event(), False, threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def primary_away(self) -> bool:
        """Whether the last probe found no primary."""
        return self._primary_away_since is not None

    def where(self) -> Where:
        """Which server the request of this thread reads from."""
        work = CURRENT.get()
        aside = time.monotonic() < self._aside_until and not self.primary_away
        return "primary" if aside or (work is not None and work.primary) else self._where

    def connect(self, where: Where) -> tuple[Connection, Where]:
        """A connection to that server, or to the other one where it does not answer, and to which."""
        try:
            return self._connect[where](), where
        except DatabaseUnavailable:
            self.lost()
            other: Where = "primary" if where == "replica" else "replica"
            work = CURRENT.get()
            if other == "replica" and work is not None and work.primary and not self._given_up():
                raise
            found = self._connect[other]()
            self._takes(other)
            return found, other

    def shows(self, version: int, where: Where) -> None:
        """A snapshot of that server has that version; Behind if a reader has seen a newer one."""
        if where == "replica" and version < self._newest.get() and not self._given_up():
            self._aside_until = time.monotonic() + ASIDE
            raise Behind("the replica is behind what was shown before")
        self._newest.shown(version)

    def _given_up(self) -> bool:
        since = self._primary_away_since
        return since is not None and time.monotonic() - since > self._max_lag

    # ---- the probe ----

    def start(self) -> None:
        """Begin to probe."""
        metrics.REPLICA.set(self._where == "replica")
        self._thread = threading.Thread(target=self._run, name="replica", daemon=True)
        self._thread.start()

    def lost(self) -> None:
        """A reader lost its server: probe now."""
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._closed:
            self.probe()
            self._wake.wait(self._interval)
            if self._wake.is_set() and not self._closed:
                self._wake.clear()
                time.sleep(0.1)  # those who lose it together ask for one probe

    def probe(self) -> None:
        """Ask both, and choose."""
        with self._mutex:
            written = self._asked("primary", standby.position)
            if written is None:
                self._primary_away_since = self._primary_away_since or time.monotonic()
            else:
                self._primary_away_since = None
            # Behind a primary that is away nobody knows how far.
            lag = self._asked("replica", lambda conn: _behind(conn, written) if written else 0.0)
            if lag is None:
                self._takes("primary")
            elif lag > self._max_lag:
                log.warning("the replica is %.0f s behind (REPLICA_MAX_LAG_SECONDS=%.0f)", lag, self._max_lag)
                self._takes("primary")
            else:
                self._takes("replica")

    def _takes(self, where: Where) -> None:
        if where != self._where:
            log.warning("reading from the %s", where)
        self._where = where
        metrics.REPLICA.set(where == "replica")

    def _asked(self, where: Where, ask: Callable[[Connection], T]) -> T | None:
        """What that server says; None when it is away."""
        try:
            conn = self._connect[where]()
            try:
                with translated(f"probing the {where}"):
                    return ask(conn)
            finally:
                conn.close()
        except TickerConverterError as error:
            log.info("the %s is away: %s", where, error)
            return None


def _behind(conn: Connection, position: str) -> float:
    """Seconds behind; what is on its way to a replica that keeps up arrives while it is asked."""
    until = time.monotonic() + MOMENT
    while (found := standby.behind(conn, position)) and time.monotonic() < until:
        time.sleep(0.05)
    return found
