"""A primary and its streaming replica, as processes of the test's own that it may kill, pause and start again."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psycopg

from tests.support import postgres


class Pair:
    """Both servers, with one migrated database `prices`; `close` ends them."""

    def __init__(self) -> None:
        self._folder = postgres.run_directory()
        self.primary = postgres.start(self._folder, os.getpid())
        self._user = postgres._user()
        self._standby = self._folder / "standby"
        self._standby.mkdir()
        if self._user is not None:
            os.chown(self._standby, self._user.pw_uid, self._user.pw_gid)
        self.url = self.primary.create("prices")
        self.replica_url = f"postgresql://postgres@/prices?host={self._standby}"

    def replicate(self) -> None:
        """Copy the primary as it is now, and start the copy."""
        self._run("pg_basebackup", "-h", str(self.primary.directory), "-U", "postgres", "-c", "fast", "-N", "-R", "-D",
                  str(self._standby / "data"))  # fmt: skip
        self.start_replica()

    def start_replica(self) -> None:
        """Start the replica, and wait until it answers and has all."""
        self._start(self._standby)
        self.caught_up()

    def start_primary(self) -> None:
        """Start the primary again."""
        self._start(self.primary.directory)

    def kill_replica(self) -> None:
        """End it at once."""
        self._stop(self._standby)

    def kill_primary(self) -> None:
        """End it at once."""
        self._stop(self.primary.directory)

    def pause(self) -> None:
        """The replica replays nothing until `resume`."""
        self._replica("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        """The replica replays again."""
        self._replica("SELECT pg_wal_replay_resume()")

    def caught_up(self) -> None:
        """Wait until the replica has every transaction that is committed on the primary now.

        With synchronous_commit off the last ones are in no log yet, and a server that is killed then has never had
        them (seen: a key lost). A commit that waits takes all before it along."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute("SET synchronous_commit = local")
            conn.execute("SELECT pg_logical_emit_message(true, 'tests', 'caught up')")
            (written,) = conn.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone() or ("",)
        until = time.monotonic() + 30
        while not self._replica("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", written):
            assert time.monotonic() < until
            time.sleep(0.05)

    def close(self) -> None:
        """End both and remove their files."""
        for folder in (self._standby, self.primary.directory):
            if (folder / "data" / "postmaster.pid").exists():
                self._stop(folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _replica(self, statement: str, *values: str) -> bool:
        with psycopg.connect(self.replica_url, autocommit=True) as conn:
            row = conn.execute(statement.encode(), values or None).fetchone()
        return bool(row and row[0])

    def _start(self, folder: Path) -> None:
        settings = " ".join(f"'-c{name}={value}'" for name, value in postgres.SETTINGS.items())
        given = f"-k {folder} {settings}"
        log, data = str(folder / "log"), str(folder / "data")
        self._run("pg_ctl", "-D", data, "-w", "-l", log, "-o", given, "start")

    def _stop(self, folder: Path) -> None:
        self._run("pg_ctl", "-D", str(folder / "data"), "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *words: str) -> None:
        postgres._run([str(self.primary.bin / program), *words], self._standby, self._user)
