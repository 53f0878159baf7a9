"""How recovery stands: the newest backup, and the last drill."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection


def recovery(conn: Connection) -> dict[str, Any]:
    """backup_id, snapshot_at, backup_age (seconds), bytes; drill_at, drill_age, passed, recovery_seconds, loss_seconds.
    None where there is none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql.load("queries/recovery")).fetchone()
    assert row is not None
    return row
