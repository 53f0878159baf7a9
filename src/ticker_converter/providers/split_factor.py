"""What a provider's single split factor means: two whole numbers (a split) or a price factor (a spin-off).

A split changes the number of shares, a spin-off only the price, and providers publish both in one column. The answer
rests on the published digits alone; nothing is looked up and nothing outside these rules is called a split.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

_PLAIN = re.compile(r"\d{1,9}(?:\.\d{1,15})?")
_MOST = 1000
_SMALLER = 100
_DENOMINATORS = range(3, 13)


def ratio(text: str) -> Fraction | None:
    """New shares per old one, or None when the factor is no split.

    Both numbers are whole and at most 1000, the smaller at most 100: 4, 0.05 (1/20), 1.5 (3/2), 1.03 (103/100) are
    splits; 1.0460 (523/500, IBM's Kyndryl of 2021-11-04) and 1.2558 (CTXS 2017) are not.
    """
    if not _PLAIN.fullmatch(text.strip()):
        return None
    value = Fraction(text.strip())
    if value <= 0:
        return None
    if _whole(value):
        return value
    return _rounded(value, text.strip()) or _inverted(value, text.strip())


def is_split(value: Fraction) -> bool:
    """Whether two stated numbers are a split's: whole, at most 1000, the smaller at most 100."""
    return value > 0 and _whole(value)


def shown(value: Fraction, digits: int = 12) -> str:
    """A ratio as a decimal: exactly where it ends within 20 significant digits, else rounded to `digits` of them."""
    with localcontext() as context:
        context.prec, context.rounding = 40, ROUND_HALF_UP
        quotient = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(quotient) != value or len(quotient.as_tuple().digits) > 20:
            context.prec = digits
            quotient = +quotient
        return f"{quotient.normalize():f}"


def _whole(value: Fraction) -> bool:
    small, large = sorted((value.numerator, value.denominator))
    return large <= _MOST and small <= _SMALLER


def _rounded(value: Fraction, text: str) -> Fraction | None:
    """A repeating decimal cut at four digits or more: 0.3333 is 1/3, 0.0667 is 1/15, 1.3333 is 4/3. Nothing below 1 can
    be a spin-off, so there the old number may be any that rounds to the digits and is the only one that does."""
    digits = len(text.partition(".")[2])
    if digits < 4:
        return None
    if value < Fraction(1, 2):
        near = round(1 / value)
        found = [
            n
            for n in range(max(near - 1, 1), min(near + 1, _MOST) + 1)
            if round(Fraction(1, n), digits) == value
        ]
        return Fraction(1, found[0]) if len(found) == 1 else None
    for old in _DENOMINATORS:
        exact = Fraction(round(value * old), old)
        if exact != 1 and round(exact, digits) == value and _whole(exact):
            return exact
    return None


def _inverted(value: Fraction, text: str) -> Fraction | None:
    """7.00000700001 is 1/0.142857, the inverse of 1/7 at six digits (NFLX 2015-07-15): a 7 for 1 split."""
    new = round(value)
    digits = len(text.partition(".")[2])
    if digits < 6 or not 2 <= new <= _MOST:
        return None
    inverse = round(Fraction(1, new), 6)
    return Fraction(new) if inverse and round(1 / inverse, digits) == value else None
