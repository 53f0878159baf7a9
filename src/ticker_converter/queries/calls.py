"""How many calls each provider was sent, and how long a daily limit lasts at this pace. It knows the limits that it is
given; the ledger with all limits is the write side's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection


def calls(conn: Connection, daily_limits: Mapping[str, int | None]) -> list[dict[str, Any]]:
    """provider, day, week, month (calls), last, daily_limit, left, spent_at; providers without a call are left out."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.load("queries/calls"),
            {"providers": list(daily_limits), "limits": list(daily_limits.values())},
        ).fetchall()
