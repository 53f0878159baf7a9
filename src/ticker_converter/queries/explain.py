"""Why did my number change: the difference between two values, in parts that add up to the last digit shown.

V = P x A x R: the close in currency units, the adjustment factor and the rate of the day. Between two dates the parts
are price, fx, cross and action; between two knowledge times price_revision, rate_revision, action and cross.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from ticker_converter.queries.conversion import why_no_rate
from ticker_converter.queries.result import POLICY, Policy

PARTS = ("price", "fx", "cross", "action", "price_revision", "rate_revision")

#: Digits that the parts are computed with before they are rounded to those shown.
PRECISION = 100


@dataclass(frozen=True, slots=True)
class _Number:
    price: Decimal
    factor: Decimal
    all_factor: Decimal
    unsure: str | None
    rate: Decimal
    value: Decimal
    currency: str
    instrument_id: int
    said: dict[str, Any]


def between_dates(
    conn: Connection, symbol: str, *, currency: str, first: date, last: date, adjust: str = "none",
    known_at: datetime | None = None, policy: Policy = POLICY,
) -> dict[str, Any]:  # fmt: skip
    """From `first` to `last`: {"from", "to", "change", "parts"}; the parts add up to the change. UnknownSymbol, NoBars,
    NoBasis, NoRate."""
    if first > last:
        raise Usage(f"--from {first} is after --to {last}")
    number = _Reader(conn, symbol, currency, adjust, policy)
    a, b = number(first, known_at), number(last, known_at)
    if a.unsure is not None and (b.unsure is None or number.unconverted(a, b, known_at)):
        raise NoRate(
            f"{a.unsure}: a dividend of {symbol} after {first} cannot be converted, so what it took from the price is "
            "not known: `sync` or `import rates` brings rates"
        )
    with localcontext(prec=PRECISION):
        if a.currency != b.currency:
            # The listing's currency changed in between, by a redenomination say: the first price in today's money.
            link = number.link(a.currency, b.currency, last, known_at)
            a = replace(a, price=a.price * link, rate=a.rate / link)
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
    with localcontext(prec=PRECISION):
        parts = {
            "price_revision": (b.price - a.price) * b.factor * a.rate,
            "action": a.price * (b.factor - a.factor) * a.rate,
            "rate_revision": a.price * b.factor * (b.rate - a.rate),
            "cross": (b.price - a.price) * b.factor * (b.rate - a.rate),
        }
        return _explained(a, b, parts)


def _explained(a: _Number, b: _Number, parts: dict[str, Decimal]) -> dict[str, Any]:
    """Every part rounded to the digits that the finer value is reported with; the rest goes to the largest."""
    change = b.value - a.value
    quantum = Decimal(1).scaleb(-max(6, 9 - a.value.adjusted(), 9 - b.value.adjusted()))
    exact = {name: parts.get(name, Decimal(0)) for name in PARTS}
    shown = {name: part.quantize(quantum, "ROUND_HALF_UP") for name, part in exact.items()}
    largest = max(PARTS, key=lambda name: abs(exact[name]))
    shown[largest] += change - sum(shown.values())
    return {
        "from": a.said, "to": b.said, "change": _plain(change),
        "parts": {name: _plain(part) for name, part in shown.items()},
    }  # fmt: skip


def flat(symbol: str, found: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """An explanation as CSV has it, in one line: the second number, the first, and the parts between."""
    before, after = found["from"], found["to"]
    row = {
        "symbol": symbol, "date": after["on"], "known_at": after["known_at"], "value": after["value"],
        "from_date": before["on"], "from_known_at": before["known_at"], "from_value": before["value"],
        "change": found["change"], **found["parts"],
    }  # fmt: skip
    return list(row), [list(row.values())]


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
        session, price, factor, all_factor, rate, rate_date, source, missing, value, currency, unsure = row
        if missing == "no_dividend_rate":
            raise NoRate(
                f"{missing}: a dividend of {self.symbol} after {on} cannot be converted: `sync` or `import rates` "
                "brings rates, --adjust splits needs none"
            )
        if missing is not None:
            raise NoRate(
                why_no_rate(
                    self.conn, currency, self.target.currency, on, missing, self.policy, known_at=known_at
                )
            )
        said = {
            "on": on, "known_at": known_at or published_at(self.conn), "value": value, "price": _significant(price),
            "factor": _significant(factor), "rate": _significant(rate), "session": session, "rate_date": rate_date,
            "source": source,
        }  # fmt: skip
        return _Number(price, factor, all_factor, unsure, rate, value, currency, found["instrument_id"], said)

    def unconverted(self, a: _Number, b: _Number, known_at: datetime | None) -> bool:
        """Whether a dividend between the two has no rate; of later ones both numbers know equally little."""
        row = self.conn.execute(
            sql.load("queries/explain_unconverted"),
            {
                "instrument_id": a.instrument_id, "after": a.said["session"], "until": b.said["session"],
                "known_at": known_at, "sources": list(self.policy.sources), "max_age": self.policy.max_age_days,
                "pegs": self.policy.pegs,
            },
        ).fetchone()  # fmt: skip
        return bool(row and row[0])

    def link(self, old: str, new: str, on: date, known_at: datetime | None) -> Decimal:
        """How much of the listing's new currency one of its old one is."""
        row = self.conn.execute(
            sql.load("queries/currency_link"),
            {
                "from": old, "to": new, "on": on, "known_at": known_at, "sources": list(self.policy.sources),
                "max_age": self.policy.max_age_days, "pegs": self.policy.pegs,
            },
        ).fetchone()  # fmt: skip
        if row is None or row[0] is None:
            raise NoRate(
                f"no_rate: {self.symbol} was listed in {old} and is in {new}: no rate between them on {on}"
            )
        link: Decimal = row[0]
        return link


def _significant(value: Decimal, digits: int = 12) -> Decimal:
    """So many significant digits, as rates are reported, and never fewer than the whole number has."""
    with localcontext(prec=max(digits, value.adjusted() + 1), rounding="ROUND_HALF_UP"):
        return _plain(+value)


def _plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros, an exponent or a minus before zero."""
    if not value:
        return Decimal(0)
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return value.quantize(Decimal(1).scaleb(min(0, exponent)))
