"""Backups of a server by pgBackRest: a full one a week, a differential one on the other days, WAL all the time.

The same words as `backups`, which makes one file: create, listed, verify, prune. What pgBackRest keeps is the whole
server, with every database and role of it; the release, the migration and the head of the audit trail are noted on it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ticker_converter
from ticker_converter import audit, sql
from ticker_converter.db import Connection
from ticker_converter.errors import Permanent
from ticker_converter.ops.recovery import backups, repository
from ticker_converter.ops.recovery.repository import Stored
from ticker_converter.ops.recovery.stores import Kept
from ticker_converter.settings import Settings

_CHECKED = re.compile(r"total files checked: (\d+)|total WAL checked: (\d+)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that pgBackRest made."""

    id: str
    kind: str
    location: str
    bytes: int
    snapshot_at: datetime
    migration: int
    release: str
    audit_head: str
    encrypted: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Verified:
    """What pgBackRest read again in its repository: files of backups, and WAL; `wrong` is in its own words."""

    id: str
    ok: bool
    files: int
    wal: int
    encrypted: bool
    wrong: tuple[str, ...]


def kind_due(stored: Sequence[Stored], now: datetime) -> str:
    """full where none was begun since Sunday's midnight, else diff."""
    sunday = (now - timedelta(days=(now.weekday() + 1) % 7)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return "diff" if any(one.kept.kind == "full" and one.started_at >= sunday for one in stored) else "full"


def create(conn: Connection, settings: Settings, kind: str | None, progress: Callable[[str], None]) -> Taken:
    """Make a backup; the stanza is made where there is none."""
    began = time.monotonic()
    with repository.opened(settings) as repo:
        progress("asking the repository")
        repo.run("stanza-create")
        before = repo.stored()
        chosen = kind or kind_due(before, datetime.now(UTC))
        _, _, migration = conn.execute(sql.load("ops/server_snapshot")).fetchone() or (None, "", 0)
        noted = {
            "release": ticker_converter.__version__,
            "migration": str(migration),
            "audit-head": str(audit.head(conn)),
        }
        progress(f"making a {chosen} backup")
        repo.run(
            "backup", f"--type={chosen}", *(f"--annotation={name}={text}" for name, text in noted.items())
        )
        one = repo.find(None)
        if one.kept.id in {old.kept.id for old in before}:
            raise Permanent(f"{repo.where}: pgBackRest made no backup: ticker-converter backup list")
        gone = {old.kept.id for old in before} - {kept.kept.id for kept in repo.stored()}
    backups.record(conn, one.kept, migration)
    for old in gone:  # pgBackRest removes what is past its days after each backup
        conn.execute(sql.load("ops/server_pruned"), {"id": old})
    kept = one.kept
    return Taken(
        kept.id, kept.kind, kept.location, kept.bytes, kept.snapshot_at, migration, noted["release"],
        noted["audit-head"], kept.encrypted, round(time.monotonic() - began, 3),
    )  # fmt: skip


def listed(settings: Settings) -> list[Kept]:
    """What is kept, the newest first."""
    with repository.opened(settings) as repo:
        return [one.kept for one in repo.stored()]


def verify(settings: Settings, wanted: str | None) -> list[Verified]:
    """Every file and WAL segment of the repository read again; of the backup asked for, or the newest, or (`*`) all."""
    with repository.opened(settings) as repo:
        chosen = repo.stored() if wanted == "*" else [repo.find(wanted)]
        told = repo.run("verify", "--output=text", "--verbose")
    archive = _part(told, "archiveId: ")
    wal = sum(int(match[2] or 0) for match in _CHECKED.finditer(archive))
    found = []
    for one in chosen:
        own = _part(told, f"backup: {one.kept.id},")
        wrong = [*_wrong(own), *_wrong(archive)]
        if "status: valid" not in own:
            wrong.insert(0, f"{one.kept.id} is not valid")
        files = sum(int(match[1] or 0) for match in _CHECKED.finditer(own))
        found.append(Verified(one.kept.id, not wrong, files, wal, one.kept.encrypted, tuple(wrong)))
    if "status: error" in told and all(one.ok for one in found) and wanted == "*":
        raise Permanent("pgbackrest verify found an error outside of the backups: run it by hand")
    return found


def _part(told: str, opening: str) -> str:
    """The lines of verify's answer from the one that opens so to the next of its kind."""
    lines, inside = [], False
    for line in told.splitlines():
        if line.strip().startswith(("archiveId: ", "backup: ")):
            inside = line.strip().startswith(opening)
        if inside:
            lines.append(line)
    return "\n".join(lines)


def _wrong(part: str) -> list[str]:
    return [
        f"{what}: {number}"
        for what, number in re.findall(r"(missing|checksum invalid|size invalid|other): (\d+)", part)
        if number != "0"
    ]


def prune(conn: Connection, settings: Settings, days: int, *, dry_run: bool) -> list[Kept]:
    """Delete what is older than so many days, and the WAL that only it needs; the newest full backup stays. pgBackRest
    keeps a full backup until a younger one is itself past its days: every instant of those days can be restored."""
    with repository.opened(settings) as repo:
        before = repo.stored()
        if dry_run:
            return _old(before, days)
        repo.run("expire", f"--repo1-retention-full={days}")
        left = {one.kept.id for one in repo.stored()}
    gone = [one.kept for one in before if one.kept.id not in left]
    for one in gone:
        conn.execute(sql.load("ops/server_pruned"), {"id": one.id})
    return gone


def _old(stored: Sequence[Stored], days: int) -> list[Kept]:
    """What expire would delete: full backups, and what rests on them, before the newest full one past its days."""
    until = datetime.now(UTC) - timedelta(days=days)
    past = [one for one in stored if one.kept.kind == "full" and one.kept.snapshot_at < until]
    if not past:
        return []
    return [one.kept for one in stored if one.kept.snapshot_at < past[0].kept.snapshot_at]
