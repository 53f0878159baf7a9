"""How a worker of the server ends without losing a request: it drains its connections first.

Uvicorn closes idle keep-alive connections the moment it is told to end, and ends at once at its limit of requests: a
proxy that has just sent a request on one of them gets a reset. With API_MAX_REQUESTS=1000 and a saturated nginx in
front, a fifteen-second run lost 1,236 requests (November 2026). Here a worker first says `Connection: close` on every
answer, and closes a connection that nothing has used for QUIET seconds; only then does it stop.

A worker that has reached its limit goes on accepting while it drains, waits for its turn, and turns come one at a time:
never are two workers of one server away together.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from uvicorn import Config, Server

#: Seconds without a request after which a draining worker closes a connection.
QUIET = 2.0
#: Seconds between two workers that end because of API_MAX_REQUESTS.
BETWEEN = 60.0

CLOSE = (b"connection", b"close")


class Turn:
    """Whose turn it is to be replaced: a lock between the workers of one master, and when it was last taken.

    Made by the master before it forks; the file has no name and ends with the processes."""

    def __init__(self, between: float = BETWEEN) -> None:
        self._between = between
        self._file, name = tempfile.mkstemp()  # open as long as the processes are
        Path(name).unlink()
        os.write(self._file, b"-inf")

    def take(self) -> bool:
        """Whether this process may end now; the turn is over when it has ended."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        now = time.clock_gettime(time.CLOCK_MONOTONIC)  # one clock for all processes of a machine
        if now - float(os.pread(self._file, 64, 0)) < self._between:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
            return False
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, repr(now).encode(), 0)
        return True


class DrainingServer(Server):
    """A Uvicorn server that drains before it ends: when told to, when process `parent` is gone, and when after `limit`
    requests it has its turn."""

    def __init__(
        self, config: Config, limit: int | None = None, turn: Turn | None = None, parent: int | None = None
    ) -> None:
        super().__init__(config)
        self._limit, self._turn, self._parent = limit, turn, parent
        self._kept: set[Any] | None = None
        "Connections that were open when the limit was reached; None before."
        self._quiet_since: dict[Any, float] = {}

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to end. At its limit a worker ends when the connections it then had are gone."""
        if self._parent is not None and os.getppid() != self._parent:
            self.should_exit = True  # the master was killed: nobody would end or replace this worker
        ending = await super().on_tick(counter)
        if ending or self._limit is None or self.server_state.total_requests < self._limit:
            return ending
        if self._kept is None:
            if self._turn is not None and not self._turn.take():
                return False
            self._kept = set(self.server_state.connections)
        self._drained()
        return self._kept.isdisjoint(self.server_state.connections)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Stop accepting, let connections drain, then end as Uvicorn does."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        until = time.monotonic() + (self.config.timeout_graceful_shutdown or 0)
        while not self._drained() and not self.force_exit and time.monotonic() < until:
            if self.config.callback_notify is not None:
                await self.config.callback_notify()  # Gunicorn's heartbeat
            await asyncio.sleep(0.05)
        self.config.timeout_graceful_shutdown = max(0, round(until - time.monotonic()))
        await super().shutdown()

    def _drained(self) -> bool:
        """Ask for closed connections, close those that are quiet; whether none is left."""
        headers = self.server_state.default_headers
        if CLOSE not in headers:
            self.server_state.default_headers = [*headers, CLOSE]
        now = time.monotonic()
        connections: set[Any] = set(self.server_state.connections)
        idle = {one for one in connections if one.cycle is None or one.cycle.response_complete}
        self._quiet_since = {one: self._quiet_since.get(one, now) for one in idle}
        for one, since in self._quiet_since.items():
            if now - since >= QUIET:
                one.shutdown()
        return not connections
