"""Computed bodies, kept as long as the data's version that they were made from is the one a reader sees.

A key holds all that determines a body: the data's version, the day, the request, the format, the release and the
settings of conversion. So nothing in here is ever wrong, only unused: a publish makes new keys, and what is old falls
out by age. The version is read for every request, in the snapshot that a missing body is then made in.
X-Request-ID and RateLimit-* are no part of a body: the middleware adds them to each answer.

Kept in the worker (at most MEMORY bytes) and in Redis (at most LASTS seconds). One thread of a worker makes a body
while others wait for it; a short lock in Redis does the same among workers. A wait that is over, or a Redis that is
away, means making it oneself: no answer depends on another's.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from ticker_converter.api import metrics
from ticker_converter.api.shared import Away, Shared, value

#: Bytes of bodies in a worker's memory, and of the largest that is kept there and in Redis.
MEMORY, LARGEST = 16 * 1024 * 1024, 1024 * 1024
#: Seconds that a body lasts in Redis, that a lock does, that other workers wait for a body, and between two looks.
LASTS, LOCKED, PATIENCE, LOOK = 3600, 3, 2.0, 0.02
#: Seconds that threads of one worker wait for one of them, whose query ends after API_TIMEOUT at the latest.
TOGETHER = 30.0

_PREFIX = b"tc:body:"
_UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class Body(msgspec.Struct, frozen=True, array_like=True):
    """One answer: the next page's address, and the bytes."""

    following: str | None
    content: bytes


@dataclass(slots=True)
class _Flight:
    """A body that a thread is making, for those who wait."""

    over: threading.Event = field(default_factory=threading.Event)
    body: Body | None = None


class Bodies:
    """The bodies of one worker, and those that it shares."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._mutex = threading.Lock()
        self._memory: OrderedDict[bytes, Body] = OrderedDict()
        self._size = 0
        self._flights: dict[bytes, _Flight] = {}

    def get(self, key: bytes, make: Callable[[], Body], lasts: Callable[[], bool]) -> Body:
        """The body of that key, made if nobody has it. `lasts`: whether what was made is still what the key says."""
        with self._mutex:
            found = self._memory.get(key)
            if found is not None:
                self._memory.move_to_end(key)
            else:
                mine = key not in self._flights
                flight = self._flights.setdefault(key, _Flight())
        if found is not None:
            metrics.CACHE.labels("memory").inc()
            return found
        if not mine:
            flight.over.wait(TOGETHER)
            if flight.body is not None:
                metrics.CACHE.labels("waited").inc()
                return flight.body
            metrics.CACHE.labels("miss").inc()
            return make()
        try:
            flight.body = self._shared_or_made(_PREFIX + key.hex().encode(), make, lasts)
            if flight.body is not None:
                self._remember(key, flight.body)
                return flight.body
        finally:
            with self._mutex:
                del self._flights[key]
            flight.over.set()
        return make()

    def _shared_or_made(self, key: bytes, make: Callable[[], Body], lasts: Callable[[], bool]) -> Body | None:
        """The body from Redis, else made and put there. None: what was made does not last."""
        token = secrets.token_hex(8)
        locked = False
        try:
            if (found := self._look(key)) is not None:
                metrics.CACHE.labels("redis").inc()
                return found
            locked = bool(
                self._shared.call(lambda redis: redis.set(key + b":lock", token, nx=True, ex=LOCKED))
            )
            until = time.monotonic() + PATIENCE
            while not locked and time.monotonic() < until:
                time.sleep(LOOK)
                if (found := self._look(key)) is not None:
                    metrics.CACHE.labels("redis").inc()
                    return found
                locked = bool(
                    self._shared.call(lambda redis: redis.set(key + b":lock", token, nx=True, ex=LOCKED))
                )
        except Away as away:
            if away.asked:
                metrics.CACHE.labels("error").inc()
        metrics.CACHE.labels("miss").inc()
        try:
            made = make()
            if not lasts():
                return None
            if len(made.content) <= LARGEST:
                packed = msgspec.msgpack.encode(made)
                with suppress(Away):
                    self._shared.call(lambda redis: redis.set(key, packed, ex=LASTS))
            return made
        finally:
            if locked:
                with suppress(Away):
                    self._shared.call(lambda redis: redis.eval(_UNLOCK, 1, key + b":lock", token))

    def _look(self, key: bytes) -> Body | None:
        found = self._shared.call(lambda redis: value(redis.get(key)))
        if found is None:
            return None
        try:
            return msgspec.msgpack.decode(found, type=Body)
        except msgspec.DecodeError:  # of a release that kept it otherwise
            return None

    def _remember(self, key: bytes, body: Body) -> None:
        if len(body.content) > LARGEST:
            return
        with self._mutex:
            if (before := self._memory.pop(key, None)) is not None:
                self._size -= len(before.content)
            self._memory[key] = body
            self._size += len(body.content)
            while self._size > MEMORY or len(self._memory) > MEMORY // 1024:
                _, old = self._memory.popitem(last=False)
                self._size -= len(old.content)
