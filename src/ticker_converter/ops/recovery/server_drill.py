"""The drill of a server: the newest backup restored into a server of its own, WAL applied up to one named instant, and
both sides compared as of that instant: rows and checksums of every table, and ten questions.

The instant is exact without a lock: a restore point is set while no transaction that writes is under way, and the
snapshot before it is the one after it. So everything that the source's snapshot sees lies before that point in the
WAL, and nothing else does. Writers are not held up; where there is always one, the drill says so and ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from ticker_converter import db, sql
from ticker_converter.db import Connection
from ticker_converter.errors import Locked, Permanent, TickerConverterError
from ticker_converter.ops.recovery import questions, restore, server_copy, server_restore, tables
from ticker_converter.ops.recovery.archive import Question
from ticker_converter.ops.recovery.drill import Drill, record
from ticker_converter.ops.recovery.server_copy import Target
from ticker_converter.queries.result import Policy
from ticker_converter.settings import Settings

PATIENCE = 600
"Seconds in which a moment without a writer must come."
ARCHIVED = 120
"Seconds in which a closed segment must be archived: past this the recovery point is no longer what is promised."


@dataclass(frozen=True, slots=True)
class Instant:
    """The source as of the point: rows and checksum of every table, ten answers, and what was unarchived then."""

    point: str
    tables: Mapping[str, tuple[int, str]]
    questions: tuple[Question, ...]
    loss_seconds: float


def drill(conn: Connection, settings: Settings, policy: Policy, progress: Callable[[str], None]) -> Drill:
    """Restore, compare, ask, and write the result down."""
    started_at = datetime.now(UTC)
    point = f"drill_{started_at:%Y%m%d_%H%M%S}"
    source = _instant(settings, policy, point, progress)
    _archived(conn, progress)
    began, seconds, rows, backup = time.monotonic(), 0.0, 0, ""
    differences: list[str] = []
    try:
        with server_copy.copy(settings, Target(point=source.point), progress) as copy:
            backup = copy.source.kept.id
            with server_restore.session(settings, copy) as there:
                seconds = time.monotonic() - began
                progress("comparing with the source")
                found = _checksums(there)
                rows = sum(count for count, _ in found.values())
                differences += _differing(source.tables, found)
                progress("asking the copy")
                there.autocommit = False
                differences += [
                    f"the copy answers {name} otherwise"
                    for name in questions.differing(there, source.questions, policy)
                ]
                there.rollback()
    except TickerConverterError as error:
        seconds = seconds or time.monotonic() - began
        differences.append(str(error))
    passed = not differences and len(source.questions) > 0
    backup = backup or "none"
    given = {
        "backup_id": backup, "started_at": started_at, "passed": passed, "recovery_seconds": round(seconds, 3),
        "loss_seconds": round(source.loss_seconds, 3), "tables": len(source.tables), "rows": rows,
        "questions": len(source.questions), "differences": Jsonb(differences),
    }  # fmt: skip
    number = record(conn, given)
    return Drill(
        number, backup, "passed" if passed else "failed", round(seconds, 3), round(source.loss_seconds, 3),
        len(source.tables), rows, len(source.questions), tuple(differences),
    )  # fmt: skip


def _instant(settings: Settings, policy: Policy, point: str, progress: Callable[[str], None]) -> Instant:
    """Set the restore point, and read the source as of it."""
    until = time.monotonic() + PATIENCE
    progress("waiting for a moment without a writer")
    with (
        restore.session(settings, db.url(settings)) as marker,
        restore.session(settings, db.url(settings)) as reader,
    ):
        (_, loss) = marker.execute(sql.load("ops/server_archived")).fetchone() or ("", 0.0)
        reader.autocommit = False
        reader.isolation_level, reader.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        number = 0
        while True:
            before, quiet = reader.execute(sql.load("ops/server_writers")).fetchone() or ("", False)
            if quiet:
                number += 1
                named = f"{point}_{number}"
                marker.execute(sql.load("ops/server_point"), {"name": named})
                after, _ = marker.execute(sql.load("ops/server_writers")).fetchone() or ("", False)
                if after == before:
                    break
            reader.rollback()
            if time.monotonic() > until:
                raise Locked(
                    f"no moment in {PATIENCE} seconds was without a writing transaction: try again later"
                )
            time.sleep(0.02)
        progress("reading the source")
        found = Instant(named, _checksums(reader), questions.ask(reader, policy), float(loss))
        reader.rollback()
    return found


def _checksums(conn: Connection) -> dict[str, tuple[int, str]]:
    return {one.whole: tables.checksum(conn, one) for one in tables.stored(conn)}


def _differing(source: Mapping[str, tuple[int, str]], found: Mapping[str, tuple[int, str]]) -> list[str]:
    told = []
    for name in sorted({*source, *found}):
        here, there = source.get(name), found.get(name)
        if here is None or there is None:
            told.append(f"{name}: {'not in the source' if here is None else 'not in the copy'}")
        elif here[0] != there[0]:
            told.append(f"{name}: {there[0]} rows, {here[0]} in the source")
        elif here != there:
            told.append(f"{name}: {here[0]} rows, not those of the source")
    return told


def _archived(conn: Connection, progress: Callable[[str], None]) -> None:
    """Close the segment that holds the point, and wait until it is archived; Permanent when it is not."""
    progress("waiting for the archive")
    (wanted,) = conn.execute(sql.load("ops/server_switch")).fetchone() or ("",)
    until = time.monotonic() + ARCHIVED
    while True:
        (newest, _) = conn.execute(sql.load("ops/server_archived")).fetchone() or ("", 0.0)
        if str(newest)[-16:] >= str(wanted)[-16:]:
            return
        if time.monotonic() > until:
            raise Permanent(
                f"{wanted} was not archived in {ARCHIVED} seconds: see the server's log, ArchiverFailing"
            )
        time.sleep(0.2)
