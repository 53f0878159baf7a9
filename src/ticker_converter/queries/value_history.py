"""What positions were worth over time. The quantities are those held on the last day; before a split there were as many
times fewer. Each day says what share it covers: a day that could not value a position is no fall of the total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, Usage
from ticker_converter.market import units
from ticker_converter.queries.clock import not_after_today, today
from ticker_converter.queries.result import POLICY, Policy, Result
from ticker_converter.queries.value import common_currency, spelled

#: Positions times days of one answer: 20 positions over 20 years of weeks are 21,000.
LIMIT = 100_000
INTERVALS = ("1d", "1w", "1mo")
COLUMNS = ("date", "total", "covered_share", "left_out")


def value_history(
    conn: Connection, positions: Sequence[tuple[str, Decimal]], *, currency: str | None = None,
    first: date | None = None, last: date | None = None, interval: str = "1w", known_at: datetime | None = None,
    max_price_age: int = 10, policy: Policy = POLICY,
) -> Result:  # fmt: skip
    """`total`, `covered_share` and `left_out` (symbol, reason) of every day, week's end or month's end from `first` to
    `last` (default: the sessions stored of these symbols), and of `last` itself. Usage, NoBars."""
    if not positions:
        raise Usage("no positions: a file of symbol,quantity is expected")
    if interval not in INTERVALS:
        raise Usage(f"interval {interval!r}: {', '.join(INTERVALS)} are known")
    symbols = [spelled(symbol) for symbol, _ in positions]
    target = units.unit(currency if currency is not None else common_currency(conn, positions))
    row = conn.execute(sql.load("queries/value_span"), {"symbols": symbols}).fetchone()
    begin, end = row if row else (None, None)
    if begin is None and first is None:
        raise NoBars("no bars are stored of any of these symbols: `sync` or `import prices` brings them")
    end = not_after_today(conn, last) if last else min(end or today(conn), today(conn))
    begin = first or begin
    if begin > end:
        raise Usage(f"from: {begin} is after {end}")
    days = list(_days(begin, end, interval))
    if len(days) * len(positions) > LIMIT:
        raise Usage(
            f"{len(positions)} positions on {len(days)} days are more than {LIMIT} values: ask for fewer days or 1mo"
        )
    rows = conn.execute(
        sql.load("queries/value_history"),
        {
            "symbols": symbols, "quantities": [number for _, number in positions], "days": days, "first": days[0],
            "last": end, "known_at": known_at, "to": target.currency, "to_per": target.per,
            "max_price_age": max_price_age, "sources": list(policy.sources), "max_age": policy.max_age_days,
            "pegs": policy.pegs,
        },
    ).fetchall()  # fmt: skip
    head: dict[str, Any] = {"currency": target.unit, "interval": interval}
    told = [[day, total, _share(valued, given), left] for day, total, valued, given, left in rows]
    return Result("values", head, COLUMNS, told)


def _share(valued: int, given: int) -> Decimal:
    return (Decimal(valued) / given).quantize(Decimal("0.000001")).normalize() + 0


def _days(first: date, last: date, interval: str) -> Iterator[date]:
    """The days asked for: every one, Fridays, or ends of months; the last one always."""
    day = first
    while day < last:
        following = day + timedelta(1)
        if (
            interval == "1d"
            or (interval == "1w" and day.weekday() == 4)
            or (interval == "1mo" and following.day == 1)
        ):
            yield day
        day = following
    yield last
