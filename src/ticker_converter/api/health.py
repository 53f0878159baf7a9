"""Alive, and able to serve: asked by supervisors and load balancers, whatever else is going on.

Live never touches the database. Ready has a connection and a thread of its own, so that a full pool does not take a
server that works out of service, and asks the database at most once a second.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Request, Response

from ticker_converter import sql
from ticker_converter.api import schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.pool import Readers
from ticker_converter.api.source import Source
from ticker_converter.errors import TickerConverterError, WrongDatabase
from ticker_converter.queries import readiness

router = APIRouter(prefix="/health", tags=["health"], route_class=Guarded)

#: Seconds for which one probe of the database is good.
FRESH = 1.0


class Probe:
    """Whether the database answers and has this release's migrations."""

    def __init__(self, readers: Readers, source: Source | None = None) -> None:
        self._readers, self._source = readers, source
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ready")
        self._checked = float("-inf")
        self._error: TickerConverterError | None = None

    @property
    def degraded(self) -> bool:
        """Whether only a replica answers: reads go on, nothing can be written."""
        return self._source is not None and self._source.primary_away

    async def check(self) -> None:
        """The error that keeps this server from serving, if any: DatabaseUnavailable or WrongDatabase."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._check)
        if self._error is not None:
            raise self._error.with_traceback(None)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _check(self) -> None:
        if time.monotonic() - self._checked < FRESH:
            return
        needed = sql.latest()
        if self._source is not None:
            self._source.probe()
        try:
            with self._readers.snapshot() as conn:
                applied = readiness.last_migration(conn)
            # An older release serves on a database that a newer one has extended (a rolling upgrade).
            if applied < needed:
                raise WrongDatabase(f"the database has migration {applied}, this release needs {needed}")
            self._error = None
        except TickerConverterError as error:
            self._error = error
        self._checked = time.monotonic()


@router.get("/live", response_model=schemas.Health, summary="Whether the process answers")
async def live(response: Response) -> schemas.Health:
    """Never touches the database."""
    response.headers["Cache-Control"] = "no-store"
    return schemas.Health(status="alive")


@router.get(
    "/ready", response_model=schemas.Health, responses={503: schemas.PROBLEM},
    summary="Whether it can serve: the database answers and is migrated",
)  # fmt: skip
async def ready(request: Request, response: Response) -> schemas.Health:
    """503 while the database is away or lacks a migration of this release; `degraded` while a replica alone answers."""
    probe: Probe = request.app.state.probe
    await probe.check()
    response.headers["Cache-Control"] = "no-store"
    return schemas.Health(status="degraded" if probe.degraded else "ready")
