"""The newest version of the data that the workers of one server have shown.

It imports nothing that counts: the server's master makes it before it forks, and a metric made there would be the
master's own and never added up with the workers'.
"""

from __future__ import annotations

import fcntl
import os
import struct
import tempfile
import threading
import weakref
from pathlib import Path
from typing import ClassVar


class Newest:
    """The newest version shown by the processes that share it: those forked after it was made."""

    shared: ClassVar[Newest | None] = None
    "Made by the server's master before it forks."

    def __init__(self) -> None:
        self._file, name = tempfile.mkstemp()  # open as long as the processes are
        Path(name).unlink()
        weakref.finalize(self, os.close, self._file)
        os.pwrite(self._file, struct.pack("q", 0), 0)
        self._mine, self._mutex = 0, threading.Lock()

    def get(self) -> int:
        """That version."""
        found: int = struct.unpack("q", os.pread(self._file, 8, 0))[0]
        return found

    def shown(self, version: int) -> None:
        """That version was shown."""
        if version <= self._mine:
            return
        with self._mutex:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                if version > self.get():
                    os.pwrite(self._file, struct.pack("q", version), 0)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
            self._mine = version
