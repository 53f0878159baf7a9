"""Where the workers of one master keep their metrics: a folder of the master's life, a file set per worker slot.

A worker takes the lowest slot that no living worker has, and goes on counting where the slot's last worker ended: the
number of files does not grow with the number of workers that have come and gone. (prometheus_client names files by
process id; replaced every thousand requests, workers filled the folder.)
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path


class Slots:
    """The folder and who has which slot. Made by the master; workers call `enter` after the fork."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ticker-converter-metrics-"))
        self._owner = os.getpid()

    @staticmethod
    def free(taken: Iterable[int]) -> int:
        """The lowest number that is not taken."""
        used = set(taken)
        return next(number for number in range(len(used) + 1) if number not in used)

    def enter(self, slot: int) -> None:
        """Count into that slot from now on; before anything else of this process imports prometheus_client."""
        name = "PROMETHEUS_MULTIPROC_DIR"
        os.environ[name] = str(self.folder)  # environment: prometheus_client looks there
        from prometheus_client import values

        values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]

    def left(self, slot: int) -> None:
        """A worker has ended: what was in flight in it is not any more."""
        for file in self.folder.glob(f"gauge_live*_{slot}.db"):
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder; only its maker does."""
        if os.getpid() == self._owner:
            shutil.rmtree(self.folder, ignore_errors=True)
