"""What is missing and what looks odd: gaps against exchange calendars, and findings. Nothing is ever filled in."""

from __future__ import annotations

from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.queries.instruments import instrument


def gaps(conn: Connection, symbol: str | None = None) -> list[dict[str, Any]]:
    """Runs of missing sessions: symbol (None: the exchange as a whole), mic, from, to, sessions, held (days with a
    bar in quarantine), everyone (no instrument of the exchange has any of them). Without a calendar
    there are none."""
    if symbol is not None:
        instrument(conn, symbol)
    rows = conn.execute(sql.load("queries/gaps"), {"symbol": symbol}).fetchall()
    names = ("symbol", "mic", "from", "to", "sessions", "held", "everyone")
    return [dict(zip(names, row, strict=True)) for row in rows]


def findings(conn: Connection, rule: str | None = None, limit: int = 1000) -> list[dict[str, Any]]:
    """What looks odd and was kept: rule, subject, day, evidence, run_id, newest first."""
    rows = conn.execute(sql.load("queries/findings"), {"rule": rule, "limit": limit}).fetchall()
    return [dict(zip(("rule", "subject", "day", "evidence", "run_id"), row, strict=True)) for row in rows]
