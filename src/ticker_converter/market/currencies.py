"""Currencies with their lives, the legal factors that tie an old code to its successor, and hard pegs. Knows no market
rate and converts nothing: a factor here is law or a central bank's standing promise, with a date and a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal, cast

from ticker_converter.errors import Usage
from ticker_converter.market.tables import rows


@dataclass(frozen=True, slots=True)
class Currency:
    """`minor_digits` is None for metals and funds; `valid_to` is the last day as a currency of its own, None: live."""

    code: str
    name: str
    minor_digits: int | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class LegalFactor:
    """One `new` is `factor` `old` from `effective` on."""

    old: str
    new: str
    factor: Decimal
    effective: date
    kind: Literal["changeover", "redenomination"]
    source: str


@dataclass(frozen=True, slots=True)
class Peg:
    """One `anchor` is `rate` `currency` from `valid_from` to `valid_to` (None: in force)."""

    currency: str
    anchor: str
    rate: Decimal
    valid_from: date
    valid_to: date | None
    source: str


def currency(code: str) -> Currency:
    """The currency of that code, upper case, retired ones included; Usage if there is none."""
    try:
        return currencies()[code]
    except KeyError:
        near = code.upper()
        hint = (
            f": did you mean {near}?" if near in currencies() else ": expected a code of ISO 4217 such as EUR"
        )
        raise Usage(f"unknown currency {code!r}{hint}") from None


@cache
def currencies() -> dict[str, Currency]:
    """All currencies by code, retired ones included."""
    return {
        row["code"]: Currency(
            row["code"],
            row["name"],
            int(row["minor_digits"]) if row["minor_digits"] else None,
            _date(row["valid_from"]),
            _date(row["valid_to"]),
        )
        for row in rows("currency")
    }


@cache
def legal_factors() -> tuple[LegalFactor, ...]:
    """All changeovers and redenominations, oldest first."""
    return tuple(
        LegalFactor(
            row["old"],
            row["new"],
            Decimal(row["factor"]),
            date.fromisoformat(row["effective"]),
            cast(Literal["changeover", "redenomination"], row["kind"]),
            row["source"],
        )
        for row in rows("legal_factor")
    )


def legal_factor(old: str) -> LegalFactor | None:
    """What became of a currency by law; None if nothing did. A successor may have a successor of its own."""
    return _by_old().get(old)


@cache
def pegs() -> tuple[Peg, ...]:
    """All hard pegs."""
    return tuple(
        Peg(
            row["currency"],
            row["anchor"],
            Decimal(row["rate"]),
            date.fromisoformat(row["valid_from"]),
            _date(row["valid_to"]),
            row["source"],
        )
        for row in rows("peg")
    )


def peg(code: str, on: date) -> Peg | None:
    """The peg of a currency in force on a day, or None."""
    for found in pegs():
        if (
            found.currency == code
            and found.valid_from <= on
            and (found.valid_to is None or on <= found.valid_to)
        ):
            return found
    return None


@cache
def _by_old() -> dict[str, LegalFactor]:
    return {factor.old: factor for factor in legal_factors()}


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
