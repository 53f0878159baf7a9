"""Reading ahead: the next pieces of a file are parsed in a thread of their own while the database takes the last one.

A few pieces at most wait, so that memory does not grow with the file. What goes wrong in the thread is raised where the
piece is taken; a reader that stops early stops the thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: Pieces that wait, beside the one being made and the one being stored.
WAITING = 1


def ahead(pieces: Iterable[T]) -> Iterator[T]:
    """The same pieces, made in another thread."""
    waiting: queue.Queue[T | BaseException | None] = queue.Queue(WAITING)
    stopped = threading.Event()

    def put(piece: T | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(piece, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for piece in pieces:
                if not put(piece):
                    return
            put(None)
        except BaseException as error:  # raised again by the reader
            put(error)

    thread = threading.Thread(target=work, name="reading ahead", daemon=True)
    thread.start()
    try:
        while (piece := waiting.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        stopped.set()
        thread.join()
