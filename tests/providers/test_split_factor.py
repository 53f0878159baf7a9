"""Which published factors are splits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker_converter.providers.split_factor import ratio


@pytest.mark.parametrize(
    ("text", "new", "old"),
    [("2.0000", 2, 1), ("4", 4, 1), ("20.0", 20, 1), ("0.05", 1, 20), ("1.5", 3, 2), ("1.0300", 103, 100),
     ("0.001", 1, 1000), ("1000", 1000, 1), ("7.00000700001", 7, 1), ("3.000003", 3, 1), ("0.3333", 1, 3),
     ("0.0667", 1, 15), ("1.3333", 4, 3), ("0.6667", 2, 3), ("1.6667", 5, 3)],
)  # fmt: skip
def test_a_split_is_two_whole_numbers(text, new, old):
    assert ratio(text) == Fraction(new, old)


@pytest.mark.parametrize(
    "text",
    ["1.0460", "1.2558", "1.054", "1.281", "0", "0.0", "-2", "", "abc", "nan", "1e5", "2/1", "1001", "9" * 400,
     "0.0011", "7.0001", "7.00000700002"],
)  # fmt: skip
def test_an_odd_factor_is_no_split(text):
    assert ratio(text) is None


@given(st.integers(1, 1000), st.integers(1, 100))
def test_every_ratio_that_decimals_can_write_is_found_again(new, old):
    wanted = Fraction(new, old)
    digits = next((n for n in range(8) if (wanted * 10**n).denominator == 1), None)
    if digits is not None:
        whole, rest = divmod(wanted.numerator * 10**digits // wanted.denominator, 10**digits)
        text = f"{whole}.{rest:0{digits}d}" if digits else str(whole)
        assert ratio(text) == wanted


@given(st.text(max_size=30))
def test_any_text_is_a_ratio_or_none(text):
    assert ratio(text) is None or ratio(text) > 0
