"""The times at which what is known of an instrument changed: the ones worth asking `known_at` for."""

from __future__ import annotations

from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.queries.instruments import instrument
from ticker_converter.queries.result import Result


def known_times(conn: Connection, symbol: str, limit: int = 1000) -> Result:
    """known_at and the number of bars that came or changed then, the newest first, at most `limit`. UnknownSymbol."""
    found = instrument(conn, symbol)
    rows = conn.execute(
        sql.load("queries/known_times"), {"instrument_id": found["instrument_id"], "limit": limit}
    ).fetchall()
    head: dict[str, Any] = {"symbol": symbol}
    return Result("times", head, ("known_at", "bars"), rows, {"symbol": symbol})
