"""Loads a backup into an empty database: the schema from our migrations up to the backup's, the rows by COPY, then the
migrations that are newer. What was loaded is compared with the manifest, table by table, before those change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg import sql as pieces

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NotThere, WrongDatabase
from ticker_converter.ops.recovery import tables
from ticker_converter.ops.recovery.archive import Manifest, Reader
from ticker_converter.warehouse import migrations

LEDGER = "ops.migration"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded; `differences` names the tables whose rows are not those of the backup's snapshot."""

    tables: int
    rows: int
    differences: tuple[str, ...]


def load(
    conn: Connection, reader: Reader, progress: Callable[[str], None], *, table: str | None = None
) -> Loaded:
    """Load everything, or one table with those it refers to, into the empty database behind `conn`."""
    manifest = reader.manifest
    if manifest.migration > sql.latest():
        raise WrongDatabase(
            f"the backup has schema {manifest.migration}, this release knows {sql.latest()}: install release "
            f"{manifest.release}"
        )
    progress("making the schema")
    migrations.upgrade(conn, until=manifest.migration)
    conn.autocommit = True
    known = {part.table for part in manifest.parts}
    if table is not None and table not in known:
        raise NotThere(f"the backup has no table {table}: it has {', '.join(sorted(known))}")
    there = [one for one in tables.stored(conn) if one.whole in known]
    wanted = there
    if table is not None:  # the ledger comes along: it tells which migrations are still to be applied
        ledger = [one for one in there if one.whole == LEDGER]
        wanted = [*ledger, *(one for one in tables.with_what_it_needs(there, table) if one.whole != LEDGER)]
    with conn.transaction():
        _empty(conn, there)
        _fill(conn, reader, wanted, progress)
        for sequence, value in manifest.sequences.items():
            conn.execute(sql.load("ops/backup_sequence_set"), {"sequence": sequence, "value": value})
    for one in wanted:
        conn.execute(pieces.SQL(sql.load("ops/restore_analyze")).format(table=one.spelled))
    progress("comparing with the source")
    return compared(conn, manifest, wanted)


def compared(conn: Connection, manifest: Manifest, wanted: Sequence[tables.Stored]) -> Loaded:
    """Rows and checksums of these tables beside the manifest's."""
    stated = {part.table: part for part in manifest.parts}
    differences, rows = [], 0
    for one in wanted:
        part = stated[one.whole]
        found = tables.checksum(conn, one)
        rows += found[0]
        if found[0] != part.rows:
            differences.append(f"{one.whole}: {found[0]} rows, {part.rows} in the source")
        elif found != (part.rows, part.checksum):
            differences.append(f"{one.whole}: {part.rows} rows, not those of the source")
    return Loaded(len(wanted), rows, tuple(differences))


def _empty(conn: Connection, there: Sequence[tables.Stored]) -> None:
    every = pieces.SQL(", ").join(one.spelled for one in there)
    for one in there:
        conn.execute(pieces.SQL(sql.load("ops/restore_triggers_off")).format(table=one.spelled))
    conn.execute(pieces.SQL(sql.load("ops/restore_empty")).format(tables=every))


def _fill(
    conn: Connection, reader: Reader, wanted: Sequence[tables.Stored], progress: Callable[[str], None]
) -> None:
    texts = {part.table: (part, text) for part, text in reader.parts()}
    for one in wanted:
        part, text = texts[one.whole]
        progress(f"loading {one.whole}")
        statement = pieces.SQL(sql.load("ops/backup_copy_in")).format(
            table=one.spelled, columns=pieces.SQL(", ").join(map(pieces.Identifier, part.columns))
        )
        with conn.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in text():
                copy.write(piece)
    for one in tables.stored(conn):
        conn.execute(pieces.SQL(sql.load("ops/restore_triggers_on")).format(table=one.spelled))
