"""Which instruments cost so much, in any currency. One whose price cannot be told is listed with the reason, never
taken for one outside the range."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.market import units
from ticker_converter.queries.clock import not_after_today, today
from ticker_converter.queries.performers import Judged, left_out_notes
from ticker_converter.queries.result import POLICY, Policy

COLUMNS = ("symbol", "date", "close", "local_close", "unit", "rate", "rate_date", "source")


def screen(
    conn: Connection, *, currency: str, min_price: Decimal | None = None, max_price: Decimal | None = None,
    on: date | None = None, known_at: datetime | None = None, policy: Policy = POLICY,
) -> Judged:  # fmt: skip
    """Watched instruments whose raw close of the last session on or before `on` (default: today, UTC), at that
    session's rate, is at least `min_price` and at most `max_price`, as reported; the lowest first.

    `head["left_out"]`: symbol, date, reason (`no_price`, `price_too_old`: more than 10 sessions, `basis`: not stored as
    traded, `no_rate`, `rate_too_old`)."""
    if (min_price is not None and min_price < 0) or (max_price is not None and max_price < 0):
        raise Usage("a price is 0 or more")
    if min_price is not None and max_price is not None and min_price > max_price:
        raise Usage(f"the lowest price {min_price:f} is above the highest {max_price:f}")
    target = units.unit(currency)
    day = not_after_today(conn, on) if on else today(conn)
    rows = conn.execute(
        sql.load("queries/screen"),
        {
            "on": day, "to": target.currency, "to_per": target.per, "lowest": min_price, "highest": max_price,
            "known_at": known_at, "sources": list(policy.sources), "max_age": policy.max_age_days, "pegs": policy.pegs,
        },
    ).fetchall()  # fmt: skip
    left_out = [{"symbol": row[0], "date": row[1], "reason": row[8]} for row in rows if row[8] is not None]
    head: dict[str, Any] = {
        "currency": target.unit, "on": day, "min_price": min_price, "max_price": max_price, "left_out": left_out
    }  # fmt: skip
    found = [row[:8] for row in rows if row[8] is None]
    return Judged("screen", head, COLUMNS, found, notes=left_out_notes(left_out))
