"""How often one caller may ask: RATE_LIMIT_REQUESTS in RATE_LIMIT_WINDOW seconds, per key or user, else per address.

A window is fixed: it begins with a caller's first request and ends RATE_LIMIT_WINDOW later. Counted where it can be:

    redis     exact across workers and containers: one script counts and sets the window's end
    leases    in PostgreSQL: a worker takes 5 % of the limit at a time. Never more than the limit is admitted; up to
              (workers - 1) x (lease - 1) requests that other workers hold may be refused before it
    worker    where neither answers in 50 ms: each worker admits limit / workers, at least one

A change from one to another begins a new window. A request whose credential is refused counts for its address, so that
guessing is limited too; of an IPv6 address the first 64 bits count, which is what one subscriber has.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any, cast

from fastapi import Request

from ticker_converter import sql
from ticker_converter.api import metrics
from ticker_converter.api.shared import Away, Shared
from ticker_converter.db import Connection, translated
from ticker_converter.errors import TooMany
from ticker_converter.settings import Settings

log = logging.getLogger(__name__)

#: Part of the limit that a worker leases, seconds it waits for a lease, and for which it asks no more after a failure.
PART, PATIENCE, PAUSE = 0.05, 0.05, 1.0
#: Callers remembered per worker, and leases between two tidyings of the table.
REMEMBERED, TIDY = 50_000, 1000

_COUNT = """
local n = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {n, left}
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: what the headers RateLimit-* say."""

    limit: int
    remaining: int
    resets: float
    admitted: bool
    mode: str

    def headers(self) -> dict[str, str]:
        """As headers; seconds are rounded up, so that who waits them out is admitted."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(max(1, math.ceil(self.resets))),
        }


@dataclass(slots=True)
class _Held:
    """What this worker may still admit of a window until `ends`, what was free beside it, and when it is surely over:
    the two differ by the time that asking took."""

    left: int
    free: int
    ends: float
    over: float


class Limits:
    """The counts of one worker. `connect` gives a connection of the web role for leases."""

    def __init__(self, settings: Settings, shared: Shared, connect: Callable[[], Connection]) -> None:
        self.limit, self._window = settings.rate_limit_requests, settings.rate_limit_window
        self._own = max(1, self.limit // settings.api_workers)
        self._shared, self._leases = shared, _Leases(connect, self.limit, self._window)
        self._held: dict[bytes, _Held] = {}
        self._alone: dict[bytes, _Held] = {}
        self._asking: dict[bytes, asyncio.Future[None]] = {}
        self._asked_again = float("-inf")

    async def count(self, request: Request, who: str) -> None:
        """Count one request; TooMany over the limit. The middleware writes `request.state.standing` into headers."""
        if not self.limit:
            return
        standing = await self.standing(who)
        request.state.standing = standing
        if not standing.admitted:
            metrics.LIMITED.labels(standing.mode).inc()
            wait = max(1, math.ceil(standing.resets))
            raise TooMany(
                f"More than {self.limit} requests in {self._window} s (RATE_LIMIT_REQUESTS). Try again in {wait} s.",
                wait,
            )

    async def standing(self, who: str) -> Standing:
        """Count one request of that caller."""
        subject = sha256(f"{self.limit} {self._window} {who}".encode()).digest()[:20]
        try:
            return await self._exact(subject)
        except Away:
            return await self._leased(subject) or self._by_itself(subject)

    async def _exact(self, subject: bytes) -> Standing:
        key = b"tc:limit:" + subject.hex().encode()
        made = await self._shared.ask(
            lambda client: cast(Any, client.eval(_COUNT, 1, key, str(self._window * 1000)))
        )
        number, left = int(made[0]), int(made[1]) / 1000
        return Standing(self.limit, max(0, self.limit - number), left, number <= self.limit, "redis")

    async def _leased(self, subject: bytes) -> Standing | None:
        """By a lease; None when PostgreSQL gives no answer in time."""
        while True:
            now = time.monotonic()
            held = self._held.get(subject)
            if held is not None and (held.ends > now if held.left else held.over > now and not held.free):
                admitted = held.left > 0
                held.left -= admitted
                remaining = held.left + held.free
                return Standing(self.limit, remaining, held.over - now, admitted, "leases")
            if now < self._asked_again:
                return None
            asking = self._asking.get(subject)
            if asking is None:  # one lease per caller at a time: others wait for it
                asking = asyncio.ensure_future(self._lease(subject))
                self._asking[subject] = asking
                asking.add_done_callback(lambda over: self._over(subject, over))
            done, _ = await asyncio.wait({asking}, timeout=PATIENCE)
            if not done or asking.exception() is not None:
                if now >= self._asked_again:
                    log.warning("no lease of requests from PostgreSQL in %.0f ms", PATIENCE * 1000)
                self._asked_again = time.monotonic() + PAUSE
                return None

    def _over(self, subject: bytes, lease: asyncio.Future[None]) -> None:
        self._asking.pop(subject, None)
        if not lease.cancelled():
            lease.exception()  # looked at: nobody may be waiting any more

    async def _lease(self, subject: bytes) -> None:
        granted, free, ends, over = await asyncio.get_running_loop().run_in_executor(
            self._leases.thread, self._leases.take, subject
        )
        now = time.monotonic()
        _bounded(self._held, now)
        before = self._held.get(subject)
        kept = before.left if before is not None and before.ends > now else 0
        self._held[subject] = _Held(kept + granted, free, ends, over)

    def _by_itself(self, subject: bytes) -> Standing:
        now = time.monotonic()
        held = self._alone.get(subject)
        if held is None or held.ends <= now:
            _bounded(self._alone, now)
            held = self._alone[subject] = _Held(self._own, 0, now + self._window, now + self._window)
        admitted = held.left > 0
        held.left -= admitted
        return Standing(self._own, held.left, held.ends - now, admitted, "worker")

    def close(self) -> None:
        """End the thread and its connection."""
        self._leases.close()


def _bounded(held: dict[bytes, _Held], now: float) -> None:
    """Make room: first what is over goes, then what came first."""
    if len(held) < REMEMBERED:
        return
    for name in [name for name, one in held.items() if one.ends <= now]:
        del held[name]
    while len(held) >= REMEMBERED:
        del held[next(iter(held))]


class _Leases:
    """Leases by one connection in one thread."""

    def __init__(self, connect: Callable[[], Connection], limit: int, window: int) -> None:
        self._connect, self._limit, self._window = connect, limit, window
        self._lease = max(1, int(limit * PART))
        self._conn: Connection | None = None
        self._taken = 0
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="leases")

    def take(self, subject: bytes) -> tuple[int, int, float, float]:
        """Requests granted, those still free for anybody, and when the window ends by this machine's clock: at the
        earliest and at the latest."""
        asked = time.monotonic()
        with translated("leasing requests"):
            if self._conn is None or self._conn.closed:
                self._conn = self._connect()
            try:
                row = self._conn.execute(
                    sql.load("access/limit_take"),
                    {"subject": subject, "lease": self._lease, "most": self._limit, "seconds": self._window},
                ).fetchone()
                self._taken += 1
                if self._taken % TIDY == 0:
                    self._conn.execute(sql.load("access/limit_forget"))
            except BaseException:
                self._conn.close()
                raise
        assert row is not None
        return int(row[0]), int(row[1]), asked + float(row[2]), time.monotonic() + float(row[2])

    def close(self) -> None:
        """End the thread and its connection."""
        self.thread.shutdown(wait=False, cancel_futures=True)
        if self._conn is not None:
            self._conn.close()


def address(request: Request) -> str:
    """Whom a request counts for when its credential names nobody."""
    client = request.client.host if request.client else "unknown"
    try:
        found = ip_address(client)
    except ValueError:
        return f"address {client}"
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64)
    return f"address {found}"
