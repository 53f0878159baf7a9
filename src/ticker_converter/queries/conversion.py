"""Rates, single conversions and their receipts, by the rules of conversion (docs/reference/conversion.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoRate, Usage
from ticker_converter.market import units
from ticker_converter.queries.clock import not_after_today, published_at, today
from ticker_converter.queries.result import POLICY, Policy, Result

#: Days: how far before the first stored rate a series may begin, and how long it may be.
YEAR, LONGEST = 366, 36_600


@dataclass(frozen=True, slots=True)
class Conversion:
    """`result` is in `receipt["to"]`, rounded to 6 decimals or 10 significant digits, whichever is finer."""

    amount: Decimal
    result: Decimal
    receipt: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """INTERFACE's object."""
        return {"amount": self.amount, "result": self.result, "receipt": self.receipt}


def convert(
    conn: Connection, amount: Decimal, source: str, target: str, *, on: date | None = None, policy: Policy = POLICY,
    rate_lag: int = 0, known_at: datetime | None = None,
) -> Conversion:  # fmt: skip
    """Convert an amount between currencies or price units with the rate of `on` (default: today, UTC).

    `rate_lag` uses the rate of that many days before. NoRate when no source answers; Usage for an unknown unit or a
    future date."""
    if not amount.is_finite() or len(amount.as_tuple().digits) > 100 or abs(amount.adjusted()) > 100:
        raise Usage(f"amount {str(amount)[:40]}: a number of at most 100 digits is expected")
    if rate_lag < 0 or policy.max_age_days < 0:
        raise Usage("--rate-lag and --max-age-days are numbers of days, 0 or more")
    origin, goal = units.unit(source), units.unit(target)
    day = not_after_today(conn, on) if on else today(conn)
    row = conn.execute(
        sql.load("queries/convert"),
        {
            "amount": amount, "from": origin.currency, "from_per": origin.per, "to": goal.currency,
            "to_per": goal.per, "day": day, "sources": list(policy.sources), "max_age": policy.max_age_days,
            "known_at": known_at, "lag": rate_lag, "pegs": policy.pegs,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    result, rate, rate_date, age, answered_by, missing, legs = row
    if missing is not None:
        raise NoRate(
            why_no_rate(
                conn,
                origin.currency,
                goal.currency,
                day,
                missing,
                policy,
                known_at=known_at,
                rate_lag=rate_lag,
            )
        )
    receipt = {
        "from": origin.unit, "to": goal.unit, "on": day, "rate": rate, "rate_date": rate_date, "age_days": age,
        "source": answered_by, "legs": legs, "unit": {"from_per": origin.per, "to_per": goal.per},
        "known_at": known_at or published_at(conn),
    }  # fmt: skip
    return Conversion(amount, result, receipt)


def why_no_rate(
    conn: Connection, origin: str, goal: str, day: date, missing: str, policy: Policy, *,
    known_at: datetime | None = None, rate_lag: int = 0,
) -> str:  # fmt: skip
    """Why a pair of currencies has no rate on a day, with the day of the last one where all are too old."""
    where = f"{origin} to {goal} on {day}"
    if missing != "rate_too_old":
        sources = ", ".join(policy.sources)
        return f"{missing}: no source ({sources}) has a rate for {where}: `sync` or `import rates` brings one"
    row = conn.execute(
        sql.load("queries/convert"),
        {
            "amount": 1, "from": origin, "from_per": 1, "to": goal, "to_per": 1, "day": day,
            "sources": list(policy.sources), "max_age": day.toordinal(), "known_at": known_at, "lag": rate_lag,
            "pegs": policy.pegs,
        },
    ).fetchone()  # fmt: skip
    found: date | None = row[2] if row is not None else None
    age = f"is of {found}, {(day - found).days} days older" if found else "is older"
    return (
        f"rate_too_old: the last rate for {where} {age}, and --max-age-days is {policy.max_age_days}: `sync` fetches "
        "newer ones, a greater --max-age-days accepts older ones"
    )


def rates(
    conn: Connection, base: str, quote: str, *, first: date | None = None, last: date | None = None,
    policy: Policy = POLICY, known_at: datetime | None = None,
) -> Result:  # fmt: skip
    """The rate series as converted with: one row per calendar day from `first` to `last` (default: all that is
    stored). A `first` more than a year before anything is stored of the pair is moved to that day, with a note. NoRate
    when nothing at all is stored for the pair, or nothing so early."""
    if policy.max_age_days < 0:
        raise Usage("--max-age-days is a number of days, 0 or more")
    origin, goal = _currency(base), _currency(quote)
    for day in (first, last):
        if day is not None:
            not_after_today(conn, day)
    if first and last and first > last:
        raise Usage(f"--from {first} is after --to {last}")
    span = {
        "from": origin, "to": goal, "sources": list(policy.sources), "known_at": known_at, "pegs": policy.pegs,
    }  # fmt: skip
    stored = conn.execute(sql.load("queries/rate_bounds"), span).fetchone() or (None, None, None)
    low = first or stored[0] or last or today(conn)
    high = last or max(stored[1] or low, low)
    notes = []
    floor = stored[2]
    if floor is not None and (floor - low).days > YEAR:  # some empty days say why; 700,000 say nothing more
        if high < floor:
            raise NoRate(
                f"no_rate: nothing is stored of {origin} to {goal} before {floor}: ask for later days"
            )
        notes.append(f"nothing is stored of {origin} to {goal} before {floor}: the series begins there")
        low = floor
    if (high - low).days > LONGEST:
        raise Usage(f"{low} to {high} is longer than {LONGEST} days: ask for a shorter range")
    rows = conn.execute(
        sql.load("queries/rates"),
        span | {"first": low, "last": high, "max_age": policy.max_age_days},
    ).fetchall()
    if not rows or stored[0] is None and all(row[5] is not None for row in rows):
        raise NoRate(why_no_rate(conn, origin, goal, high, "no_rate", policy))
    columns = ("date", "rate", "rate_date", "age_days", "source", "missing")
    head = {"base": origin, "quote": goal}
    return Result("rates", head, columns, rows, head, notes)


def _currency(text: str) -> str:
    found = units.unit(text)
    if found.per != 1:
        raise Usage(f"{text} is a price unit: rates are between currencies such as {found.currency}")
    return found.currency
