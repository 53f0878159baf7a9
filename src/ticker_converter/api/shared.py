"""The Redis that the workers share, used so that its loss costs nobody an error and hardly a wait.

A call may take PATIENCE. After one that failed nobody asks for a second, then two, up to HEALTH_CHECK_INTERVAL, and
each time the next request tries again. It refuses to raise redis-py's errors: `Away` is all a caller has to know.
redis-py 6 and later tries three times with growing pauses unless told otherwise; here it makes a kept connection anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import redis
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import RedisError
from redis.retry import Retry

from ticker_converter.settings import Settings

log = logging.getLogger(__name__)

#: Seconds for connecting, and for an answer.
PATIENCE = 0.05

T = TypeVar("T")


class Away(Exception):
    """Redis does not answer, or is not configured. `asked`: it was asked, and that failed."""

    def __init__(self, asked: bool = False) -> None:
        super().__init__()
        self.asked = asked


class Shared:
    """Two clients of one Redis, for the event loop and for threads, and whether it is there."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_url.reveal() if settings.redis_url is not None else None
        self._interval = float(settings.health_check_interval)
        self._again = float("-inf")
        self._up, self._pause = False, 1.0
        self._threads: redis.Redis | None = None
        self._loop: aioredis.Redis | None = None

    @property
    def away(self) -> bool:
        """Whether not to ask it now."""
        return self._url is None or time.monotonic() < self._again

    def call(self, ask: Callable[[redis.Redis], T]) -> T:
        """What `ask` gets, from a thread; Away."""
        if self.away:
            raise Away
        if self._threads is None:
            self._threads = redis.Redis.from_url(
                cast(str, self._url), socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE,
                retry=Retry(NoBackoff(), 1, supported_errors=(Lost,)), max_connections=128,
            )  # fmt: skip
        try:
            found = ask(self._threads)
        except (RedisError, OSError) as error:
            raise self._failed(error) from None
        self._answered()
        return found

    async def ask(self, ask: Callable[[aioredis.Redis], Awaitable[T]]) -> T:
        """What `ask` gets, from the event loop; Away."""
        if self.away:
            raise Away
        if self._loop is None:
            self._loop = aioredis.Redis.from_url(
                cast(str, self._url), socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE,
                retry=AsyncRetry(NoBackoff(), 1, supported_errors=(Lost,)), max_connections=1024,
            )  # fmt: skip
        try:
            found = await asyncio.wait_for(ask(self._loop), PATIENCE)
        except (TimeoutError, RedisError, OSError) as error:
            raise self._failed(error) from None
        self._answered()
        return found

    async def close(self) -> None:
        """Close the connections."""
        if self._loop is not None:
            await self._loop.aclose()
        if self._threads is not None:
            self._threads.close()

    def _failed(self, error: BaseException) -> Away:
        if not self.away:
            log.warning("Redis is away, asked again in %.0f s: %s", self._pause, type(error).__name__)
            self._up, self._again = False, time.monotonic() + self._pause
            self._pause = min(self._pause * 2, self._interval)
        return Away(asked=True)

    def _answered(self) -> None:
        if not self._up:
            self._up, self._pause = True, 1.0
            log.info("Redis answers")


def value(found: Any) -> bytes | None:
    """A reply that is a string or nothing: redis-py types all replies alike."""
    return cast("bytes | None", found)
