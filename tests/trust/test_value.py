"""Positions valued: nothing converted one to one, nothing dropped without a word."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conversion.store import LOADED, Store
from tests.trust.given import SECOND, closes, rolled_back
from ticker_converter.errors import Usage
from ticker_converter.queries.result import Policy
from ticker_converter.queries.value import value

D = Decimal
ON = date(2020, 8, 31)


@pytest.fixture
def held(store: Store) -> Store:
    """Shares in dollars and in pence, rates of the day, and one share of each way to have no value."""
    a = store.instrument("AAPL", "USD")
    closes(store, a, "USD", {"2020-08-28": "124.8075", "2020-08-31": "129.04"})
    v = store.instrument("VOD.L", "GBX")
    closes(store, v, "GBX", {"2020-08-28": "111.9"})
    for symbol, unit in (("OLD", "USD"), ("NEW", "USD"), ("ADJ", "USD"), ("ZAR.JO", "ZAc"), ("VES", "VES")):
        store.instrument(symbol, unit)
    ids = dict(store.conn.execute("SELECT symbol, instrument_id FROM mart.instrument").fetchall())
    closes(store, ids["OLD"], "USD", {"2020-08-14": 7})  # eleven weekdays before
    closes(store, ids["ADJ"], "USD", {"2020-08-31": 7}, basis="s")
    closes(store, ids["ZAR.JO"], "ZAc", {"2020-08-31": 12000})
    closes(store, ids["VES"], "VES", {"2020-08-31": 5})
    store.rates(
        [
            ("ecb", "EUR", "USD", "2020-08-28", "1.1915"), ("ecb", "EUR", "GBP", "2020-08-28", "0.89468"),
            ("ecb", "EUR", "USD", "2020-08-31", "1.1940"), ("ecb", "EUR", "GBP", "2020-08-31", "0.89605"),
            ("ecb", "EUR", "ZAR", "2020-08-10", "20.9"), ("ecb", "EUR", "GBP", "2020-08-10", "0.9013"),
        ]
    )  # fmt: skip
    return store


def ask(store: Store, positions: dict[str, Any] | list[tuple[str, Decimal]], **more: Any) -> dict[str, Any]:
    given = list(positions.items()) if isinstance(positions, dict) else positions
    more = {"currency": "GBP", "on": ON} | more
    return value(store.conn, [(symbol, D(number)) for symbol, number in given], **more)


def test_shares_and_cash_in_one_currency(held: Store) -> None:
    found = ask(held, {"AAPL": 10, "VOD.L": 200, "CASH:EUR": 100, "CASH:GBP": "12.5", "CASH:GBX": 250})
    values = {entry["symbol"]: entry["value"] for entry in found["positions"]}
    assert values == {
        "AAPL": D("968.3944054"),  # 10 x 129.04 / 1.1940 x 0.89605
        "VOD.L": D("223.8"),  # 200 x 111.9 pence
        "CASH:EUR": D("89.605"), "CASH:GBP": D("12.5"), "CASH:GBX": D("2.5"),
    }  # fmt: skip
    assert found["total"] == sum(values.values()) and found["covered_share"] == 1 and not found["left_out"]
    assert found["currency"] == "GBP" and found["on"] == ON
    apple = found["positions"][0]
    assert (apple["price"], apple["price_date"], apple["unit"]) == (D("129.04"), ON, "USD")
    assert (apple["rate"], apple["rate_date"]) == (D("0.750460636516"), ON)
    vodafone = found["positions"][1]
    assert (vodafone["price"], vodafone["price_date"], vodafone["unit"], vodafone["rate"]) == (
        D("111.9"), date(2020, 8, 28), "GBX", 1,
    )  # fmt: skip


def test_every_reason_to_leave_out_is_told_with_the_local_value(held: Store) -> None:
    found = ask(
        held,
        {
            "AAPL": 1,
            "NOPE": 2,
            "NEW": 3,
            "OLD": 4,
            "VES": 5,
            "ZAR.JO": 6,
            "ADJ": 7,
            "CASH:XXX": 8,
            "CASH:gbp": 9,
        },
    )
    assert [
        (x["symbol"], x["quantity"], x["reason"], x["local_value"], x["unit"]) for x in found["left_out"]
    ] == [
        ("NOPE", 2, "unknown_symbol", None, None),
        ("NEW", 3, "no_price", None, None),
        ("OLD", 4, "price_too_old", 28, "USD"),
        ("VES", 5, "no_rate", 25, "VES"),
        ("ZAR.JO", 6, "rate_too_old", 72000, "ZAc"),
        ("ADJ", 7, "basis", 49, "USD"),
        ("CASH:XXX", 8, "unknown_currency", None, None),
        ("CASH:gbp", 9, "unknown_currency", None, None),
    ]
    assert [entry["symbol"] for entry in found["positions"]] == ["AAPL"]
    assert found["covered_share"] == D("0.111111")
    assert found["total"] == found["positions"][0]["value"]


def test_an_empty_total_is_zero_and_says_that_nothing_is_covered(held: Store) -> None:
    found = ask(held, {"NOPE": 1})
    assert (found["total"], found["covered_share"], found["positions"]) == (0, 0, [])


@pytest.mark.parametrize("mic", ["XNYS", None])
def test_the_age_of_a_price_is_counted_in_sessions_of_its_exchange(store: Store, mic: str | None) -> None:
    # 25 December and 1 January are weekdays and no sessions of New York.
    a = store.instrument("A", "USD", mic=mic)
    closes(store, a, "USD", {"2020-12-18": 10})
    for on, new_york, weekdays in (("2021-01-04", 9, 11), ("2021-01-05", 10, 12)):
        sessions = new_york if mic else weekdays
        for limit, valued in ((sessions, True), (sessions - 1, False)):
            found = ask(store, {"A": 1}, on=date.fromisoformat(on), currency="USD", max_price_age=limit)
            assert bool(found["positions"]) is valued, (on, limit)
    default = ask(store, {"A": 1}, on=date(2021, 1, 4), currency="USD")
    assert bool(default["positions"]) is (mic is not None)


def test_the_last_raw_close_is_used_where_an_adjusted_one_is_newer(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-08-28": 400})
    closes(store, a, "USD", {"2020-08-31": 100}, basis="s")
    assert ask(store, {"A": 1}, currency="USD")["total"] == 400


def test_short_positions_and_repeated_symbols_count_as_given(held: Store) -> None:
    found = ask(held, [("AAPL", D(10)), ("AAPL", D(-4)), ("CASH:GBP", D("-100")), ("AAPL", D(0))])
    assert [entry["value"] for entry in found["positions"]] == [
        D("968.3944054"), D("-387.3577621"), -100, 0,
    ]  # fmt: skip
    assert found["total"] == D("481.0366433")


def test_in_pence_the_same_is_a_hundred_times_as_much(held: Store) -> None:
    found = ask(held, {"VOD.L": 200, "CASH:GBP": 1}, currency="GBp")
    assert found["currency"] == "GBX"
    assert [entry["value"] for entry in found["positions"]] == [22380, 100]


def test_a_quantity_is_never_scaled_by_a_split_of_another_day(held: Store) -> None:
    (a,) = held.conn.execute(
        "SELECT instrument_id FROM mart.instrument WHERE symbol = 'AAPL'"
    ).fetchone() or (0,)
    held.split(a, "2020-08-31", "4")
    assert ask(held, {"AAPL": 1}, currency="USD", on=date(2020, 8, 30))["total"] == D("124.8075")


def test_as_it_was_known(held: Store) -> None:
    before = ask(held, {"AAPL": 10, "VOD.L": 200, "OLD": 1}, known_at=LOADED)
    held.revise("ecb", "EUR", "GBP", "2020-08-31", "0.9", SECOND)
    (v,) = held.conn.execute(
        "SELECT instrument_id FROM mart.instrument WHERE symbol = 'VOD.L'"
    ).fetchone() or (0,)
    closes(held, v, "GBX", {"2020-08-31": "120"}, known_from=SECOND)
    assert ask(held, {"AAPL": 10, "VOD.L": 200, "OLD": 1}, known_at=LOADED) == before
    assert ask(held, {"VOD.L": 200})["total"] == 240
    nothing = ask(held, {"AAPL": 1, "CASH:GBP": 1}, known_at=LOADED - timedelta(days=1))
    assert [entry["reason"] for entry in nothing["left_out"]] == ["no_price"] and nothing["total"] == 1


def test_what_cannot_be_asked_is_refused(held: Store) -> None:
    for wrong in ({"on": date(2999, 1, 1)}, {"currency": "gbp"}, {"max_price_age": -1}):
        with pytest.raises(Usage):
            ask(held, {"AAPL": 1}, **wrong)  # type: ignore[arg-type]
    with pytest.raises(Usage):
        ask(held, {})


quantities = st.builds(lambda n, s: D(n).scaleb(-s), st.integers(-(10**9), 10**9), st.integers(0, 6))


@given(
    st.lists(
        st.tuples(st.sampled_from(["U", "P", "I", "T", "CASH:KWD", "CASH:JPY", "X"]), quantities),
        min_size=1,
        max_size=8,
    )
)
def test_the_total_is_the_sum_of_what_is_reported(
    module_store: Store, positions: list[tuple[str, Decimal]]
) -> None:
    prices = {
        "U": ("USD", D("0.0001234")),
        "P": ("GBX", D("98765.4321")),
        "I": ("IDR", D("3")),
        "T": ("TRL", D("1")),
    }
    on_euro = {
        "USD": "1.1940",
        "GBP": "0.89605",
        "IDR": "17400.52",
        "TRL": "1836200",
        "KWD": "0.36",
        "JPY": "126.47",
    }
    with rolled_back(module_store) as store:
        for symbol, (unit, close) in prices.items():
            closes(store, store.instrument(symbol, unit), unit, {"2004-12-31": close})
        store.rates([("ecb", "EUR", code, "2004-12-31", rate) for code, rate in on_euro.items()])
        found = ask(store, positions, currency="GBP", on=date(2004, 12, 31), policy=Policy())
    assert Fraction(found["total"]) == sum(
        (Fraction(entry["value"]) for entry in found["positions"]), Fraction(0)
    )
    assert len(found["positions"]) + len(found["left_out"]) == len(positions)
    assert all(entry["value"] for entry in found["positions"] if entry["quantity"])
