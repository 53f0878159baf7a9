"""Stored bars of one instrument, adjusted and converted: one query, every bar at its own session's rate."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.market import units
from ticker_converter.queries.basis import BASES, series
from ticker_converter.queries.clock import published_at
from ticker_converter.queries.result import POLICY, Policy, Result

INTERVALS = {"1d": "day", "1w": "week", "1mo": "month"}


def prices(
    conn: Connection, symbol: str, *, currency: str | None = None, first: date | None = None, last: date | None = None,
    adjust: str = "none", interval: str = "1d", known_at: datetime | None = None, policy: Policy = POLICY,
    receipts: bool = False,
) -> Result:  # fmt: skip
    """Bars from `first` to `last` (default: all that is stored), in `currency` (a currency or price unit; default: the
    listing unit). A bar that cannot be converted has null prices and the reason in `missing`.

    UnknownSymbol, NoBars, NoBasis (exit 4); Usage for an unknown unit, adjustment, interval or a future date."""
    if interval not in INTERVALS:
        raise Usage(f"interval {interval!r}: 1d, 1w or 1mo is expected")
    if policy.max_age_days < 0:
        raise Usage("--max-age-days is a number of days, 0 or more")
    asked = units.unit(currency) if currency is not None else None
    chosen = series(conn, symbol, adjust, first=first, last=last, known_at=known_at)
    found, basis = chosen.instrument, chosen.basis
    target = asked or units.unit(found["unit"])
    span = {
        "instrument_id": found["instrument_id"], "first": first or date.min, "last": last or date.max,
        "known_at": known_at,
    }  # fmt: skip
    rows = conn.execute(
        sql.load("queries/prices"),
        span | {
            "basis": basis, "adjust": adjust if basis == "r" else "none", "period": INTERVALS[interval],
            "mic": found["mic"], "asked": asked is not None, "to": target.currency, "to_unit": target.unit,
            "to_per": target.per, "sources": list(policy.sources), "max_age": policy.max_age_days,
            "pegs": policy.pegs, "receipts": receipts and asked is not None,
        },
    ).fetchall()  # fmt: skip
    columns = ["date", "open", "high", "low", "close", "volume"]
    keep = list(range(6))
    if asked is not None:
        columns += ["rate", "rate_date", "source"]
        keep += [6, 7, 8]
    columns.append("missing")
    keep.append(9)
    if interval != "1d":
        columns.append("partial")
        keep.append(10)
    if receipts and asked is not None:
        columns.append("receipt")
        keep.append(11)
        told = {"known_at": known_at or published_at(conn)}
        for row in rows:
            if row[11] is not None:
                row[11].update(told, on=row[0], rate_date=row[7])
    head: dict[str, Any] = {
        "symbol": symbol, "currency": target.unit, "listing_unit": found["unit"],
        "basis": BASES[basis], "adjust": adjust, "interval": interval,
    }  # fmt: skip
    notes = []
    if chosen.others:
        notes = [
            f"{chosen.others} bars of {symbol} are stored on another basis and left out: two are never mixed"
        ]
    return Result(
        "prices", head, columns, [[row[n] for n in keep] for row in rows], {"symbol": symbol}, notes
    )
