"""Returns of one instrument, split exactly into price and currency (definitions: docs/reference/returns.md)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import localcontext
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, NoRate, Usage
from ticker_converter.market import units
from ticker_converter.queries.basis import series
from ticker_converter.queries.clock import not_after_today
from ticker_converter.queries.result import POLICY, Policy, Result


def returns(
    conn: Connection, symbol: str, *, currency: str | None = None, first: date | None = None, last: date | None = None,
    adjust: str = "splits", known_at: datetime | None = None, policy: Policy = POLICY,
) -> Result:  # fmt: skip
    """Returns from each stored session to the next, between the last session on or before `first` and the last on or
    before `last`, in `currency` (default: the listing's own).

    local, fx and total are fractions with 8 decimals; `head["attribution"]` is the whole range, where price, fx and
    cross add up to total in the last digit. UnknownSymbol, NoBars, NoBasis, NoRate (exit 4)."""
    if adjust not in ("splits", "all"):
        raise Usage(f"adjust {adjust!r}: splits or all is expected")
    target = units.unit(currency) if currency is not None else None
    found = series(conn, symbol, adjust, known_at=known_at).instrument
    for day in (first, last):
        if day is not None:
            not_after_today(conn, day)
    if first and last and first > last:
        raise Usage(f"--from {first} is after --to {last}")
    span = {"instrument_id": found["instrument_id"], "known_at": known_at}
    base, end, listed = conn.execute(
        sql.load("queries/return_span"),
        span | {"first": first or date.min, "last": last or date.max, "adjust": adjust},
    ).fetchone() or (None, None, None)
    if base is None or end is None or base >= end:
        raise NoBars(f"no two sessions of {symbol} are stored in that range: a return needs two")
    rows = conn.execute(
        sql.load("queries/returns"),
        span | {
            "base": base, "end": end, "adjust": adjust, "to": target.currency if target else None,
            "sources": list(policy.sources), "max_age": policy.max_age_days, "pegs": policy.pegs,
        },
    ).fetchall()  # fmt: skip
    *steps, whole = rows
    _, price, fx, total, missing = whole
    if total is None:
        raise NoRate(
            f"{missing or 'no_rate'}: {symbol} cannot be converted on {base} or {end}: `sync` or `import rates` brings "
            "rates"
        )
    with localcontext(prec=1000):  # cross is what is left to the last digit, however many there are
        cross = total - price - fx
    head: dict[str, Any] = {
        "symbol": symbol, "currency": target.currency if target else listed, "adjust": adjust,
        "base": base, "attribution": {"price": price, "fx": fx, "cross": cross, "total": total},
    }  # fmt: skip
    return Result("returns", head, ("date", "local", "fx", "total", "missing"), steps, {"symbol": symbol})
