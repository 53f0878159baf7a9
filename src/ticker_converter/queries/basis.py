"""On which basis a series is given: two are never mixed, and an adjustment that a basis cannot give is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, NoBasis, Usage
from ticker_converter.queries.clock import not_after_today
from ticker_converter.queries.instruments import instrument

ADJUST = ("none", "splits", "all")
BASES = {"r": "raw", "s": "splits", "a": "all"}

#: Which stored basis can give which adjustment: from raw every one, from an adjusted series its own only.
GIVES = {"r": ADJUST, "s": ("splits",), "a": ("all",)}


@dataclass(frozen=True, slots=True)
class Series:
    """An instrument's stored bars in a range, on one basis (`r`, `s`, `a`); `others` are bars left out."""

    instrument: dict[str, Any]
    basis: str
    others: int


def series(
    conn: Connection, symbol: str, adjust: str, *, first: date | None = None, last: date | None = None,
    known_at: datetime | None = None,
) -> Series:  # fmt: skip
    """The series that can be adjusted so: of the bases that give the adjustment the one with the most bars of the
    instrument (where two have as many, raw); where none of it is in the range, that with the most there.

    Checks the words; UnknownSymbol, NoBars, NoBasis."""
    if adjust not in ADJUST:
        raise Usage(f"adjust {adjust!r}: none, splits or all is expected")
    for day in (first, last):
        if day is not None:
            not_after_today(conn, day)
    if first and last and first > last:
        raise Usage(f"--from {first} is after --to {last}")
    found = instrument(conn, symbol)
    span = {
        "instrument_id": found["instrument_id"], "first": first or date.min, "last": last or date.max,
        "known_at": known_at,
    }  # fmt: skip
    stored = conn.execute(sql.load("queries/price_bases"), span | {"adjust": adjust}).fetchall()
    able = [code for code, _, gives, _ in stored if gives]
    chosen = (
        [code for code, _, _, of_the_series in stored if of_the_series] or able or [row[0] for row in stored]
    )
    basis = chosen[0] if chosen else None
    if basis is None:
        when = (f" from {first}" if first else "") + (f" to {last}" if last else "")
        known = f" as known at {known_at.isoformat()}" if known_at else ""
        raise NoBars(f"no bars of {symbol} are stored{when}{known}")
    listed = conn.execute(sql.load("queries/listing_unit"), span).fetchone()
    assert listed is not None
    found |= {"unit": listed[0], "currency": listed[1]}
    if adjust not in GIVES[basis]:
        said = "splits" if basis == "s" else "splits and dividends"
        raise NoBasis(
            f"basis: {symbol} is stored adjusted for {said} and cannot be given with --adjust {adjust}: ask for "
            f"--adjust {GIVES[basis][0]}, or load prices as traded"
        )
    if basis == "r" and adjust == "all":
        (adjusted,) = conn.execute(sql.load("queries/dividend_bases"), span).fetchone() or (False,)
        if adjusted:
            raise NoBasis(
                f"basis: {symbol} has dividends stored adjusted for splits, which cannot adjust prices as traded: load "
                "them as paid, or ask for --adjust splits"
            )
    return Series(found, basis, sum(bars for code, bars, _, _ in stored if code != basis))
