"""Why did my number change: the difference between two values, in parts that add up to the last digit shown.

V = P x A x R: the close in currency units, the adjustment factor and the rate of the day. Between two dates the parts
are price, fx, cross and action; between two knowledge times price_revision, rate_revision, action and cross.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, NoRate, Usage
from ticker_converter.market import units
from ticker_converter.market.units import PriceUnit
from ticker_converter.queries.basis import series
from ticker_converter.queries.clock import not_after_today, published_at
from ticker_converter.queries.result import POLICY, Policy

PARTS = ("price", "fx", "cross", "action", "price_revision", "rate_revision")


@dataclass(frozen=True, slots=True)
class _Number:
    price: Decimal
    factor: Decimal
    all_factor: Decimal
    rate: Decimal
    value: Decimal
    said: dict[str, Any]


def between_dates(
    conn: Connection, symbol: str, *, currency: str, first: date, last: date, adjust: str = "none",
    known_at: datetime | None = None, policy: Policy = POLICY,
) -> dict[str, Any]:  # fmt: skip
    """From `first` to `last`: {"from", "to", "change", "parts"}; the parts add up to the change."""
    if first > last:
        raise Usage(f"--from {first} is after --to {last}")
    number = _Reader(conn, symbol, currency, adjust, policy)
    a, b = number(first, known_at), number(last, known_at)
    with localcontext(prec=80):
        p0, p1 = a.price * a.factor, b.price * b.factor
        held = p0 * (a.all_factor / b.all_factor) / (a.factor / b.factor)
        parts = {
            "price": (p1 - held) * a.rate, "fx": held * (b.rate - a.rate), "cross": (p1 - held) * (b.rate - a.rate),
            "action": (held - p0) * a.rate,
        }  # fmt: skip
        return _explained(a, b, parts)


def between_beliefs(
    conn: Connection, symbol: str, *, currency: str, on: date, known_at: tuple[datetime, datetime],
    adjust: str = "none", policy: Policy = POLICY,
) -> dict[str, Any]:  # fmt: skip
    """The value of `on` as known at the first time and at the second."""
    number = _Reader(conn, symbol, currency, adjust, policy)
    a, b = number(on, known_at[0]), number(on, known_at[1])
    with localcontext(prec=80):
        parts = {
            "price_revision": (b.price - a.price) * b.factor * a.rate,
            "action": a.price * (b.factor - a.factor) * a.rate,
            "rate_revision": a.price * b.factor * (b.rate - a.rate),
            "cross": (b.price - a.price) * b.factor * (b.rate - a.rate),
        }
        return _explained(a, b, parts)


def _explained(a: _Number, b: _Number, parts: dict[str, Decimal]) -> dict[str, Any]:
    change = b.value - a.value
    places = max(0, -min(_exponent(a.value), _exponent(b.value)))
    quantum = Decimal(1).scaleb(-places)
    shown = {name: parts.get(name, Decimal(0)).quantize(quantum, "ROUND_HALF_UP") for name in PARTS}
    largest = max(PARTS, key=lambda name: abs(parts.get(name, Decimal(0))))
    shown[largest] += change - sum(shown.values())
    return {"from": a.said, "to": b.said, "change": change, "parts": shown}


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


class _Reader:
    def __init__(self, conn: Connection, symbol: str, currency: str, adjust: str, policy: Policy) -> None:
        self.conn, self.symbol, self.adjust, self.policy = conn, symbol, adjust, policy
        self.target: PriceUnit = units.unit(currency)

    def __call__(self, on: date, known_at: datetime | None) -> _Number:
        not_after_today(self.conn, on)
        found = series(self.conn, self.symbol, self.adjust, known_at=known_at).instrument
        row = self.conn.execute(
            sql.load("queries/explain"),
            {
                "instrument_id": found["instrument_id"], "on": on, "known_at": known_at, "adjust": self.adjust,
                "to": self.target.currency, "to_per": self.target.per, "sources": list(self.policy.sources),
                "max_age": self.policy.max_age_days, "pegs": self.policy.pegs,
            },
        ).fetchone()  # fmt: skip
        if row is None:
            raise NoBars(
                f"no bar of {self.symbol} is stored on or before {on}"
                + (f" as known at {known_at.isoformat()}" if known_at else "")
            )
        session, price, factor, all_factor, rate, rate_date, source, missing, value = row
        if missing is not None:
            raise NoRate(f"{missing}: {self.symbol} cannot be converted to {self.target.unit} on {on}")
        said = {
            "on": on, "known_at": known_at or published_at(self.conn), "value": value, "session": session,
            "price": _twelve(price), "factor": _twelve(factor), "rate": _twelve(rate), "rate_date": rate_date,
            "source": source,
        }  # fmt: skip
        return _Number(price, factor, all_factor, rate, value, said)


def _twelve(value: Decimal) -> Decimal:
    """Twelve significant digits, as rates are reported."""
    with localcontext(prec=12, rounding="ROUND_HALF_UP"):
        return (+value).normalize() + 0
