"""The drill: the newest backup restored into a server of its own, compared with its source as of that instant, and
asked ten questions. A backup that was never restored is a hope; this writes down how long it took and what
would be lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.types.json import Jsonb

from ticker_converter import embedded, sql
from ticker_converter.db import Connection
from ticker_converter.errors import TickerConverterError
from ticker_converter.ops.recovery import backups, load, questions, restore
from ticker_converter.queries.result import Policy
from ticker_converter.settings import Settings
from ticker_converter.warehouse import migrations


@dataclass(frozen=True, slots=True)
class Drill:
    """How a drill went: seconds until the copy could answer, the age of the backup when it began (what would be lost),
    and every difference found."""

    id: int
    backup: str
    result: str
    recovery_seconds: float
    data_loss_seconds: float
    tables: int
    rows: int
    questions: int
    differences: tuple[str, ...]


def drill(
    conn: Connection, settings: Settings, policy: Policy, folder: Path | None, progress: Callable[[str], None]
) -> Drill:
    """Restore the newest backup into a new server in a folder of its own, compare, ask, and write the result down."""
    started_at, began = datetime.now(UTC), time.monotonic()
    tables = rows = asked = 0
    differences: tuple[str, ...] = ()
    with backups.opened(settings, None, folder) as (one, reader):
        manifest = reader.manifest
        with backups.scratch(settings.ticker_converter_home) as home:
            home.chmod(0o711)  # the server's user must get through to its own folder
            try:
                progress("starting a server for the copy")
                url = embedded.server(home)
                with restore.session(settings, url) as copy:
                    loaded = load.load(copy, reader, progress)
                    tables, rows, differences = loaded.tables, loaded.rows, loaded.differences
                    seconds = time.monotonic() - began
                    progress("asking the copy")
                    copy.autocommit = False
                    asked = len(manifest.questions)
                    differences += tuple(
                        f"the copy answers {name} otherwise"
                        for name in questions.differing(copy, manifest.questions, policy)
                    )
                    copy.rollback()
                    migrations.upgrade(copy)
            except TickerConverterError as error:
                seconds = time.monotonic() - began
                differences += (str(error),)
            finally:
                embedded.stop(home)
    loss = max(0.0, (started_at - manifest.snapshot_at).total_seconds())
    passed = not differences and asked > 0
    found = {
        "backup_id": one.id, "started_at": started_at, "passed": passed, "recovery_seconds": round(seconds, 3),
        "loss_seconds": round(loss, 3), "tables": tables, "rows": rows, "questions": asked,
        "differences": Jsonb(list(differences)),
    }  # fmt: skip
    return Drill(
        record(conn, found), one.id, "passed" if passed else "failed", round(seconds, 3), round(loss, 3), tables, rows,
        asked, differences,
    )  # fmt: skip


def record(conn: Connection, found: Mapping[str, object]) -> int:
    """Write a drill down; its number."""
    (number,) = conn.execute(sql.load("ops/drill_add"), found).fetchone() or (0,)
    return int(number)
