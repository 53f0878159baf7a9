"""Positions valued in one currency. A position that cannot be valued is left out by name, with the reason and, where a
price exists, its local value: never converted one to one, never dropped without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.market import units
from ticker_converter.queries.clock import not_after_today, today
from ticker_converter.queries.result import POLICY, Policy


def value(
    conn: Connection, positions: Sequence[tuple[str, Decimal]], *, currency: str | None = None,
    on: date | None = None, known_at: datetime | None = None, max_price_age: int = 10, policy: Policy = POLICY,
) -> dict[str, Any]:  # fmt: skip
    """{"currency", "on", "total", "covered_share", "positions", "left_out"}.

    `positions` are (symbol, quantity), `CASH:USD` an amount of money; `covered_share` is positions valued by positions
    given, by number; `total` is the sum of the reported values. A close more than `max_price_age` sessions old is left
    out (`price_too_old`). `currency` may be left out when all positions are in one."""
    if not positions:
        raise Usage("no positions: a file of symbol,quantity is expected")
    if max_price_age < 0 or policy.max_age_days < 0:
        raise Usage("--max-price-age and --max-age-days are 0 or more")
    for symbol, _ in positions:
        if not symbol.isprintable():
            raise Usage(f"symbol {ascii(symbol[:40])}: holds a character that no symbol has")
    target = units.unit(currency if currency is not None else common_currency(conn, positions))
    day = not_after_today(conn, on) if on else today(conn)
    rows = conn.execute(
        sql.load("queries/value"),
        {
            "symbols": [spelled(symbol) for symbol, _ in positions], "quantities": [number for _, number in positions],
            "on": day, "known_at": known_at, "to": target.currency, "to_per": target.per,
            "max_price_age": max_price_age, "sources": list(policy.sources), "max_age": policy.max_age_days,
            "pegs": policy.pegs,
        },
    ).fetchall()  # fmt: skip
    names = ("symbol", "quantity", "price", "price_date", "unit", "rate", "rate_date", "value")
    valued = [dict(zip(names, row[:8], strict=True)) for row in rows if row[8] is None]
    left_out = [
        {"symbol": row[0], "quantity": row[1], "reason": row[8], "local_value": row[9], "unit": row[4]}
        for row in rows
        if row[8] is not None
    ]
    with localcontext(prec=1000):  # the sum has every digit of what is added
        total = sum((entry["value"] for entry in valued), Decimal(0))
    share = (Decimal(len(valued)) / len(rows)).quantize(Decimal("0.000001")).normalize() + 0
    return {
        "currency": target.unit, "on": day, "total": total, "covered_share": share, "positions": valued,
        "left_out": left_out,
    }  # fmt: skip


def flat(found: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """A valuation as CSV has it: a line for each position, those left out at the end with the reason."""
    names = [
        "symbol", "date", "quantity", "price", "price_date", "unit", "rate", "rate_date", "value", "reason",
        "local_value",
    ]  # fmt: skip
    lines = [{"date": found["on"], **line} for line in (*found["positions"], *found["left_out"])]
    return names, [[line.get(name) for name in names] for line in lines]


def common_currency(conn: Connection, positions: Sequence[tuple[str, Decimal]]) -> str:
    """The one currency that the positions are in; Usage if they are in several, or in none that is known."""
    symbols = [spelled(symbol) for symbol, _ in positions]
    found = [
        row[0] for row in conn.execute(sql.load("queries/value_currencies"), {"symbols": symbols}).fetchall()
    ]
    if len(found) != 1:
        raise Usage(
            f"the positions are in {', '.join(found) or 'no known currency'}: say --in which to value them"
        )
    return str(found[0])


def spelled(symbol: str) -> str:
    """`CASH:GBp` in the unit's canonical spelling."""
    if symbol.startswith("CASH:") and (unit := units.try_unit(symbol[5:])):
        return f"CASH:{unit.unit}"
    return symbol
