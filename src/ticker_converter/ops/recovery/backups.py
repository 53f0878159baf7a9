"""Backups: make one, list, read again whole, delete the old ones. One at a time per database.

create(conn, settings, policy, folder) -> Made      listed(settings, folder) -> list[Kept]
verify(...) -> Verified                             prune(...) -> list[Kept]
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Locked, Unreadable
from ticker_converter.ops.recovery import archive, dump, stores
from ticker_converter.ops.recovery.stores import Kept
from ticker_converter.queries.result import Policy
from ticker_converter.settings import Settings

LOCK = 7_264_509
"One backup or drill at a time per database; the number is arbitrary and must never change."
DUE = 20
"Hours after which a scheduled backup is due again: a second start of the same night does nothing."


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    id: str
    location: str
    bytes: int
    sha256: str
    snapshot_at: datetime
    migration: int
    release: str
    tables: int
    rows: int
    encrypted: bool
    seconds: float
    audit_head: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup that was read whole; `wrong` says what is not as it was written."""

    id: str
    ok: bool
    tables: int
    rows: int
    bytes: int
    encrypted: bool
    wrong: tuple[str, ...]


def passphrase(settings: Settings) -> str | None:
    """What backups are encrypted with."""
    return None if settings.backup_cipher_pass is None else settings.backup_cipher_pass.reveal()


@contextmanager
def alone(conn: Connection) -> Iterator[None]:
    """One backup, drill or pruning at a time; Locked if another is at it. The lock ends with the session."""
    conn.autocommit = True
    (taken,) = conn.execute(sql.load("ops/backup_lock"), {"lock": LOCK}).fetchone() or (False,)
    if not taken:
        raise Locked("another backup or drill of this database is at work: try again when it is done")
    yield


def due(conn: Connection) -> bool:
    """Whether none was finished within the last DUE hours."""
    (recent,) = conn.execute(sql.load("ops/backup_recent"), {"hours": DUE}).fetchone() or (False,)
    return not recent


def create(
    conn: Connection, settings: Settings, policy: Policy, folder: Path | None, progress: Callable[[str], None]
) -> Made:
    """Make a backup and keep it; what is half made is never kept."""
    store = stores.store(settings, folder)
    began = time.monotonic()
    # Beside its place, so that it is moved there and not copied; with a bucket, where there is room.
    beside = Path(store.where) if isinstance(store, stores.Folder) else settings.ticker_converter_home
    with scratch(beside) as place:
        manifest, path = dump.dump(conn, place, passphrase(settings), policy, progress)
        size, digest = path.stat().st_size, archive.digest(path)
        made, name = stores.new_name(manifest.snapshot_at, passphrase(settings) is not None)
        progress("putting the backup into its place")
        location = store.put(path, name)
    found = Made(
        made, location, size, digest, manifest.snapshot_at, manifest.migration, manifest.release,
        len(manifest.parts), manifest.rows, passphrase(settings) is not None, round(time.monotonic() - began, 3),
        manifest.audit_head,
    )  # fmt: skip
    one = Kept(made, name, manifest.snapshot_at, size, found.encrypted, location)
    record(conn, one, manifest.migration, digest)
    return found


def record(conn: Connection, one: Kept, migration: int, sha256: str | None = None) -> None:
    """Write down that a backup is kept, for monitors; the list itself is what lies in the store."""
    words = {
        "id": one.id, "kind": one.kind, "location": one.location, "bytes": one.bytes, "sha256": sha256,
        "snapshot_at": one.snapshot_at, "migration": migration, "encrypted": one.encrypted,
    }  # fmt: skip
    conn.execute(sql.load("ops/backup_add"), words)


def listed(settings: Settings, folder: Path | None) -> list[Kept]:
    """What is kept, the newest first, by what lies there and not by what was recorded."""
    return stores.store(settings, folder).kept()


@contextmanager
def opened(
    settings: Settings, wanted: str | None, folder: Path | None
) -> Iterator[tuple[Kept, archive.Reader]]:
    """A backup by its id, by the path of its file, or the newest."""
    path = Path(wanted) if wanted is not None and ("/" in wanted or wanted.endswith(".tar")) else None
    if path is not None and path.is_file():
        try:
            named = stores.read_name(path.name, path.stat().st_size, str(path))
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from error
        reader = archive.Reader(path, passphrase(settings))
        yield (
            named or Kept(path.stem, path.name, at, path.stat().st_size, reader.encrypted, str(path)),
            reader,
        )
        return
    store = stores.store(settings, folder)
    one = stores.find(store.kept(), wanted, store.where)
    with scratch(settings.ticker_converter_home) as place:
        yield one, archive.Reader(store.file(one, place), passphrase(settings))


def verify(settings: Settings, wanted: str | None, folder: Path | None) -> Verified:
    """Read a backup byte by byte and compare it with its manifest."""
    with opened(settings, wanted, folder) as (one, reader):
        wrong = tuple(reader.check())
        manifest = reader.manifest
        return Verified(
            one.id, not wrong, len(manifest.parts), manifest.rows, one.bytes, reader.encrypted, wrong
        )


def old(kept: list[Kept], days: int) -> list[Kept]:
    """Those past their days; never the newest, however old."""
    until = datetime.now(UTC) - timedelta(days=days)
    return [one for one in kept[1:] if one.snapshot_at < until]


def prune(
    conn: Connection | None, settings: Settings, days: int, folder: Path | None, *, dry_run: bool
) -> list[Kept]:
    """Delete what is older than so many days, and return it."""
    store = stores.store(settings, folder)
    gone = old(store.kept(), days)
    for one in gone if not dry_run else ():
        store.delete(one)
        if conn is not None:
            conn.execute(sql.load("ops/backup_pruned"), {"id": one.id})
    return gone


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A folder for half-made things, which nobody else can read."""
    try:
        beside.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = Path(tempfile.mkdtemp(prefix=".backup-", dir=beside))
    except OSError as error:
        raise Unreadable(f"{beside}: {error.strerror}: choose another folder") from error
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
