"""Restores a server's backup: everything into a data folder, or one database out of a copy, beside the live one.

What goes beside the live one takes the way of every restore here: the copy is written as a backup of one file and that
is loaded, compared and named, so that nothing of a physical restore touches the server that is running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ticker_converter import audit, db
from ticker_converter.db import Connection
from ticker_converter.ops.recovery import archive, backups, dump, repository, restore, server_copy
from ticker_converter.ops.recovery.server_copy import Copy, Target
from ticker_converter.ops.recovery.stores import Kept
from ticker_converter.queries.result import Policy
from ticker_converter.settings import Settings
from ticker_converter.warehouse import migrations


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A data folder that a server can be started on. `as_of`: its last transaction before the restore's own."""

    id: str
    as_of: datetime
    folder: str
    migration: int
    audit_head: str
    seconds: float


@contextmanager
def opened(
    settings: Settings, target: Target, policy: Policy, progress: Callable[[str], None]
) -> Iterator[tuple[Kept, archive.Reader]]:
    """The database of DATABASE_URL as of that instant, as a backup of one file."""
    with (
        server_copy.copy(settings, target, progress) as copy,
        backups.scratch(settings.ticker_converter_home) as place,
    ):
        with session(settings, copy) as conn:
            migrations.upgrade(conn)
            manifest, path = dump.dump(conn, place, None, policy, progress, snapshot_at=copy.as_of)
        kept = replace(copy.source.kept, snapshot_at=manifest.snapshot_at)
        yield kept, archive.Reader(path, None)


@contextmanager
def session(settings: Settings, copy: Copy) -> Iterator[Connection]:
    """A connection to our database in a copy, as its superuser."""
    with restore.session(settings, copy.url(restore.named(db.url(settings)))) as conn:
        yield conn


def succeed(
    settings: Settings, target: Target, data: Path, actor: str, progress: Callable[[str], None]
) -> Succeeded:
    """Restore everything into the folder `data`, recover it, note it in its audit trail, and stop it."""
    began = time.monotonic()
    with server_copy.successor(settings, target, data, progress) as copy, session(settings, copy) as conn:
        head = str(audit.head(conn))
        (migration,) = [max(one.number for one in migrations.status(conn) if one.applied)]
        restore.noted(conn, actor, copy.source.kept.id, copy.as_of, str(data))
    return Succeeded(
        copy.source.kept.id, copy.as_of, str(data), migration, head, round(time.monotonic() - began, 3)
    )


def planned(settings: Settings, target: Target) -> dict[str, object]:
    """What would be restored, as the repository says."""
    with repository.opened(settings) as repo:
        one = repo.find(target.backup, target.at)
        return {
            "id": one.kept.id, "kind": one.kept.kind, "location": one.kept.location,
            "snapshot_at": one.kept.snapshot_at,
            "until": target.at or ("its own end" if target.backup else "the newest"),
            "release": one.annotations.get("release"), "migration": one.migration, "server": one.version,
            "audit_head": one.annotations.get("audit-head"), "encrypted": one.kept.encrypted, "bytes": one.kept.bytes,
        }  # fmt: skip
