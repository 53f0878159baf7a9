"""Returns: exact, from the right session to the right session, and joined where a currency was renamed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.conversion.store import LOADED, Store
from tests.trust.given import SECOND, closes, day
from ticker_converter.errors import NoBars, NoBasis, NoRate, UnknownSymbol, Usage
from ticker_converter.queries.result import Policy, Result
from ticker_converter.queries.returns import returns

D = Decimal


def flat(result: Result) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in result.rows]


def test_a_known_case_by_hand(store: Store) -> None:
    # 100 USD at 0.80 GBP and 110 USD at 0.75 GBP: 80.00 and 82.50 pounds.
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-03": 110})
    store.rates([("ecb", "USD", "GBP", "2020-01-02", "0.80"), ("ecb", "USD", "GBP", "2020-01-03", "0.75")])
    found = returns(store.conn, "A", currency="GBP")
    assert flat(found) == [(date(2020, 1, 3), D("0.10000000"), D("-0.06250000"), D("0.03125000"), None)]
    assert found.head["attribution"] == {
        "price": D("0.1"), "fx": D("-0.0625"), "cross": D("-0.00625"), "total": D("0.03125"),
    }  # fmt: skip
    assert found.head["currency"] == "GBP" and found.head["adjust"] == "splits"


def test_the_parts_of_a_return_of_thirty_digits_add_up(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {day(0): D("0.00000007"), day(1): D("9999999.0000003")})
    store.rates(
        [("files", "USD", "GBP", day(0), "0.00000003"), ("files", "USD", "GBP", day(1), "7777777.123")]
    )
    parts = returns(store.conn, "A", currency="GBP").head["attribution"]
    assert sum(Fraction(parts[name]) for name in ("price", "fx", "cross")) == Fraction(parts["total"])


def test_reported_sessions_compound_to_the_reported_range_within_their_rounding(store: Store) -> None:
    a = store.instrument("A", "USD")
    n = 60
    closes(store, a, "USD", {day(k): D(100) + D(k * 7 % 13) / 7 for k in range(n)})
    store.rates([("files", "USD", "GBP", day(k), D("0.8") + D(k * 5 % 11) / 1300) for k in range(n)])
    found = returns(store.conn, "A", currency="GBP")
    compounded = Fraction(1)
    for row in found.rows:
        compounded *= 1 + Fraction(row[3])
    # n factors near 1, each wrong by half a unit of the 8th decimal at most: n halves, with a tenth for their products.
    assert abs(compounded - 1 - Fraction(found.head["attribution"]["total"])) <= Fraction(n * 55, 100 * 10**8)


def test_the_base_is_the_last_session_on_or_before_from_else_the_first_after(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-03": 10, "2020-01-06": 20, "2020-01-07": 30, "2020-01-08": 40})
    ask = lambda **more: returns(store.conn, "A", **more)  # noqa: E731
    sunday = ask(first=date(2020, 1, 5))
    assert sunday.head["base"] == date(2020, 1, 3) and sunday.head["attribution"]["price"] == 3
    assert [row[0] for row in sunday.rows] == [date(2020, 1, 6), date(2020, 1, 7), date(2020, 1, 8)]
    assert ask(first=date(2020, 1, 6)).head["base"] == date(2020, 1, 6)
    assert ask(first=date(1999, 1, 1)).head["base"] == date(2020, 1, 3)
    assert ask(last=date(2020, 1, 7), first=date(2020, 1, 6)).head["attribution"]["price"] == D("0.5")
    assert [row[0] for row in ask(last=date(2020, 1, 7)).rows] == [date(2020, 1, 6), date(2020, 1, 7)]
    with pytest.raises(NoBars):
        ask(first=date(2020, 1, 8))
    with pytest.raises(NoBars):
        ask(last=date(2020, 1, 5))
    with pytest.raises(Usage):
        ask(first=date(2020, 1, 8), last=date(2020, 1, 7))
    with pytest.raises(UnknownSymbol):
        returns(store.conn, "B")


def test_without_a_currency_the_listings_own_is_used_and_fx_is_nothing(store: Store) -> None:
    a = store.instrument("VOD.L", "GBX")
    closes(store, a, "GBX", {"2020-01-02": 100, "2020-01-03": 110})
    found = returns(store.conn, "VOD.L")
    assert found.head["currency"] == "GBP"
    assert flat(found) == [(date(2020, 1, 3), D("0.1"), 0, D("0.1"), None)]
    assert found.head["attribution"] == {"price": D("0.1"), "fx": 0, "cross": 0, "total": D("0.1")}


@pytest.mark.parametrize("currency", [None, "TRY", "TRL", "EUR"])
def test_a_redenominated_listing_has_no_jump(store: Store, currency: str | None) -> None:
    """XIST went from TRL to TRY, a million to one, on 2005-01-01."""
    a = store.instrument("GARAN.IS", "TRL")
    store.conn.execute(
        "UPDATE warehouse.instrument_unit SET valid_to = '2004-12-31' WHERE instrument_id = %s", [a]
    )
    store.conn.execute(
        "INSERT INTO warehouse.instrument_unit (instrument_id, valid_from, unit_id) VALUES (%s, '2005-01-01', %s)",
        [a, store.unit_id("TRY")],
    )
    closes(store, a, "TRL", {"2004-12-30": 4250000, "2004-12-31": 4300000})
    closes(store, a, "TRY", {"2005-01-03": "4.32", "2005-01-04": "4.40"})
    store.rates(
        [("ecb", "EUR", "TRL", "2004-12-30", 1830000), ("ecb", "EUR", "TRL", "2004-12-31", 1836200)]
        + [("ecb", "EUR", "TRY", "2005-01-03", "1.8290"), ("ecb", "EUR", "TRY", "2005-01-04", "1.8400")]
    )
    found = returns(store.conn, "GARAN.IS", currency=currency)
    local = [row[1] for row in found.rows]
    assert local == [D("0.01176471"), D("0.00465116"), D("0.01851852")]
    whole = found.head["attribution"]
    assert whole["price"] == D("0.03529412")
    assert found.head["currency"] == (currency or "TRY")
    if currency == "EUR":
        assert whole["fx"] == D("-0.00543478")  # 1.8300 / 1.8400 - 1
    else:
        assert whole["fx"] == 0


def test_a_dividend_in_another_currency_counts_at_the_rate_of_its_ex_date(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-03": 96, "2020-01-06": 96})
    store.dividend(a, "2020-01-03", "5", "EUR")
    store.rates([("ecb", "EUR", "USD", "2020-01-03", "0.8"), ("ecb", "EUR", "USD", "2020-01-02", "9")])
    found = returns(store.conn, "A", adjust="all")
    assert [row[1] for row in found.rows] == [0, 0]  # 96 + 5 x 0.8 = 100
    assert returns(store.conn, "A", adjust="splits").head["attribution"]["price"] == D("-0.04")


def test_a_dividend_without_a_rate_is_named_and_nothing_before_it_is_given(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-03": 96, "2020-01-06": 98, "2020-01-07": 99})
    store.dividend(a, "2020-01-06", "5", "EUR")
    with pytest.raises(NoRate, match="no_dividend_rate"):
        returns(store.conn, "A", adjust="all")
    after = returns(store.conn, "A", adjust="all", first=date(2020, 1, 6))
    assert [row[1] for row in after.rows] == [D("0.01020408")]


def test_sessions_without_a_rate_are_null_with_the_reason(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 10, "2020-01-03": 11, "2020-01-20": 12, "2020-01-21": 13})
    store.rates([("ecb", "EUR", "USD", "2020-01-02", "1.1"), ("ecb", "EUR", "USD", "2020-01-21", "1.2")])
    found = returns(store.conn, "A", currency="EUR")
    assert [(row[1], row[2] is None, row[3] is None, row[4]) for row in found.rows] == [
        (D("0.1"), False, False, None),
        (D("0.09090909"), True, True, "rate_too_old"),
        (D("0.08333333"), True, True, "rate_too_old"),
    ]
    assert found.head["attribution"]["total"] == D("0.19166667")
    with pytest.raises(NoRate, match="rate_too_old"):
        returns(store.conn, "A", currency="EUR", last=date(2020, 1, 20))
    with pytest.raises(NoRate, match="no_rate"):
        returns(store.conn, "A", currency="JPY")
    patient = returns(store.conn, "A", currency="EUR", policy=Policy(max_age_days=30))
    assert [row[4] for row in patient.rows] == [None, None, None]


def test_a_split_is_taken_out_and_a_basis_that_is_not_stored_is_refused(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-08-28": 400, "2020-08-31": 101})
    store.split(a, "2020-08-31", "4")
    assert returns(store.conn, "A").head["attribution"]["price"] == D("0.01")
    b = store.instrument("B", "USD")
    closes(store, b, "USD", {"2020-08-28": 100, "2020-08-31": 101}, basis="s")
    assert returns(store.conn, "B").head["attribution"]["price"] == D("0.01")
    with pytest.raises(NoBasis, match="basis"):
        returns(store.conn, "B", adjust="all")


def test_known_at_answers_with_what_was_known_then(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-03": 110})
    store.rates([("ecb", "USD", "GBP", "2020-01-02", "0.80"), ("ecb", "USD", "GBP", "2020-01-03", "0.75")])
    before = returns(store.conn, "A", currency="GBP", known_at=LOADED)
    store.revise("ecb", "USD", "GBP", "2020-01-03", "0.70", SECOND)
    closes(store, a, "USD", {"2020-01-06": 120}, known_from=SECOND)
    again = returns(store.conn, "A", currency="GBP", known_at=LOADED)
    assert (again.head, flat(again)) == (before.head, flat(before))
    now = returns(store.conn, "A", currency="GBP", last=date(2020, 1, 3))
    assert now.rows[0][2] == D("-0.125")
    with pytest.raises(NoBars):
        returns(store.conn, "A", known_at=LOADED - timedelta(days=1))
