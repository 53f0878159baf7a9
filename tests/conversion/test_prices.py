"""Converted bars, worked out again by hand or in fractions: units, adjustments, intervals, reasons, receipts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversion.store import LOADED, Store, walked
from ticker_converter.errors import NoBars, NoBasis, UnknownSymbol, Usage
from ticker_converter.market import units
from ticker_converter.queries import prices as prices_module
from ticker_converter.queries.result import Policy, Result
from ticker_converter.queries.returns import returns

FIELDS = ("open", "high", "low", "close")
D = Decimal


def prices(store: Store, symbol: str, **words: Any) -> Result:
    return prices_module.prices(store.conn, symbol, **words)


def rows(result: Result) -> list[dict[str, Any]]:
    found = result.as_dict()["prices"]
    assert isinstance(found, list)
    return found


def shown(exact: Fraction) -> Decimal:
    """6 decimals or 10 significant digits, whichever is finer; half away from zero."""
    with localcontext(prec=120):
        value = Decimal(exact.numerator) / exact.denominator
        places = max(6, 9 - value.adjusted()) if value else 6
        return value.quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def check_bars(result: Result, bars: list[tuple[Any, ...]], unit: str, goal: str) -> None:
    """Every bar against its receipt: amount / from_per x rate x to_per, with the rate walked along the legs."""
    by_day = {str(bar[0]): bar for bar in bars}
    for row in rows(result):
        receipt = row["receipt"]
        rate = walked(
            receipt["legs"], units.unit(receipt["from"]).currency, units.unit(receipt["to"]).currency
        )
        assert (receipt["from"], receipt["to"], receipt["on"]) == (unit, goal, row["date"])
        assert (receipt["rate"], receipt["rate_date"], receipt["source"]) == (
            row["rate"], row["rate_date"], row["source"],
        )  # fmt: skip
        assert receipt["known_at"] == LOADED
        per = Fraction(receipt["unit"]["to_per"], receipt["unit"]["from_per"])
        for field, value in zip(FIELDS, by_day[str(row["date"])][1:5], strict=True):
            assert row[field] == shown(Fraction(value) * rate * per), field


# ---- units ----


@pytest.mark.parametrize(
    ("unit", "goal", "close", "expected"),
    [  # by hand: 1 EUR = 0.99225 USD, 0.7875 GBP, 18 ZAR, 16000 IDR, 130 JPY, 0.297 KWD
        ("GBX", "GBP", "73.5", "0.735"),
        ("GBX", "USD", "73.5", "0.9261"),
        ("GBX", "GBX", "73.5", "73.5"),
        ("GBP", "GBX", "0.735", "73.5"),
        ("GBp", "GBX", "73.5", "73.5"),
        ("ZAc", "ZAR", "12345", "123.45"),
        ("ZAc", "GBX", "12345", "540.09375"),
        ("KWF", "KWD", "250", "0.25"),
        ("KWF", "GBP", "250", "0.6628787879"),
        ("IDR", "GBP", "52", "0.002559375"),
        ("JPY", "KWF", "1", "2.284615385"),
        ("USD", "USD", "0.1234567890123", "0.123456789"),
    ],
)
def test_a_price_in_a_unit(store: Store, unit: str, goal: str, close: str, expected: str) -> None:
    ecb = {"USD": "0.99225", "GBP": "0.7875", "ZAR": "18.00", "IDR": "16000", "JPY": "130", "KWD": "0.297"}
    store.rates(("ecb", "EUR", quote, "2024-01-02", rate) for quote, rate in ecb.items())
    bars = [("2024-01-02", close, close, close, close, "1000")]
    store.bars(store.instrument("XXX", unit), units.unit(unit).unit, bars)
    result = prices(store, "XXX", currency=goal, receipts=True)
    (row,) = rows(result)
    rate = walked(row["receipt"]["legs"], units.unit(unit).currency, units.unit(goal).currency)
    exact = Fraction(close) * rate * units.unit(goal).per / units.unit(unit).per
    assert row["close"] == shown(exact)
    assert abs(Fraction(row["close"]) / exact - 1) < Fraction(1, 10**9)
    check_bars(result, bars, units.unit(unit).unit, units.unit(goal).unit)
    assert row["close"] == D(expected)


def test_the_listing_unit_is_given_as_published_and_an_identity_is_said(store: Store) -> None:
    store.bars(store.instrument("VOD.L", "GBX", "XLON"), "GBX",
               [("2024-01-02", "68.123456789012", "69", "68", "68.50", "10")])  # fmt: skip
    plain = prices(store, "VOD.L")
    assert plain.columns == ["date", "open", "high", "low", "close", "volume", "missing"]
    assert list(plain.rows[0]) == [
        date(2024, 1, 2),
        D("68.123456789012"),
        D(69),
        D(68),
        D("68.5"),
        D(10),
        None,
    ]
    assert (plain.head["currency"], plain.head["listing_unit"], plain.head["basis"]) == ("GBX", "GBX", "raw")
    (row,) = rows(prices(store, "VOD.L", currency="GBP", receipts=True))
    assert (row["rate"], row["rate_date"], row["source"]) == (1, None, "identity")
    assert row["receipt"]["legs"] == [] and row["receipt"]["unit"] == {"from_per": 100, "to_per": 1}
    assert row["open"] == D("0.6812345679") and row["close"] == D("0.685")


def test_after_a_change_of_unit_older_bars_are_still_right(store: Store) -> None:
    """A line that went from pence to pounds, and one that went from kuna to euros: one series, one unit."""
    pounds = store.instrument("VUSA.L", "GBP", "XLON")
    store.bars(pounds, "GBX", [("2024-01-02", "6800", "6900", "6700", "6850", "10")])
    store.bars(pounds, "GBP", [("2024-01-03", "68", "69", "67", "68.6", "10")])
    assert [row["close"] for row in rows(prices(store, "VUSA.L"))] == [D("68.5"), D("68.6")]
    euros = store.instrument("ADRS.ZA", "EUR")
    store.bars(euros, "HRK", [("2022-12-29", "75.345", "75.345", "75.345", "75.345", "1")])
    store.bars(euros, "EUR", [("2023-01-02", "10", "10", "10", "10.5", "1")])
    before, after = rows(prices(store, "ADRS.ZA"))
    assert (before["close"], before["missing"], after["close"]) == (None, "no_rate", D("10.5"))
    store.rates([("ecb", "EUR", "HRK", "2022-12-29", "7.5345")])
    assert [row["close"] for row in rows(prices(store, "ADRS.ZA"))] == [10, D("10.5")]


amounts = st.decimals("0.0001", "99999", allow_nan=False, places=4)
rates = st.builds(lambda number, scale: D(number).scaleb(-scale), st.integers(1, 10**8), st.integers(0, 10))


@given(
    st.sampled_from(["USD", "GBX", "JPY", "KRW", "IDR", "KWF", "TRL", "ZAc", "EUR"]),
    st.sampled_from(["USD", "GBP", "GBX", "JPY", "KRW", "IDR", "KWD", "KWF", "TRY", "EUR"]),
    st.lists(st.tuples(amounts, amounts, amounts, amounts), min_size=1, max_size=8),
    st.lists(rates, min_size=8, max_size=8),
)  # fmt: skip
@settings(max_examples=4 * settings.default.max_examples)
def test_open_high_low_and_close_of_every_bar_follow_from_its_receipt(
    module_store: Store, unit: str, goal: str, quotes: list[tuple[D, ...]], table: list[D]
) -> None:
    module_store.empty()
    first = date(2004, 12, 27)
    days = [first + timedelta(n) for n in range(len(quotes))]
    codes = ["USD", "GBP", "JPY", "KRW", "IDR", "KWD", "ZAR", "TRL"]
    published = first - timedelta(1)
    module_store.rates(("ecb", "EUR", code, published, rate) for code, rate in zip(codes, table, strict=True))
    bars = [(day, *bar, 5) for day, bar in zip(days, quotes, strict=True)]
    module_store.bars(module_store.instrument("XXX", unit), unit, bars)
    result = prices(module_store, "XXX", currency=goal, receipts=True, policy=Policy(max_age_days=30))
    assert all(row["missing"] is None for row in rows(result))
    check_bars(result, bars, unit, goal)


# ---- adjustments ----


def five_days(store: Store, closes: list[str], unit: str = "USD", first: date = date(2024, 3, 4)) -> int:
    """AAA on consecutive days, volume 600."""
    number = store.instrument("AAA", unit)
    store.bars(
        number,
        unit,
        [(first + timedelta(n), close, close, close, close, "600") for n, close in enumerate(closes)],
    )
    return number


def closes(store: Store, **words: Any) -> list[Decimal | None]:
    return [row["close"] for row in rows(prices(store, "AAA", **words))]


def test_a_split_divides_prices_and_multiplies_volume_before_it(store: Store) -> None:
    store.split(five_days(store, ["90", "93", "31", "30"]), "2024-03-06", "3")
    found = rows(prices(store, "AAA", adjust="splits"))
    assert [row["close"] for row in found] == [30, 31, 31, 30]
    assert [row["volume"] for row in found] == [1800, 1800, 600, 600]
    assert closes(store) == [90, 93, 31, 30]
    assert closes(store, adjust="splits", last=date(2024, 3, 5)) == [30, 31], "--to does not change the basis"


def test_a_reverse_split_of_one_for_three_is_exact(store: Store) -> None:
    store.split(five_days(store, ["10", "10.000001", "30"]), "2024-03-06", "1", "3")
    found = rows(prices(store, "AAA", adjust="splits"))
    assert [row["close"] for row in found] == [30, D("30.000003"), 30]
    assert [row["volume"] for row in found] == [200, 200, 600]
    store.split(store.instrument("AAA", "USD"), "2024-03-05", "3", "1")
    assert closes(store, adjust="splits") == [10, D("30.000003"), 30]


def test_an_action_after_the_last_session_waits_for_its_day(store: Store) -> None:
    number = five_days(store, ["90", "93"])
    store.split(number, "2024-03-06", "3")
    store.dividend(number, "2024-03-07", "1", "USD")
    assert closes(store, adjust="all") == [90, 93]
    store.bars(number, "USD", [("2024-03-06", "31", "31", "31", "31", "1")])
    assert closes(store, adjust="all") == [30, 31, 31]


def test_a_spinoff_changes_the_price_and_not_the_volume(store: Store) -> None:
    store.split(five_days(store, ["104.6", "100"]), "2024-03-05", "1046", "1000", kind="spinoff")
    found = rows(prices(store, "AAA", adjust="splits"))
    assert [(row["close"], row["volume"]) for row in found] == [(100, 600), (100, 600)]


def test_dividends_of_one_day_are_summed_against_that_days_close(store: Store) -> None:
    number = five_days(store, ["100", "99", "97", "50"])
    store.dividend(number, "2024-03-06", "2", "USD", type="regular")
    store.dividend(number, "2024-03-06", "1", "USD", type="special")
    assert closes(store, adjust="all") == [D(97), D("96.03"), 97, 50]
    assert closes(store, adjust="splits") == [100, 99, 97, 50]


def test_a_dividend_and_a_split_of_one_day_use_the_shares_after_the_split(store: Store) -> None:
    number = five_days(store, ["100", "49"])
    store.split(number, "2024-03-05", "2")
    store.dividend(number, "2024-03-05", "1", "USD")
    assert closes(store, adjust="all") == [49, 49]


def test_a_dividend_without_a_session_of_its_own_uses_the_next_close(store: Store) -> None:
    number = five_days(store, ["100"])
    store.bars(number, "USD", [("2024-05-20", "80", "80", "80", "80", "1")])
    store.dividend(number, "2024-04-01", "20", "USD")
    assert closes(store, adjust="all") == [80, 80]


def test_a_dividend_in_pence_or_another_currency_is_converted_at_its_day(store: Store) -> None:
    number = five_days(store, ["1000", "990", "980"], "GBX")
    store.dividend(number, "2024-03-05", "0.40", "USD")
    store.dividend(number, "2024-03-06", "20", "GBX")
    store.rates([("ecb", "EUR", "USD", "2024-03-05", "1.0"), ("ecb", "EUR", "GBP", "2024-03-05", "0.5")])
    second = Fraction(980, 1000)
    first = Fraction(990, 990 + 20) * second  # 0.40 USD is 0.20 GBP is 20 pence
    assert closes(store, adjust="all") == [shown(1000 * first), shown(990 * second), 980]


def test_without_the_dividends_rate_earlier_bars_are_null_and_say_so(store: Store) -> None:
    number = five_days(store, ["10", "10", "10"], "GBP")
    store.dividend(number, "2024-03-05", "0.40", "USD")
    found = rows(prices(store, "AAA", adjust="all"))
    assert [(row["close"], row["missing"]) for row in found] == [
        (None, "no_dividend_rate"),
        (10, None),
        (10, None),
    ]
    weekly = rows(prices(store, "AAA", adjust="all", interval="1w"))
    assert [(row["close"], row["missing"]) for row in weekly] == [(None, "no_dividend_rate")]
    store.rates([("ecb", "EUR", "GBP", "2024-03-04", "0.5")])
    converted = rows(prices(store, "AAA", adjust="all", currency="EUR"))
    assert [(row["close"], row["missing"], row["rate"]) for row in converted] == [
        (None, "no_dividend_rate", 2), (20, None, 2), (20, None, 2),
    ]  # fmt: skip


def test_a_dividend_known_only_split_adjusted_is_refused(store: Store) -> None:
    number = five_days(store, ["10", "10"])
    store.dividend(number, "2024-03-05", "0.40", "USD", basis="s")
    assert closes(store, adjust="splits") == [10, 10]
    with pytest.raises(NoBasis, match="^basis: AAA has dividends stored adjusted for splits"):
        prices(store, "AAA", adjust="all")


# ---- basis ----


@pytest.mark.parametrize(
    ("basis", "gives", "said"), [("s", "splits", "splits"), ("a", "all", "splits and dividends")]
)
def test_an_adjusted_series_gives_its_own_adjustment_only(
    store: Store, basis: str, gives: str, said: str
) -> None:
    number = store.instrument("AAA", "USD")
    store.bars(number, "USD", [("2024-03-04", "10", "10", "10", "10", "1")], basis=basis)
    store.split(number, "2024-03-04", "2")
    assert closes(store, adjust=gives) == [10]
    assert prices(store, "AAA", adjust=gives).head["basis"] == gives
    for other in {"none", "splits", "all"} - {gives}:
        with pytest.raises(NoBasis, match=f"^basis: AAA is stored adjusted for {said} and cannot"):
            prices(store, "AAA", adjust=other)


def test_two_bases_are_never_mixed_and_never_drop_without_a_word(store: Store) -> None:
    number = five_days(store, ["100", "50"])
    store.bars(number, "USD", [("2024-03-08", "25", "25", "25", "25", "1")], basis="s")
    store.dividend(number, "2024-03-08", "1", "USD")
    result = prices(store, "AAA")
    assert [row["close"] for row in rows(result)] == [100, 50]
    assert result.notes == ["1 bars of AAA are stored on another basis and left out: two are never mixed"]


def test_the_basis_with_the_most_bars_that_gives_the_adjustment_is_the_series(store: Store) -> None:
    number = store.instrument("AAA", "USD")
    bar = ("10", "10", "10", "10", "1")
    store.bars(number, "USD", [("2024-03-04", *bar)])
    store.bars(number, "USD", [("2024-03-05", *bar), ("2024-03-06", *bar)], basis="s")
    assert [row["date"].day for row in rows(prices(store, "AAA", adjust="splits"))] == [5, 6]
    assert [row["date"].day for row in rows(prices(store, "AAA"))] == [4], "only raw can be given as it is"
    assert [
        row["date"].day for row in rows(prices(store, "AAA", adjust="splits", last=date(2024, 3, 4)))
    ] == [4]
    store.bars(number, "USD", [("2024-03-07", *bar)])
    found = prices(store, "AAA", adjust="splits")
    assert [row["date"].day for row in rows(found)] == [4, 7], "of as many bars raw is preferred"
    assert found.notes == ["2 bars of AAA are stored on another basis and left out: two are never mixed"]
    late = returns(store.conn, "AAA", known_at=datetime(2026, 7, 1, tzinfo=UTC))
    assert [row[0].day for row in late.rows] == [7]


# ---- reasons ----


def test_a_bar_without_a_rate_is_null_with_the_reason(store: Store) -> None:
    five_days(store, ["10", "11", "12"])
    store.rates([("ecb", "EUR", "USD", "2024-03-05", "1.25")])
    found = rows(prices(store, "AAA", currency="EUR", receipts=True, policy=Policy(max_age_days=0)))
    assert [(row["close"], row["missing"]) for row in found] == [
        (None, "no_rate"), (D("8.8"), None), (None, "rate_too_old"),
    ]  # fmt: skip
    for row in (found[0], found[2]):
        assert {row[name] for name in (*FIELDS, "rate", "rate_date", "source", "receipt")} == {None}
    assert found[0]["volume"] == 600


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Usage, {"currency": "gbp"}), (Usage, {"currency": "XXZ"}), (Usage, {"adjust": "both"}),
        (Usage, {"interval": "1y"}),
        (Usage, {"first": date(2999, 1, 1)}), (Usage, {"last": date(2999, 1, 1)}),
        (Usage, {"first": date(2024, 3, 5), "last": date(2024, 3, 4)}), (Usage, {"policy": Policy(max_age_days=-1)}),
        (NoBars, {"last": date(2024, 3, 3)}), (NoBars, {"known_at": datetime(2020, 1, 1, tzinfo=UTC)}),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(store: Store, error: type[Exception], words: dict[str, Any]) -> None:
    five_days(store, ["10"])
    with pytest.raises(error):
        prices(store, "AAA", **words)
    with pytest.raises(UnknownSymbol):
        prices(store, "BBB")


# ---- intervals ----


def test_a_week_is_converted_session_by_session_then_aggregated(store: Store) -> None:
    """The euro doubles in mid-week: the week's high in euros is not its high in dollars converted."""
    number = store.instrument("AAA", "USD", "XNYS")
    bars = [("2024-03-04", "10", "12", "9", "11", "100"), ("2024-03-05", "11", "20", "10", "12", "100"),
            ("2024-03-08", "12", "13", "8", "10", "50"), ("2024-03-11", "1", "1", "1", "1", "1")]  # fmt: skip
    store.bars(number, "USD", bars)
    store.rates([("ecb", "EUR", "USD", "2024-03-04", "1"), ("ecb", "EUR", "USD", "2024-03-05", "2")])
    week, next_week = rows(prices(store, "AAA", currency="EUR", interval="1w", receipts=True))
    assert {name: week[name] for name in ("date", *FIELDS, "volume", "rate", "rate_date", "partial")} == {
        "date": date(2024, 3, 8), "open": 10, "high": 12, "low": 4, "close": 5, "volume": 250, "rate": D("0.5"),
        "rate_date": date(2024, 3, 5), "partial": False,
    }  # fmt: skip
    assert week["receipt"]["on"] == date(2024, 3, 8) and week["receipt"]["age_days"] == 3
    assert (next_week["date"], next_week["partial"]) == (date(2024, 3, 11), True)
    (month,) = rows(prices(store, "AAA", interval="1mo"))
    assert (month["date"], month["open"], month["high"], month["close"], month["partial"]) == (
        date(2024, 3, 11), 10, 20, 1, True,
    )  # fmt: skip


def test_one_session_without_a_rate_leaves_its_week_empty_with_the_reason(store: Store) -> None:
    five_days(store, ["10", "11", "12"])
    store.rates([("ecb", "EUR", "USD", "2024-03-05", "1.25")])
    (week,) = rows(prices(store, "AAA", currency="EUR", interval="1w"))
    assert (week["close"], week["high"], week["missing"]) == (None, None, "no_rate")


@pytest.mark.parametrize("mic", ["XLON", None])
@pytest.mark.parametrize(
    ("first", "last", "partial"),
    [
        (
            None,
            None,
            [False, False, True],
        ),  # Good Friday ends the second week on Thursday; the third has begun
        (date(2024, 3, 20), None, [True, False, True]),
        (None, date(2024, 3, 27), [False, True]),
        (date(2024, 3, 18), date(2024, 3, 28), [False, None]),
    ],
)
def test_a_period_is_partial_until_its_last_session_is_there(
    store: Store, mic: str | None, first: date | None, last: date | None, partial: list[bool | None]
) -> None:
    number = store.instrument("AAA.L" if mic else "AAA", "GBX", mic)
    days = [date(2024, 3, 18) + timedelta(n) for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 15)]
    store.bars(number, "GBX", [(day, "1", "1", "1", "1", "1") for day in days])
    found = rows(prices(store, "AAA.L" if mic else "AAA", interval="1w", first=first, last=last))
    # cut on Maundy Thursday, only a calendar knows that Friday is no session
    expected = [(mic is None) if one is None else one for one in partial]
    assert [row["partial"] for row in found] == expected


def test_whether_a_period_was_over_is_as_known_then(store: Store) -> None:
    """Where no calendar tells, a later bar ends a week: one learned of since does not end it for the past."""
    number = store.instrument("AAA", "USD")
    store.bars(number, "USD", [(date(2024, 3, day), "1", "1", "1", "1", "1") for day in (4, 5)])
    (before,) = rows(prices(store, "AAA", interval="1w", known_at=LOADED))
    later = LOADED + timedelta(days=1)
    store.bars(number, "USD", [(date(2024, 3, 11), "1", "1", "1", "1", "1")], known_from=later)
    (again,) = rows(prices(store, "AAA", interval="1w", known_at=LOADED))
    assert before == again and again["partial"]
    assert [week["partial"] for week in rows(prices(store, "AAA", interval="1w", known_at=later))] == [
        False,
        True,
    ]


def test_months_end_with_their_last_session(store: Store) -> None:
    number = store.instrument("AAA", "USD", "XNYS")
    days = [date(2024, 3, 27), date(2024, 3, 28), date(2024, 4, 1), date(2024, 5, 31)]
    store.bars(number, "USD", [(day, "1", "1", "1", "1", "1") for day in days])
    found = rows(prices(store, "AAA", interval="1mo"))
    assert [(row["date"], row["partial"]) for row in found] == [
        (date(2024, 3, 28), False), (date(2024, 4, 1), True), (date(2024, 5, 31), False),
    ]  # fmt: skip
