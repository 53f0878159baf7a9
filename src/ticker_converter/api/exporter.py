"""The listener on METRICS_PORT: what the workers counted, added up, and what the warehouse says of itself.

A process of its own beside the workers, forked by the Gunicorn master and ending with it, so that a saturated worker
does not delay a scrape and no database connection lives in the master. It answers GET /metrics and nothing else, and is
meant for loopback or a monitoring network: it has no authentication.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ticker_converter import db
from ticker_converter.db import Connection
from ticker_converter.errors import BadSetting, TickerConverterError
from ticker_converter.queries import vitals
from ticker_converter.settings import Settings

log = logging.getLogger(__name__)


def listener(settings: Settings) -> socket.socket:
    """The listening socket; BadSetting when another program has the port."""
    try:
        return socket.create_server((settings.metrics_host, settings.metrics_port))
    except OSError as error:
        raise BadSetting(
            f"METRICS_PORT {settings.metrics_port} on {settings.metrics_host}: {error.strerror}; "
            "choose another port, or set ENABLE_METRICS=false"
        ) from None


class Warehouse(Collector):
    """The warehouse's own numbers, read at each scrape; `ticker_converter_database_up` is 0 when it does not answer."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering connects to no database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """One family per name of `queries.vitals`."""
        up = GaugeMetricFamily("ticker_converter_database_up", "Whether the database answers.")
        try:
            with self._connect() as conn:
                found = vitals.vitals(conn)
        except TickerConverterError as error:
            log.warning("metrics: %s", error)
            up.add_metric((), 0)
            yield up
            return
        up.add_metric((), 1)
        yield up
        for one in found:
            family = GaugeMetricFamily(f"ticker_converter_{one.name}", one.help, labels=one.labels)
            for labels, value in one.values:
                family.add_metric(labels, value)
            yield family


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not logged."""


def fork(settings: Settings, folder: Path, taken: socket.socket) -> int:
    """Start the listener process on the socket; returns its process id. It ends when its parent does."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        for one in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH):
            signal.signal(one, signal.SIG_IGN)  # the master's business
        for one in (signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
            signal.signal(one, signal.SIG_DFL)
        _serve(settings, folder, taken, parent)
    finally:
        if sys.exc_info()[0] is not None:
            log.critical("the listener of /metrics failed", exc_info=True)
        os._exit(1)  # never back into the master's code


def _serve(settings: Settings, folder: Path, taken: socket.socket, parent: int) -> None:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    registry.register(Warehouse(lambda: db.reader(settings, process="metrics", autocommit=True)))
    server: WSGIServer = ThreadingWSGIServer(taken.getsockname()[:2], _Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket, (server.server_name, server.server_port) = taken, taken.getsockname()[:2]
    server.setup_environ()
    metrics = make_wsgi_app(registry)

    def answer(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/metrics" or environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics\n"]
        body: Iterable[bytes] = metrics(environ, start)
        return body

    server.set_app(answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)
