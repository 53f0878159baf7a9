"""Price units and currencies: case carries money, factors are exact, dates chain."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker_converter.errors import Usage
from ticker_converter.market.currencies import (
    currencies,
    currency,
    legal_factor,
    legal_factors,
    peg,
    pegs,
)
from ticker_converter.market.tables import DATA, rows
from ticker_converter.market.units import PriceUnit, minor_units, try_unit, unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GBX", PriceUnit("GBX", "GBP", 100)),
        ("GBp", PriceUnit("GBX", "GBP", 100)),
        ("GBP", PriceUnit("GBP", "GBP", 1)),
        ("ZAc", PriceUnit("ZAc", "ZAR", 100)),
        ("ZAC", PriceUnit("ZAc", "ZAR", 100)),
        ("ILA", PriceUnit("ILA", "ILS", 100)),
        ("KWF", PriceUnit("KWF", "KWD", 1000)),
        ("USX", PriceUnit("USX", "USD", 100)),
        ("JPY", PriceUnit("JPY", "JPY", 1)),
        ("DEM", PriceUnit("DEM", "DEM", 1)),
        ("CNH", PriceUnit("CNH", "CNH", 1)),
    ],
)
def test_a_unit_is_read_as_it_is_spelled(text: str, expected: PriceUnit) -> None:
    assert unit(text) == try_unit(text) == expected


@pytest.mark.parametrize("text", ["gbp", "Gbp", "gBP", "gbP"])
def test_pounds_or_pence_is_asked_and_never_guessed(text: str) -> None:
    with pytest.raises(Usage, match=re.escape("GBP (pounds) or GBp (pence)?")):
        unit(text)
    assert try_unit(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("usd", "did you mean USD?"),
        ("Eur", "did you mean EUR?"),
        ("gbx", "did you mean GBX (pence)?"),
        ("zac", "did you mean ZAc (cents)?"),
        ("ila", "did you mean ILA (agorot)?"),
        ("ZZZ", "'ZZZ'"),
        ("", "''"),
        (" GBP", "' GBP'"),
        ("XXX", "'XXX'"),
    ],
)
def test_another_spelling_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(Usage) as refused:
        unit(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=6))
def test_any_text_is_a_unit_of_a_known_currency_or_a_usage_error(text: str) -> None:
    found = try_unit(text)
    if found is None:
        with pytest.raises(Usage):
            unit(text)
    else:
        assert found.currency in currencies() and found.per >= 1


def test_every_minor_unit_is_of_a_live_currency_and_no_currency_itself() -> None:
    for found in minor_units():
        assert currency(found.currency).valid_to is None
        assert found.unit not in currencies()
    spellings = [
        spelling for row in rows("price_unit") for spelling in [row["unit"], *row["aliases"].split()]
    ]
    assert len(spellings) == len(set(spellings))


def test_an_unknown_currency_is_refused_with_its_name() -> None:
    with pytest.raises(Usage, match="'eur': did you mean EUR"):
        currency("eur")
    with pytest.raises(Usage, match="'GBX'"):
        currency("GBX")


@pytest.mark.parametrize(
    ("old", "new", "factor", "effective"),
    [
        ("DEM", "EUR", "1.95583", "1999-01-01"),
        ("ITL", "EUR", "1936.27", "1999-01-01"),
        ("GRD", "EUR", "340.750", "2001-01-01"),
        ("CYP", "EUR", "0.585274", "2008-01-01"),
        ("LVL", "EUR", "0.702804", "2014-01-01"),
        ("HRK", "EUR", "7.53450", "2023-01-01"),
        ("BGN", "EUR", "1.95583", "2026-01-01"),
        ("TRL", "TRY", "1000000", "2005-01-01"),
        ("ROL", "RON", "10000", "2005-07-01"),
        ("BYR", "BYN", "10000", "2016-07-01"),
        ("SLL", "SLE", "1000", "2022-07-01"),
    ],
)
def test_a_legal_factor_is_the_published_text(old: str, new: str, factor: str, effective: str) -> None:
    found = legal_factor(old)
    assert found is not None
    assert (found.new, str(found.factor), found.effective) == (new, factor, date.fromisoformat(effective))


def test_the_euros_irrevocable_rates_have_six_significant_digits() -> None:
    rates = {factor.old: factor.factor for factor in legal_factors() if factor.kind == "changeover"}
    assert len(rates) == 22
    assert {old for old, rate in rates.items() if len(rate.as_tuple().digits) != 6} == {"XEU"}


def test_the_old_code_ends_the_day_before_its_successor_takes_over() -> None:
    olds = [factor.old for factor in legal_factors()]
    assert len(olds) == len(set(olds))
    for factor in legal_factors():
        assert currency(factor.old).valid_to == factor.effective - timedelta(1), factor
        successor = currency(factor.new)
        assert successor.valid_from is not None and successor.valid_from <= factor.effective, factor
        assert successor.valid_to is None or successor.valid_to > factor.effective, factor
        assert factor.factor > 0 and factor.source


def test_successors_end_at_a_live_currency() -> None:
    for factor in legal_factors():
        code, seen = factor.old, set()
        while (step := legal_factor(code)) is not None:
            assert code not in seen
            seen.add(code)
            code = step.new
        assert currency(code).valid_to is None


def test_every_live_code_of_iso_4217_is_known() -> None:
    pycountry = pytest.importorskip("pycountry")
    live = {found.code for found in currencies().values() if found.valid_to is None}
    assert {entry.alpha_3 for entry in pycountry.currencies} - {"XTS", "XXX"} == live - {"CNH"}


@pytest.mark.parametrize(
    ("code", "digits"),
    [("JPY", 0), ("KRW", 0), ("KWD", 3), ("EUR", 2), ("IDR", 2), ("XAU", None), ("CLF", 4)],
)
def test_minor_digits_are_those_of_iso(code: str, digits: int | None) -> None:
    assert currency(code).minor_digits == digits


def test_pegs_of_a_currency_do_not_overlap_and_join_known_currencies() -> None:
    for found in pegs():
        assert found.rate > 0 and found.source
        assert currency(found.currency) and currency(found.anchor)
        assert found.valid_to is None or found.valid_from < found.valid_to
    for first, second in zip(pegs(), pegs()[1:], strict=False):
        if first.currency == second.currency:
            assert first.valid_to is not None and first.valid_to < second.valid_from


def test_a_peg_holds_on_its_days_only() -> None:
    found = peg("XOF", date(2024, 1, 2))
    assert found is not None and (found.anchor, found.rate) == ("EUR", Decimal("655.957"))
    earlier = peg("XOF", date(1998, 12, 31))
    assert earlier is not None and (earlier.anchor, earlier.rate) == ("FRF", Decimal(100))
    assert peg("BGN", date(2026, 1, 1)) is None
    assert peg("HKD", date(2024, 1, 2)) is None


@pytest.mark.parametrize("name", ["currency", "price_unit", "legal_factor", "peg", "exchange"])
def test_a_table_names_its_source_and_is_rectangular(name: str) -> None:
    text = (DATA / f"{name}.csv").read_text(encoding="utf-8")
    assert text.startswith("# ")
    for row in rows(name):
        assert None not in row and None not in row.values()
        assert all(cell == cell.strip() for cell in row.values())
    assert len({tuple(row.values()) for row in rows(name)}) == len(rows(name))


def test_units_load_without_data_frames_or_time_zones() -> None:
    code = (
        "import sys; from ticker_converter.market import units; units.unit('GBX');"
        " print([name for name in ('polars', 'pandas', 'numpy', 'zoneinfo', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
