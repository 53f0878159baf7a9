"""Whether the database is one that this release can read."""

from __future__ import annotations

from ticker_converter import sql
from ticker_converter.db import Connection


def last_migration(conn: Connection) -> int:
    """The number of the last applied migration. WrongDatabase (by `db.translated`) before the first."""
    row = conn.execute(sql.load("queries/last_migration")).fetchone()
    assert row is not None
    number: int = row[0]
    return number
