"""The worker: does what the API was asked for, outside the web process. As many as one likes may run.

Two lanes, each a thread with a connection of its own: a sync that waits for a quota keeps no correction waiting. While
a request is worked on a third connection renews its lease; a worker that is killed says nothing more, and after the
lease another takes the request over. What the pipeline has done by then stands, and is not done twice (ops/execute.py).

A worker waits on LISTEN and looks again every few seconds, so that a lost notice delays and loses nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from uuid import uuid4

import psycopg

from ticker_converter import audit, connection, coverage, db
from ticker_converter.errors import DatabaseUnavailable, Locked, TickerConverterError
from ticker_converter.ops import execute, quota, request, retention
from ticker_converter.ops.request import Taken
from ticker_converter.settings import Settings

log = logging.getLogger(__name__)

#: Seconds between two looks when no notice came, and before a request that met a database away is tried again.
LOOK, AGAIN = 5.0, 3.0
#: How often a request is begun at most: one that kills its worker must not kill every worker for ever.
TRIES = 5
#: Seconds between two notes of the quotas, and between two looks at what has outlived its time.
NOTE, KEEP = 60.0, 86_400.0


class Worker:
    """Two lanes until `stop`; `run` returns when both have ended."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End: a short act is finished, a sync goes back and the next worker goes on with it."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`."""
        lanes = [
            threading.Thread(target=self._lane, args=(acts,), name=acts[0], daemon=True)
            for acts in (request.SHORT, request.LONG)
        ]
        for lane in lanes:
            lane.start()
        log.info("worker %s waits for requests", self.name)
        for lane in lanes:
            while lane.is_alive():  # a join without a limit would keep signals waiting
                lane.join(0.5)

    def _lane(self, acts: Sequence[str]) -> None:
        while not self._stopping.is_set():
            try:
                with ExitStack() as stack:
                    conn = stack.enter_context(connection.writer(self._settings, "worker"))
                    conn.autocommit = True
                    ears = stack.enter_context(db.writer(self._settings, process="worker", autocommit=True))
                    with db.translated():
                        request.listen(ears)
                        self._serve(conn, ears, acts)
            except TickerConverterError as error:
                log.warning("the worker tries again: %s", error)
                self._stopping.wait(AGAIN)

    def _serve(self, conn: db.Connection, ears: db.Connection, acts: Sequence[str]) -> None:
        housekept = kept = float("-inf")
        while not self._stopping.is_set():
            while not self._stopping.is_set() and (taken := request.take(conn, acts, self.name)) is not None:
                self._work(conn, taken)
            if acts is request.SHORT and time.monotonic() - housekept > NOTE:
                housekept = time.monotonic()
                quota.note(conn, coverage.ledgers(conn, self._settings))
                if housekept - kept > KEEP:
                    kept = housekept
                    retention.retention(conn, self._settings.log_retention_days, _logged)
            until = time.monotonic() + LOOK
            while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
                if any(True for _ in ears.notifies(timeout=min(left, 0.5), stop_after=1)):
                    break

    def _work(self, conn: db.Connection, taken: Taken) -> None:
        who = {"request": str(taken.request_id), "request_id": taken.asked_as, "act": taken.act}
        if taken.attempts > TRIES:
            failed = TickerConverterError(f"it was begun {TRIES} times and never ended")
            request.finish(conn, taken, "failed", error=failed)
            return
        log.info("%s begins", taken.act, extra=who)
        audit.context(conn, audit.Asked(taken.author, "worker", taken.asked_as or ""))
        with _Pulse(self._settings, taken, self._stopping) as pulse:
            try:
                with db.translated():
                    execute.execute(conn, self._settings, taken, pulse.progress, pulse.begun)
                log.info("%s is done", taken.act, extra=who)
            except execute.Lost:
                pulse.close()
                self._lost(conn, taken, pulse)
            except (DatabaseUnavailable, Locked) as error:
                log.warning("%s is tried again: %s", taken.act, error, extra=who)
                pulse.close()
                if conn.closed or conn.broken:
                    raise
                request.put_back(conn, taken, AGAIN)
            except TickerConverterError as error:
                log.info("%s is refused: %s", taken.act, error, extra=who)
                request.finish(conn, taken, "failed", run_id=pulse.run_id, error=error)

    def _lost(self, conn: db.Connection, taken: Taken, pulse: _Pulse) -> None:
        """Cancelled, or this worker ends; where another has it, neither statement finds a row."""
        if self._stopping.is_set():
            request.put_back(conn, taken)
        else:
            request.finish(conn, taken, "cancelled", run_id=pulse.run_id)
        log.info("%s is given up", taken.act, extra={"request": str(taken.request_id)})


def _logged(found: dict[str, int]) -> None:
    if any(found.values()):
        log.info("retention removes what has outlived its time", extra={"rows": found})


class _Pulse:
    """Renews a request's lease beside the work, and is asked by the work, at each step, whether to go on."""

    def __init__(self, settings: Settings, taken: Taken, stopping: threading.Event) -> None:
        self._settings, self._taken, self._stopping = settings, taken, stopping
        self.run_id: int | None = None
        self._said: str | None = None
        self._goes_on = True
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> _Pulse:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """No sign of life after this."""
        self._ended.set()
        self._thread.join()

    def begun(self, run_id: int) -> None:
        """The run that does it."""
        self.run_id = run_id

    def progress(self, text: str) -> None:
        """What the work does next; Lost when it is to end."""
        self._said = text[:200]
        if not self._goes_on or (self._stopping.is_set() and self._taken.act in request.LONG):
            raise execute.Lost

    def _beat(self) -> None:
        while not self._ended.is_set():
            try:
                with db.translated(), db.writer(self._settings, process="pulse", autocommit=True) as conn:
                    while not self._ended.wait(request.BEAT):
                        self._goes_on = request.beat(conn, self._taken, self.run_id, self._said)
            except (TickerConverterError, psycopg.Error) as error:
                log.warning("no sign of life could be given: %s", error)
                self._ended.wait(request.BEAT)
