"""What every command does first: read the settings, open the warehouse, and say so when something takes long."""

from __future__ import annotations

import os
import pwd
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from ticker_converter import audit, connection, db
from ticker_converter.cli.words import flat
from ticker_converter.settings import Settings, load


@dataclass(frozen=True, slots=True)
class Open:
    """A command's settings and its connection."""

    settings: Settings
    connection: db.Connection


@contextmanager
def reading() -> Iterator[Open]:
    """A read-only session."""
    settings = load()
    with Progress() as progress:
        progress("opening the database")
        conn = connection.reader(settings, "cli")
    try:
        with db.translated():
            yield Open(settings, conn)
    finally:
        conn.close()


@contextmanager
def writing() -> Iterator[Open]:
    """A session that may write; a transaction is begun where one is meant."""
    settings = load()
    with Progress() as progress:
        progress("opening the database")
        conn = connection.writer(settings, "cli")
    conn.autocommit = True
    try:
        with db.translated():
            audit.context(conn, audit.Asked(f"login {author()}", "command line"))
            yield Open(settings, conn)
    finally:
        conn.close()


def author() -> str:
    """Who is at the keyboard, as the machine knows them."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


class Progress:
    """Tells on stderr what is under way, once that has taken a second, and then at most every second."""

    def __init__(self) -> None:
        self._text = ""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._shown = 0

    def __call__(self, text: str) -> None:
        self._text = text
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._shown and sys.stderr.isatty():
            _write(f"\r{' ' * self._shown}\r")

    def _watch(self) -> None:
        said = ""
        while not self._ended.wait(1.0):
            if said == self._text:
                continue
            said = self._text
            line = flat(f"ticker-converter: {said} ...")
            if sys.stderr.isatty():
                line = line[:79]
                _write(f"\r{line:{self._shown}}")
                self._shown = len(line)
            else:
                _write(f"{line}\n")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
