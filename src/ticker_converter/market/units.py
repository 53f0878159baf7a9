"""Price units: the currency an amount is in and how many of the unit make one of it. A unit is read exactly as it is
spelled, because case carries money: `GBp` is pence and `GBP` is pounds. Never guesses a unit from a symbol.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ticker_converter.errors import Usage
from ticker_converter.market.currencies import currencies
from ticker_converter.market.tables import rows


@dataclass(frozen=True, slots=True)
class PriceUnit:
    """`per` units make one `currency`: GBX is (GBX, GBP, 100), and every currency is a unit with `per` 1."""

    unit: str
    currency: str
    per: int


def unit(text: str) -> PriceUnit:
    """The unit so spelled, in its canonical spelling (`GBp` gives GBX); Usage if there is none or the case is wrong."""
    found = try_unit(text)
    if found is None:
        raise Usage(_refusal(text))
    return found


def try_unit(text: str) -> PriceUnit | None:
    """The unit so spelled, or None."""
    minor = _minor_units().get(text)
    if minor is not None:
        return minor
    return PriceUnit(text, text, 1) if text in currencies() else None


def minor_units() -> tuple[PriceUnit, ...]:
    """The units that are not currencies."""
    return tuple(dict.fromkeys(_minor_units().values()))


@cache
def _minor_units() -> dict[str, PriceUnit]:
    """By every spelling."""
    units = {}
    for row in rows("price_unit"):
        made = PriceUnit(row["unit"], row["currency"], int(row["per"]))
        units.update(dict.fromkeys([row["unit"], *row["aliases"].split()], made))
    return units


def _refusal(text: str) -> str:
    folded = text.casefold()
    near = {
        spelling: f"{spelling} ({row['name']})"
        for row in rows("price_unit")
        for spelling in reversed([row["unit"], *row["aliases"].split()])
        if spelling.casefold() == folded
    }
    code = text.upper()
    if near and code in currencies():
        # Both are one spelling apart, and a factor of a hundred.
        return f"unit {text!r}: {code} ({_plural(code)}) or {next(iter(near.values()))}?"
    if near:
        return f"unknown unit {text!r}: did you mean {list(near.values())[-1]}?"
    if code in currencies():
        return f"unknown unit {text!r}: did you mean {code}?"
    return (
        f"unknown currency or price unit {text!r}: expected a code such as USD, or a unit such as GBX (pence)"
    )


def _plural(code: str) -> str:
    return {"GBP": "pounds"}.get(code, currencies()[code].name)
