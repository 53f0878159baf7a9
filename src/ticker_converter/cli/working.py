"""worker: does what the API was asked for."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from typing import Any

from ticker_converter.cli import words
from ticker_converter.cli.words import Commands, command

#: Seconds that a short act under way may take once the worker is told to end.
GRACE = 20.0


def register(commands: Commands) -> None:
    """Add the command of this module."""
    worker = command(
        commands, "worker", _worker, "Do what the API was asked for: syncs, corrections, answers to held rows.",
        "Several may run; `serve` starts one beside an embedded database.",
    )  # fmt: skip
    worker.add_argument(
        "--with-parent", type=words.count, metavar="PID", help="end when this process, which started it, does"
    )


def _worker(arguments: argparse.Namespace) -> int:
    import logging.config

    from ticker_converter import audit
    from ticker_converter.api import logs
    from ticker_converter.cli import session
    from ticker_converter.worker import Worker

    with session.writing() as opened:  # a database that is not there, or not migrated, is said at once
        settings = opened.settings
        audit.started(opened.connection, settings, "worker")
    logging.config.dictConfig(logs.config(settings))
    worker = Worker(settings)

    def end(*_: Any) -> None:
        worker.stop()
        threading.Thread(target=_watchdog, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if arguments.with_parent:
        threading.Thread(target=_orphaned, args=(arguments.with_parent, end), daemon=True).start()
    worker.run()
    return 0


def _orphaned(parent: int, end: Any) -> None:
    while os.getppid() == parent:
        threading.Event().wait(1.0)
    end()


def _watchdog() -> None:
    """A sync may be asleep until its provider's next minute: it is left to the next worker, as after a kill."""
    threading.Event().wait(GRACE)
    os._exit(0)
