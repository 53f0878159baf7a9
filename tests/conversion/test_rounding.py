"""What is reported: money to 6 decimals or 10 significant digits, rates to 12 digits, half away from zero."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conversion.store import Store
from ticker_converter.errors import Usage
from ticker_converter.queries import conversion
from ticker_converter.queries.result import Policy

D = Decimal
numbers = st.one_of(
    st.builds(
        lambda digits, exponent, sign: D(digits).scaleb(exponent) * sign,
        st.integers(1, 10**40), st.integers(-60, 20), st.sampled_from([1, -1]),
    ),
    st.builds(lambda digits, exponent: (D(digits) + D("0.5")).scaleb(exponent), st.integers(-(10**12), 10**12),
              st.integers(-20, 5)),
    st.builds(lambda nines, exponent: (D(10) ** nines - 1).scaleb(exponent), st.integers(1, 30), st.integers(-40, 3)),
)  # fmt: skip


def rounded(value: Decimal, places: int) -> Decimal:
    with localcontext(prec=200):
        return value.quantize(D(1).scaleb(-places), ROUND_HALF_UP)


@given(st.lists(numbers, min_size=20, max_size=60))
@settings(max_examples=settings.default.max_examples)
@example(
    [D(0), D("0.0000005"), D("-0.0000005"), D("999.99999999"), D("0.99999999999"), D("1E-50"), D("1E50")]
)
def test_money_and_rates_are_rounded_as_decimal_does(module_store: Store, values: list[Decimal]) -> None:
    found = module_store.conn.execute(
        "SELECT v, mart.money(v), mart.significant(v, 12), mart.exponent(v) FROM unnest(%s::numeric[]) AS v",
        [values],
    ).fetchall()
    assert len(found) == len(values)
    for value, money, twelve, exponent in found:
        size = value.adjusted() if value else 0
        assert exponent == size
        assert money == rounded(value, max(6, 9 - size))
        assert twelve == rounded(value, 11 - size)
        assert (money == 0) == (value == 0)


@pytest.mark.parametrize(
    ("amount", "origin", "goal", "result"),
    [
        ("1", "IDR", "GBP", "0.00004921875"),
        ("0.01", "IDR", "GBP", "0.0000004921875"),
        ("1", "TRL", "GBP", "0.0000004342431762"),
        ("-1", "TRL", "GBP", "-0.0000004342431762"),
        ("1", "IDR", "KWD", "0.0000185625"),
        ("1", "JPY", "KRW", "11.15384615"),
        ("1000", "JPY", "KRW", "11153.846154"),
        ("123456789012.345", "JPY", "KRW", "1377018031291.540385"),
        ("1", "KWD", "IDR", "53872.053872"),
        ("250000", "KWF", "IDR", "13468013.468013"),
        ("0.5", "GBX", "GBP", "0.005"),
        ("12345678901234567890.123456", "GBX", "GBP", "123456789012345678.901235"),
        ("98765432109876543210.5", "KWF", "KWD", "98765432109876543.2105"),
        ("0", "JPY", "KRW", "0"),
    ],
)
def test_one_amount(store: Store, amount: str, origin: str, goal: str, result: str) -> None:
    """By hand: 1 EUR = 0.7875 GBP, 16000 IDR, 130 JPY, 1450 KRW, 0.297 KWD, 1813500 TRL."""
    ecb = {"GBP": "0.7875", "IDR": "16000", "JPY": "130", "KRW": "1450", "KWD": "0.297", "TRL": "1813500"}
    store.rates(("ecb", "EUR", quote, "2004-06-01", rate) for quote, rate in ecb.items())
    made = conversion.convert(store.conn, D(amount), origin, goal, on=date(2004, 6, 1))
    assert made.result == D(result)


digits = st.integers(1, 10**9)


@given(digits, st.integers(-3, 9), digits, st.integers(-3, 9), st.integers(-(10**15), 10**15), st.booleans())
@settings(max_examples=8 * settings.default.max_examples)
def test_an_amount_is_exact_before_it_is_rounded(
    module_store: Store, x: int, x_scale: int, y: int, y_scale: int, amount: int, pegged: bool
) -> None:
    """PostgreSQL's own division keeps 16 digits: a result that had passed through it differs in the last ones shown."""
    module_store.empty()
    one, other = D(x).scaleb(-x_scale), D(y).scaleb(-y_scale)
    module_store.rates([("ecb", "EUR", "USD", "2024-03-04", one), ("ecb", "EUR", "JPY", "2024-03-04", other)])
    origin = "AED" if pegged else "USD"
    made = conversion.convert(
        module_store.conn, D(amount), origin, "JPY", on=date(2024, 3, 4), policy=Policy(pegs=True)
    )
    exact = amount * Fraction(other) / Fraction(one) / (Fraction("3.6725") if pegged else 1)
    with localcontext(prec=120):
        value = D(exact.numerator) / exact.denominator
    assert made.result == rounded(value, max(6, 9 - (value.adjusted() if value else 0)))


def test_a_peg_alone_has_its_digits(store: Store) -> None:
    made = conversion.convert(
        store.conn, D("1000000000000"), "AED", "USD", on=date(2024, 3, 4), policy=Policy(pegs=True)
    )
    assert made.result == D("272294077603.812117") and made.receipt["source"] == "peg"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1E+400", "1E-400", "9" * 101])
def test_an_amount_that_is_no_amount_is_refused(store: Store, amount: str) -> None:
    with pytest.raises(Usage, match="^amount "):
        conversion.convert(store.conn, D(amount), "USD", "USD")
