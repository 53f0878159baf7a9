"""serve and demo: the web page and the API over HTTP. Their servers are loaded when asked for."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ticker_converter.cli import words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Usage
from ticker_converter.settings import Settings


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    demo = command(
        commands, "demo", _demo, "Load the bundled real sample, print converted prices with receipts, and serve them.",
        "The sample lies in an embedded database of its own.",
    )  # fmt: skip
    demo.add_argument("--port", type=port, default=8000, metavar="N", help="port of both (default: 8000)")
    demo.add_argument("--no-serve", action="store_true", help="print and end")
    serve = command(commands, "serve", _serve, "Serve the web page and the API.")
    serve.add_argument("--host", metavar="H", help="address to listen on (default: API_HOST)")
    serve.add_argument("--port", type=port, metavar="N", help="port to listen on (default: API_PORT)")
    serve.add_argument(
        "--workers", type=words.count, metavar="N", help="worker processes (default: API_WORKERS)"
    )


def port(text: str) -> int:
    """A port number."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535")
    return int(text)


def _demo(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import demo

    return demo.run(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.workers == 0:
        raise Usage("--workers 0: at least one is needed")
    from ticker_converter import audit
    from ticker_converter.api import server
    from ticker_converter.cli import session

    with session.writing() as opened:  # the embedded database is started and brought up to date
        settings = opened.settings
        audit.started(opened.connection, settings, "serve")
    with _worker_beside(settings):
        server.run(
            settings, arguments.host or settings.api_host, arguments.port or settings.api_port,
            arguments.workers or settings.api_workers,
        )  # fmt: skip
    return 0


@contextmanager
def _worker_beside(settings: Settings) -> Iterator[None]:
    """On a laptop the worker is a child of the server; elsewhere it is a service of its own. It ends with the server,
    also when that is killed."""
    if not settings.embedded:
        yield
        return
    me = os.getpid()
    command = [sys.executable, "-m", "ticker_converter", "worker", "--with-parent", str(me)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        if os.getpid() == me:  # a web worker that Gunicorn has forked ends through here as well
            child.terminate()
