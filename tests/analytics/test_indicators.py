"""Indicators against pandas and TA-Lib on real data, and by hand where a rule is the point."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.analytics import reference
from tests.conversion.store import Store
from tests.support import writing
from ticker_converter.errors import NoBasis, UnknownSymbol, Usage
from ticker_converter.queries.indicators import columns, indicators
from ticker_converter.queries.result import Policy
from ticker_converter.queries.returns import returns


@pytest.fixture(scope="module")
def talib() -> Any:
    """TA-Lib, an independent implementation in C."""
    return pytest.importorskip("talib")


def frame(result: Any) -> pd.DataFrame:
    """A result in float, by day."""
    rows = [[None if cell is None else float(cell) for cell in row[1:-1]] for row in result.rows]
    return pd.DataFrame(
        rows, index=[str(row[0]) for row in result.rows], columns=result.columns[1:-1], dtype=float
    )


@pytest.fixture(scope="module")
def in_pounds(real) -> pd.DataFrame:
    """AAPL's indicators in pounds."""
    return frame(indicators(real, "AAPL", names=reference.NAMES, currency="GBP"))


@pytest.fixture(scope="module")
def closes(shared) -> dict[str, pd.Series]:
    """AAPL and MSFT in pounds, worked out without the warehouse."""
    found = {}
    for symbol in ("AAPL", "MSFT"):
        raw = reference.raw_closes(shared, symbol)
        splits = reference.split_factors(shared, symbol, raw.index)
        found[symbol] = raw["close"] / splits * reference.ecb_rates(shared, "USD", "GBP", raw.index)
        found[f"volume {symbol}"] = raw["volume"] * splits
    return found


def test_every_value_of_24_years_of_aapl_in_pounds_is_that_of_pandas(in_pounds, closes) -> None:
    expected = reference.everything(closes["AAPL"], closes["volume AAPL"], closes["MSFT"])
    assert len(in_pounds) == 6080
    np.testing.assert_allclose(in_pounds["close"], closes["AAPL"], rtol=1e-9)
    for name in expected:  # half of the last of 8 decimals, or of 10 digits
        np.testing.assert_allclose(in_pounds[name], expected[name], rtol=1e-9, atol=6e-9, err_msg=name)


def test_ta_lib_says_the_same(talib, in_pounds, closes) -> None:
    close, market = closes["AAPL"].to_numpy(), closes["MSFT"].to_numpy()
    upper, _, lower = talib.BBANDS(close, 20)
    change = np.diff(close) / close[:-1]
    deviation = talib.STDDEV(change, 30) * math.sqrt(30 / 29)
    given = {
        "sma:20": talib.SMA(close, 20),
        "ema:12": talib.EMA(close, 12),
        "rsi:14": talib.RSI(close, 14),
        "bollinger_upper:20": upper,
        "bollinger_lower:20": lower,
        "volatility:30": np.concatenate([[np.nan], deviation]),
        "beta:MSFT:60": talib.BETA(market, close, 60),
        "volume:20": talib.SMA(closes["volume AAPL"].to_numpy(), 20),
    }
    for name, expected in given.items():
        np.testing.assert_allclose(in_pounds[name], expected, rtol=1e-6, atol=1e-7, err_msg=name)


def test_ta_libs_macd_which_seeds_its_fast_average_later_is_the_same_after_a_year(
    talib, in_pounds, closes
) -> None:
    line, signal, histogram = talib.MACD(closes["AAPL"].to_numpy())
    for name, expected in {"macd": line, "macd_signal": signal, "macd_histogram": histogram}.items():
        np.testing.assert_allclose(in_pounds[name].iloc[260:], expected[260:], atol=1e-8, err_msg=name)


def test_in_the_listings_currency_nothing_is_converted(real, shared) -> None:
    found = indicators(real, "AAPL", names=["sma:200"], first=date(2020, 8, 28), last=date(2020, 8, 31))
    raw = reference.raw_closes(shared, "AAPL")["close"]
    split = raw / reference.split_factors(shared, "AAPL", raw.index)
    expected = split.rolling(200).mean()
    assert found.head == {"symbol": "AAPL", "currency": "USD", "listing_unit": "USD", "adjust": "splits"}
    assert [float(row[2]) for row in found.rows] == pytest.approx(
        [expected["2020-08-28"], expected["2020-08-31"]], rel=1e-9
    )


def test_the_volatility_is_that_of_the_returns_command(real) -> None:
    asked = {"currency": "JPY", "last": date(2023, 12, 29)}
    steps = [row[3] for row in returns(real, "AAPL", first=date(2023, 11, 1), **asked).rows][-30:]
    mean = sum(map(Fraction, steps)) / 30
    variance = sum((Fraction(step) - mean) ** 2 for step in steps) / 29
    found = indicators(real, "AAPL", names=["volatility:30"], first=date(2023, 12, 29), **asked).rows[0][2]
    assert abs(float(found) - math.sqrt(variance)) < 2e-8


def test_a_value_does_not_depend_on_where_the_answer_begins_or_ends(real) -> None:
    whole = indicators(real, "AAPL", names=reference.NAMES, currency="EUR", last=date(2004, 6, 30))
    part = indicators(
        real, "AAPL", names=reference.NAMES, currency="EUR", first=date(2004, 6, 1), last=date(2004, 6, 15)
    )
    assert part.rows == [row for row in whole.rows if date(2004, 6, 1) <= row[0] <= date(2004, 6, 15)]
    assert len(part.rows) == 10  # closed on the 11th: Reagan's funeral


# ---- by hand ----


def put(store: Store, closes: list[str | None], symbol: str = "A", unit: str = "USD") -> int:
    """Weekdays from 2024-01-01 on; None is a day without a bar."""
    instrument = store.instrument(symbol, unit)
    days = writing.weekdays("2024-01-01", len(closes))
    store.bars(
        instrument,
        unit,
        [(day, *[x] * 4, "10") for day, x in zip(days, closes, strict=True) if x is not None],
    )
    return instrument


def column(store: Store, name: str, symbol: str = "A", **asked: Any) -> list[str | None]:
    found = indicators(store.conn, symbol, names=[name], **asked)
    return [None if row[2] is None else f"{row[2].normalize() + 0:f}" for row in found.rows]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sma:3", [None, None, "2", "4.333333333", "5.666666667", "5.333333333"]),
        ("ema:3", [None, None, "2", "5", "5.5", "3.75"]),  # alpha 1/2, begun with the mean 2
        ("rsi:2", [None, None, "100", "100", "60", "23.07692308"]),  # 1.5 up and 1 down; 0.75 and 2.5
        ("drawdown", ["0", "0", "0", "0", "-0.25", "-0.75"]),
        (
            "bollinger:4",
            [None, None, None, "8.885164807", "9.519696007", "9.519696007"],
        ),  # variance 7.25, 5.6875
    ],
)
def test_small_numbers_by_hand(store, name, expected) -> None:
    put(store, ["1", "2", "3", "8", "6", "2"])
    assert column(store, name) == expected


def test_an_average_of_thirds_is_exact_before_it_is_rounded(store) -> None:
    put(store, ["0.1", "0.2", "0.3", "0.4"])
    assert column(store, "sma:3") == [None, None, "0.2", "0.3"]
    assert column(store, "volatility:2")[-1] == f"{round(math.sqrt(((1 / 2 - 1 / 3) ** 2) / 2), 8)}"


def test_a_session_without_a_rate_is_null_and_averages_begin_anew_after_it(store) -> None:
    put(store, ["1", "2", "3", "4", "5", "6", "7", "8"])
    days = writing.weekdays("2024-01-01", 8)
    store.rates([("files", "USD", "EUR", day, "1") for n, day in enumerate(days) if n != 3])
    asked = {"currency": "EUR", "policy": Policy(max_age_days=0)}
    assert column(store, "sma:2", **asked) == [None, "1.5", "2.5", None, None, "5.5", "6.5", "7.5"]
    assert column(store, "ema:2", **asked) == [None, "1.5", "2.5", None, None, "5.5", "6.5", "7.5"]
    assert column(store, "volatility:2", **asked)[3:] == [None, None, None, "0.02357023", "0.01683588"]
    assert column(store, "macd:1:2:2", **asked)[3:] == [None, None, "0.5", "0.5", "0.5"]
    rows = indicators(store.conn, "A", names=["sma:1"], **asked).rows
    assert [row[-1] for row in rows] == [None] * 3 + ["rate_too_old"] + [None] * 4


def test_an_index_of_a_price_that_never_moves_is_null_and_of_one_that_only_rises_100(store) -> None:
    put(store, ["5"] * 5)
    assert column(store, "rsi:2") == [None] * 5
    put(store, ["1", "2", "3", "4", "5"], "B")
    assert column(store, "rsi:2", "B") == [None, None, "100", "100", "100"]


def test_beta_takes_the_sessions_that_both_have(store) -> None:
    put(store, ["100", "110", None, "99", "108.9", "130.68"])
    put(store, ["100", "105", "200", "99.75", "104.7375", "115.21125"], "M")
    # Common: +10 %, -10 %, +10 %, +20 % against +5 %, -5 %, +5 %, +10 %.
    assert column(store, "beta:M:2") == [None, None, "2", "2", "2"]
    assert column(store, "beta:M:4")[-1] == "2"
    assert column(store, "beta:A:2")[-1] == "1"


def test_a_listing_in_pence_is_answered_in_pence_and_in_pounds(store) -> None:
    put(store, ["100", "200"], "P.L", unit="GBX")
    assert column(store, "sma:2", "P.L") == [None, "150"]
    assert column(store, "sma:2", "P.L", currency="GBP") == [None, "1.5"]
    assert column(store, "volatility:2", "P.L") == [None, None]


def test_a_later_split_changes_the_scale_and_no_ratio(store) -> None:
    instrument = put(store, ["8", "10", "9", "12", "11"])
    names = ["sma:2", "rsi:2", "volatility:2", "drawdown", "volume:2"]
    before = indicators(store.conn, "A", names=names).rows
    store.bars(instrument, "USD", [("2024-01-08", "3", "3", "3", "3", "40")])
    store.split(instrument, "2024-01-08", "4")
    after = indicators(store.conn, "A", names=names, last=date(2024, 1, 5)).rows
    for old, new in zip(before, after, strict=True):
        assert new[3:6] == old[3:6]
        assert new[2] == (None if old[2] is None else old[2] / 4)
        assert new[6] == (None if old[6] is None else old[6] * 4)


def test_a_price_of_many_zeros_keeps_its_digits(store) -> None:
    put(store, ["0.0000001", "0.0000003", "0.0000002"])
    assert column(store, "sma:2") == [None, "0.0000002", "0.00000025"]
    assert column(store, "ema:2") == [None, "0.0000002", "0.0000002"]


def test_an_unknown_name_benchmark_or_adjustment_is_refused_by_name(store) -> None:
    put(store, ["1", "2"])
    for wrong in ("sma", "sma:0", "sma:x", "sma:9999", "SMA:20", "macd:26:12:9", "macd:12", "beta:SPY", "volatility:1",
                  "drawdown:3", "bollinger:20:", "", "ema:3:4"):  # fmt: skip
        with pytest.raises(Usage, match=f"{wrong!r}|no indicator"):
            indicators(store.conn, "A", names=[wrong])
    with pytest.raises(Usage):
        indicators(store.conn, "A", names=[])
    with pytest.raises(UnknownSymbol, match="NOPE"):
        indicators(store.conn, "A", names=["beta:NOPE:20"])
    other = store.instrument("S", "USD")
    store.bars(other, "USD", [("2024-01-01", *"1111", "1")], basis="s")
    with pytest.raises(NoBasis, match="S"):
        indicators(store.conn, "A", names=["beta:S:20"], adjust="all")


def test_columns_are_called_as_asked_and_come_once() -> None:
    assert [one.name for one in columns(["macd:5:35:5", "sma:20", "sma:20", "bollinger:20:2.5"])] == [
        "macd:5:35:5", "macd_signal:5:35:5", "macd_histogram:5:35:5", "sma:20", "bollinger_upper:20:2.5",
        "bollinger_lower:20:2.5",
    ]  # fmt: skip


prices = st.lists(
    st.one_of(st.none(), st.decimals("0.01", "1000", places=2)), min_size=2, max_size=24
).filter(lambda found: found[0] is not None)


@given(prices, prices, st.integers(1, 23), st.sets(st.integers(0, 23), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_days_value_never_depends_on_later_bars(store, own, other, cut, unrated) -> None:
    names = [
        "sma:3",
        "ema:3",
        "rsi:3",
        "macd:2:4:2",
        "volatility:3",
        "drawdown",
        "beta:M:3",
        "bollinger:3",
        "volume:2",
    ]
    days = writing.weekdays("2024-01-01", 24)
    with store.conn.transaction(force_rollback=True):
        put(store, [str(x) if x else None for x in own])
        put(store, [str(x) if x else None for x in other], "M")
        rated = [("files", "USD", "EUR", day, str(1 + n)) for n, day in enumerate(days) if n not in unrated]
        store.rates(rated)
        asked: dict[str, Any] = {
            "names": names, "currency": "EUR",
            "policy": Policy(max_age_days=1),
        }  # fmt: skip
        whole = indicators(store.conn, "A", **asked)
        until = date.fromisoformat(days[cut])
        store.conn.execute("DELETE FROM warehouse.fact_price WHERE session > %s", [until])
        store.conn.execute("DELETE FROM warehouse.fact_fx_rate WHERE rate_date > %s", [until])
        if not store.conn.execute(
            "SELECT FROM warehouse.fact_price WHERE session > '2024-01-01' LIMIT 1"
        ).fetchone():
            return
        assert indicators(store.conn, "A", **asked).rows == [row for row in whole.rows if row[0] <= until]
        exact = [(row[0], row[1]) for row in whole.rows]
        for (_, before), (_, close), row in zip(exact, exact[1:], whole.rows[1:], strict=True):
            drawdown = row[whole.columns.index("drawdown")]
            assert (drawdown is None) == (close is None)
            assert drawdown is None or drawdown <= 0
            assert before is None or before > 0


def test_smoothing_is_there_for_anyones_sql(store) -> None:
    rows = store.conn.execute(
        "SELECT mart.smoothed(x, 3, 2) OVER (ORDER BY n) FROM (VALUES (1, 1.0), (2, 2), (3, 3), (4, 8)) AS v (n, x)"
    ).fetchall()
    assert [row[0] for row in rows] == [None, None, Decimal(2), Decimal(5)]
    assert all(a is None or b > a for (a,), (b,) in pairwise(rows[1:]))
