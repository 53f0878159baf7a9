"""A day at a glance: per exchange and currency how many rose and fell, by how much, and what changed hands. What is not
in it is listed with the reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.market import units
from ticker_converter.queries.clock import not_after_today, today
from ticker_converter.queries.performers import left_out_notes
from ticker_converter.queries.result import POLICY, Policy, Result

COLUMNS = (
    "exchange", "listing_currency", "date", "instruments", "advancers", "decliners", "unchanged", "compared",
    "average_return", "median_return", "turnover", "without_turnover", "best", "best_return", "worst", "worst_return",
    "left_out",
)  # fmt: skip


def summary(
    conn: Connection, *, currency: str | None = None, on: date | None = None, adjust: str = "splits",
    known_at: datetime | None = None, policy: Policy = POLICY,
) -> Result:  # fmt: skip
    """One row per exchange and listing currency, of the exchange's last stored session on or before `on` (default:
    today, UTC), not more than 10 sessions back; returns and turnover in `currency` (default: each group's own).

    `left_out` counts what is not in the returns; `head["left_out"]` lists it: symbol, exchange, date, reason (those of
    `performers`, and `no_bar` for one without a bar on that session). `head["whole"]` is the same over all groups,
    without turnover unless `currency` is given."""
    if adjust not in ("splits", "all"):
        raise Usage(f"adjust {adjust!r}: splits or all is expected")
    target = units.unit(currency) if currency is not None else None
    day = not_after_today(conn, on) if on else today(conn)
    rows = conn.execute(
        sql.load("queries/summary"),
        {
            "on": day, "adjust": adjust, "to": target.currency if target else None,
            "to_per": target.per if target else 1, "known_at": known_at, "sources": list(policy.sources),
            "max_age": policy.max_age_days, "pegs": policy.pegs,
        },
    ).fetchall()  # fmt: skip
    *groups, (_, *last, missing) = rows  # the last row is all of them
    whole = dict(zip(COLUMNS[3:], last[3:], strict=True))
    if target is None:
        del whole["turnover"]
    left_out = [
        {
            "symbol": one["symbol"], "exchange": one["exchange"],
            "date": date.fromisoformat(one["date"]) if one["date"] else None, "reason": one["reason"],
        }
        for one in missing or []
    ]  # fmt: skip
    head: dict[str, Any] = {
        "currency": target.unit if target else None, "on": day, "adjust": adjust, "whole": whole, "left_out": left_out
    }  # fmt: skip
    found = [row[1:18] for row in groups]
    return Result("summary", head, COLUMNS, found, notes=left_out_notes(left_out))
