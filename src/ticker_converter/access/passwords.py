"""argon2id, at most two at once per container: one hash takes 64 MiB, and a flood of log-ins must not take all memory.

Gunicorn's workers share the two places by record locks on one unnamed file, which the master opens before it forks
(`share_places`) and the kernel frees when a process dies. The time of an answer does not tell whether a user exists: an
unknown one's password is checked against a hash that nothing fits.
"""

from __future__ import annotations

import fcntl
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ticker_converter.errors import TooMany, Usage

AT_ONCE = 2
#: How many wait per process, and how long: a waiting log-in holds a thread that could answer a reader.
WAITING, PATIENCE = 8, 5.0
LEAST, MOST = 8, 1024

#: RFC 9106's second recommendation: 64 MiB, 3 passes, 4 lanes.
_hasher = PasswordHasher()


class Places:
    """`count` places shared by the threads of this process and by the processes forked from it."""

    def __init__(self, count: int) -> None:
        self._file, name = tempfile.mkstemp()  # a descriptor, open as long as the process is
        Path(name).unlink()
        self._mine = [threading.Lock() for _ in range(count)]
        self._queue = threading.BoundedSemaphore(WAITING)

    @contextmanager
    def one(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold a place; TooMany when none comes free, or too many wait."""
        if not self._queue.acquire(blocking=False):
            raise TooMany("too many are logging in at this moment: try again", 2)
        try:
            until = time.monotonic() + patience
            while (held := self._take()) is None:
                if time.monotonic() > until:
                    raise TooMany("too many are logging in at this moment: try again", 2)
                time.sleep(0.01)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, held)
                self._mine[held].release()
        finally:
            self._queue.release()

    def _take(self) -> int | None:
        # Record locks are a process's: its own threads are kept apart by `_mine`.
        for number, mine in enumerate(self._mine):
            if not mine.acquire(blocking=False):
                continue
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except OSError:
                mine.release()
                continue
            return number
        return None


@cache
def places() -> Places:
    """Those of this process, and of all that are forked once they were asked for."""
    return Places(AT_ONCE)


def hashed(password: str) -> str:
    """The encoded argon2id hash; Usage when the password is too short or too long."""
    if not len(password) >= LEAST or len(password.encode()) > MOST:
        raise Usage(f"a password has {LEAST} characters or more, and {MOST} bytes or less")
    with places().one():
        return _hasher.hash(password)


def fits(encoded: str | None, password: str) -> bool:
    """Whether a password is the one; without a hash it is not, after the same time."""
    if len(password.encode()) > MOST:
        password = ""
    with places().one():
        try:
            return _hasher.verify(encoded or _nobody(), password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False


def renewed(encoded: str, password: str) -> str | None:
    """The hash with today's parameters, where it has others."""
    return hashed(password) if _hasher.check_needs_rehash(encoded) else None


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex())
