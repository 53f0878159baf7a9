"""Returns and explanations a second time, in fractions, from their definitions; no SQL, and slow on purpose.

A belief is what a warehouse holds at one time: closes in the unit of their day, rates, splits and dividends. Rates are
those of tests/conversion/reference.py. An answer that must be refused is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tests.conversion.reference import Published, Question, answers
from tests.conversion.reference import World as Rates
from tests.trust.histories import Scene
from ticker_converter.market import units


class Undecided(Exception):
    """The rules leave several rates open, which give different numbers."""


@dataclass(frozen=True)
class Belief:
    """Closes and dividends by day; splits are new and old; `rates` by source, base, quote and day."""

    scene: Scene
    closes: Mapping[date, Decimal]
    rates: Mapping[tuple[str, str, str, date], Decimal]
    splits: Mapping[date, tuple[int, int]]
    dividends: Mapping[date, Decimal]

    @cached_property
    def published(self) -> Rates:
        rows = (Published(*key, Fraction(rate)) for key, rate in self.rates.items())
        return Rates(tuple(rows), {"a": None, "b": "EUR"}, frozenset("a"))

    @property
    def pegs(self) -> bool:
        return self.scene.name == "peg"

    def rate(self, origin: str, goal: str, on: date) -> Fraction | None:
        found = answers(self.published, Question(origin, goal, on, ("a", "b"), pegs=self.pegs))
        if len({answer.rate for answer in found}) > 1:
            raise Undecided
        return found[0].rate

    @cached_property
    def sessions(self) -> list[date]:
        return sorted(self.closes)

    def session(self, on: date) -> date | None:
        return max((day for day in self.sessions if day <= on), default=None)

    def currency(self, session: date) -> str:
        return units.unit(self.scene.unit_on(session)).currency

    def price(self, session: date) -> Fraction:
        """The close in units of the currency."""
        return Fraction(self.closes[session]) / units.unit(self.scene.unit_on(session)).per

    def payments(self, after: date, until: date) -> Iterator[tuple[Fraction, Fraction | None]]:
        """Close and dividend in its currency, of each ex-date in between; None where no rate tells."""
        for ex_date, amount in self.dividends.items():
            if after < ex_date <= min(until, self.sessions[-1]):
                session = min(day for day in self.sessions if day >= ex_date)
                paid = units.unit(self.scene.paid)
                rate = (
                    Fraction(1)
                    if paid.currency == self.currency(session)
                    else self.rate(paid.currency, self.currency(session), ex_date)
                )
                yield self.price(session), None if rate is None else Fraction(amount) / paid.per * rate

    def factor(self, after: date, adjust: str, until: date = date.max) -> Fraction | None:
        """What a close of the day `after` is multiplied with for what happened until a day; None: not known."""
        found = Fraction(1)
        if adjust != "none":
            for ex_date, (new, old) in self.splits.items():
                if after < ex_date <= min(until, self.sessions[-1]):
                    found *= Fraction(old, new)
        if adjust == "all":
            for close, paid in self.payments(after, until):
                if paid is None:
                    return None
                found *= close / (close + paid)
        return found


@dataclass(frozen=True)
class Number:
    """V = price x factor x rate, on the session that is asked about."""

    session: date
    currency: str
    price: Fraction
    factor: Fraction
    rate: Fraction


def number(belief: Belief, on: date, to: str, adjust: str) -> Number | None:
    session = belief.session(on)
    if session is None:
        return None
    target = units.unit(to)
    rate = belief.rate(belief.currency(session), target.currency, on)
    factor = belief.factor(session, adjust)
    if rate is None or factor is None:
        return None
    return Number(session, belief.currency(session), belief.price(session), factor, rate * target.per)


def between_dates(
    belief: Belief, first: date, last: date, to: str, adjust: str
) -> dict[str, Fraction] | None:
    a, b = number(belief, first, to, adjust), number(belief, last, to, adjust)
    if a is None or b is None:
        return None
    happened = belief.factor(a.session, "all", b.session)
    adjusted = belief.factor(a.session, adjust, b.session)
    link = Fraction(1) if a.currency == b.currency else belief.rate(a.currency, b.currency, last)
    if happened is None or adjusted is None or link is None:
        return None
    r0, r1 = a.rate / link, b.rate
    p0, p1 = a.price * link * a.factor, b.price * b.factor
    held = p0 * happened / adjusted
    return {
        "price": (p1 - held) * r0, "fx": held * (r1 - r0), "cross": (p1 - held) * (r1 - r0), "action": (held - p0) * r0,
    }  # fmt: skip


def between_beliefs(
    before: Belief, after: Belief, on: date, to: str, adjust: str
) -> dict[str, Fraction] | None:
    a, b = number(before, on, to, adjust), number(after, on, to, adjust)
    if a is None or b is None:
        return None
    return {
        "price_revision": (b.price - a.price) * b.factor * a.rate, "action": a.price * (b.factor - a.factor) * a.rate,
        "rate_revision": a.price * b.factor * (b.rate - a.rate),
        "cross": (b.price - a.price) * b.factor * (b.rate - a.rate),
    }  # fmt: skip


Returned = tuple[Fraction | None, Fraction | None]


def returns(belief: Belief, to: str, adjust: str) -> tuple[list[Returned], Returned] | None:
    """Price and currency of each session against the one before, and of the whole range; None where that is not
    known."""
    if len(belief.sessions) < 2:
        return None
    steps: list[Returned] = []
    whole_price, whole_fx = Fraction(1), Fraction(1)
    known = True
    rates = [belief.rate(belief.currency(day), to, day) for day in belief.sessions]
    factors = [belief.factor(day, adjust) for day in belief.sessions]
    links = Fraction(1)
    for n in range(1, len(belief.sessions)):
        day, before = belief.sessions[n], belief.sessions[n - 1]
        link = (
            Fraction(1)
            if belief.currency(before) == belief.currency(day)
            else belief.rate(belief.currency(before), belief.currency(day), day)
        )
        f0, f1, r0, r1 = factors[n - 1], factors[n], rates[n - 1], rates[n]
        if link is None:
            known = False
            steps.append((None, None))
            continue
        links *= link
        price = (
            None
            if f0 is None or f1 is None
            else belief.price(day) * f1 / (belief.price(before) * f0 * link) - 1
        )
        steps.append((price, None if r0 is None or r1 is None else r1 * link / r0 - 1))
    first, last = factors[0], factors[-1]
    if not known or first is None or last is None or rates[0] is None or rates[-1] is None:
        return steps, (None, None)
    start, end = belief.sessions[0], belief.sessions[-1]
    whole_price = belief.price(end) * last / (belief.price(start) * first * links) - 1
    whole_fx = rates[-1] * links / rates[0] - 1
    return steps, (whole_price, whole_fx)
