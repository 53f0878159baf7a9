"""Restores a backup into a database of its own beside the live one; only `replace` puts it in the live one's place, and
keeps that under another name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from psycopg import sql as pieces

from ticker_converter import audit, db, sql
from ticker_converter.errors import NotThere, Permanent, TickerConverterError, Usage, WrongDatabase
from ticker_converter.ops.recovery import archive, backups, load, stores
from ticker_converter.queries import readiness
from ticker_converter.secret import Secret
from ticker_converter.settings import Settings
from ticker_converter.warehouse import migrations

Source = AbstractContextManager[tuple[stores.Kept, archive.Reader]]
"An opened backup: a file's, or a copy of a server written as one."
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was restored. `kept_as`: the name that the replaced database now has."""

    id: str
    snapshot_at: datetime
    database: str
    url: str
    tables: int
    rows: int
    seconds: float
    differences: tuple[str, ...]
    kept_as: str | None = None


def at(settings: Settings, folder: Path | None, moment: datetime) -> str:
    """The id of the newest backup of that moment or before; NotThere."""
    for one in backups.listed(settings, folder):
        if one.snapshot_at <= moment:
            return one.id
    raise NotThere(
        f"no backup is as old as {moment:%Y-%m-%dT%H:%M:%SZ}: ticker-converter backup list shows them"
    )


def another(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name, safe='')}"))


def named(url: str) -> str:
    """The name of the database a URL leads to."""
    return urlsplit(url).path.removeprefix("/") or "ticker_converter"


@contextmanager
def session(settings: Settings, url: str) -> Iterator[db.Connection]:
    """A connection to that database, as the configured role, without a limit of time."""
    there = replace(settings, database_url=Secret(url), database_read_url=None, statement_timeout=0)
    conn = db.writer(there, process="restore", autocommit=True)
    try:
        with db.translated("restoring"):
            yield conn
    finally:
        conn.close()


def restore(
    settings: Settings, source: Source, progress: Callable[[str], None], *,
    into: str | None = None, table: str | None = None, in_place: bool = False, actor: str = "",
) -> Restored:  # fmt: skip
    """Restore into the new database `into` (default: restore_ID). Permanent when what was loaded is not what was
    backed up: the database is then kept to be looked at, and nothing is replaced."""
    if table is not None and in_place:
        raise Usage("--table goes into a database of its own: leave out --replace")
    live = db.url(settings)
    began = time.monotonic()
    with source as (one, reader):
        name = into or f"restore_{re.sub('[^a-z0-9]+', '_', one.id.lower())}"
        if not _NAME.fullmatch(name) or name in (named(live), "postgres", "template0", "template1"):
            raise Usage(f"--into {name}: a new name of lower-case letters, digits and _ is expected")
        _create(settings, live, name)
        url = another(live, name)
        try:
            with session(settings, url) as conn:
                loaded = load.load(conn, reader, progress, table=table)
                if not loaded.differences:
                    progress("applying newer migrations")
                    migrations.upgrade(conn)
                    if table is None:
                        backups.record(conn, one, reader.manifest.migration)
                        noted(
                            conn,
                            actor,
                            one.id,
                            reader.manifest.snapshot_at,
                            named(live) if in_place else name,
                        )
        except (TickerConverterError, KeyboardInterrupt):
            with session(settings, another(live, "postgres")) as conn:
                conn.execute(_named("ops/restore_drop_database", name=name))
            raise
        snapshot_at = reader.manifest.snapshot_at
    kept_as = None
    if in_place:
        if loaded.differences:
            raise Permanent(
                f"nothing was replaced: {loaded.differences[0]}; the restored database is kept as {name}"
            )
        kept_as = _swap(settings, live, name)
        name, url = named(live), live
    else:
        try:
            with session(settings, live) as conn:
                if readiness.last_migration(conn) == sql.latest():
                    noted(conn, actor, one.id, snapshot_at, name)
        except WrongDatabase:
            pass  # the server's own database has no schema: there is no trail to note it in
    return Restored(
        one.id, snapshot_at, name, url, loaded.tables, loaded.rows, round(time.monotonic() - began, 3),
        loaded.differences, kept_as,
    )  # fmt: skip


def noted(conn: db.Connection, actor: str, backup: str, as_of: datetime, into: str) -> None:
    """An event of a restore in the audit trail behind `conn`: the restored one's, and the one's that is left alone."""
    detail = {"backup": backup, "as_of": as_of.isoformat(), "into": into}
    audit.note(conn, "restore", into, detail, actor=actor or None)


def planned(
    settings: Settings, wanted: str | None, folder: Path | None, table: str | None
) -> dict[str, object]:
    """What would be restored, read from the backup's manifest."""
    with backups.opened(settings, wanted, folder) as (one, reader):
        manifest = reader.manifest
        parts = [part for part in manifest.parts if table is None or part.table == table]
        if not parts:
            raise NotThere(f"the backup has no table {table}")
        return {
            "id": one.id, "location": one.location, "snapshot_at": manifest.snapshot_at,
            "published_at": manifest.published_at, "release": manifest.release, "migration": manifest.migration,
            "server": manifest.server, "encrypted": reader.encrypted, "tables": len(parts),
            "rows": sum(part.rows for part in parts), "bytes": one.bytes,
        }  # fmt: skip


def _named(statement: str, **names: str) -> pieces.Composed:
    text = {
        "ops/restore_drop_database": sql.load("ops/restore_drop_database"),
        "ops/restore_create_database": sql.load("ops/restore_create_database"),
        "ops/restore_rename": sql.load("ops/restore_rename"),
    }[statement]
    return pieces.SQL(text).format(**{key: pieces.Identifier(value) for key, value in names.items()})


def _create(settings: Settings, live: str, name: str) -> None:
    with session(settings, another(live, "postgres")) as conn:
        conn.execute(_named("ops/restore_create_database", name=name))


def _swap(settings: Settings, live: str, name: str) -> str:
    """Give the restored database the live one's name; the name that the old one is kept under."""
    kept_as = f"{named(live)}_before_{name}"[:63]
    with session(settings, another(live, "postgres")) as conn:
        for one in (named(live), name):
            conn.execute(sql.load("ops/restore_end_sessions"), {"name": one})
        with conn.transaction():
            conn.execute(_named("ops/restore_rename", name=named(live), to=kept_as))
            conn.execute(_named("ops/restore_rename", name=name, to=named(live)))
    return kept_as
