"""Writes a backup of one instant: every table, its checksum and ten answers, in one snapshot while others write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql as pieces

import ticker_converter
from ticker_converter import audit, sql
from ticker_converter.db import Connection
from ticker_converter.ops.recovery import questions, tables
from ticker_converter.ops.recovery.archive import FORMAT, Manifest, Part, Writer
from ticker_converter.queries import clock
from ticker_converter.queries.result import Policy


def dump(
    conn: Connection, folder: Path, passphrase: str | None, policy: Policy, progress: Callable[[str], None], *,
    snapshot_at: datetime | None = None,
) -> tuple[Manifest, Path]:  # fmt: skip
    """Write `folder`/backup.tar. `conn` may read everything; it is given back as it came. `snapshot_at`: of what
    instant it is, where the database is itself a copy."""
    before = conn.autocommit, conn.isolation_level, conn.read_only
    conn.autocommit = False
    conn.isolation_level, conn.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
    try:
        with conn.transaction():
            manifest, writer = _dump(conn, folder, passphrase, policy, progress)
            manifest = replace(manifest, snapshot_at=snapshot_at or manifest.snapshot_at)
    finally:
        conn.isolation_level, conn.read_only = before[1], before[2]
        conn.autocommit = before[0]
    path = folder / "backup.tar"
    progress("writing the backup")
    writer.finish(manifest, path)
    return manifest, path


def _dump(
    conn: Connection, folder: Path, passphrase: str | None, policy: Policy, progress: Callable[[str], None]
) -> tuple[Manifest, Writer]:
    at, server, migration = conn.execute(sql.load("ops/backup_snapshot")).fetchone() or (None, "", 0)
    assert at is not None
    _, published_at, version = clock.state(conn)
    writer = Writer(folder, passphrase)
    parts = []
    for table in tables.stored(conn):
        progress(f"copying {table.whole}")
        rows, checksum = tables.checksum(conn, table)
        statement = pieces.SQL(sql.load("ops/backup_copy_out")).format(
            table=table.spelled, columns=pieces.SQL(", ").join(map(pieces.Identifier, table.columns))
        )
        name = f"{table.whole}.copy.gz"
        with writer.part(name) as file, conn.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in copy:
                file.write(piece)
        member, size, digest = writer.member(name)
        parts.append(Part(table.whole, table.columns, rows, checksum, member, size, digest))
    return Manifest(
        FORMAT, ticker_converter.__version__, server, migration, at, published_at, version, tuple(parts),
        dict(conn.execute(sql.load("ops/backup_sequences")).fetchall()), questions.ask(conn, policy),
        str(audit.head(conn)),
    ), writer  # fmt: skip
