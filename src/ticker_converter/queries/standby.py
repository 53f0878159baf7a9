"""How far a replica is behind its primary, by the log that both write of."""

from __future__ import annotations

from ticker_converter import sql
from ticker_converter.db import Connection


def position(conn: Connection) -> str:
    """How far the server's log goes now."""
    row = conn.execute(sql.load("queries/standby_position")).fetchone()
    assert row is not None
    return str(row[0])


def behind(conn: Connection, position: str) -> float:
    """Seconds by which a replica is behind that position of the primary: 0 when it has reached it, else the age of the
    last transaction that it replayed, as far as it knows."""
    row = conn.execute(sql.load("queries/standby_behind"), {"position": position}).fetchone()
    assert row is not None
    return 0.0 if row[0] else float("inf") if row[1] is None else max(0.0, float(row[1]))
