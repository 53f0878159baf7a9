"""Why a number changed: parts that add up to the last digit shown, and each of them what it says it is."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest

from tests.conversion.store import LOADED, Store
from tests.trust.given import SECOND, closes
from ticker_converter.errors import NoBars, NoBasis, NoRate, Usage
from ticker_converter.queries.explain import between_beliefs, between_dates

D = Decimal


def total(found: dict[str, Any]) -> Decimal:
    with localcontext(prec=100):
        return sum(found["parts"].values(), D(0))


def revise_close(store: Store, instrument: int, on: date, close: Decimal | str) -> None:
    """A provider's correction, believed from the second day on."""
    key = {
        "i": instrument,
        "on": on,
        "load": store.load(SECOND),
        "from": LOADED,
        "to": SECOND,
        "close": close,
    }
    store.conn.execute(
        "INSERT INTO warehouse.fact_price_revision SELECT f.*, %(from)s, %(to)s, %(load)s"
        " FROM warehouse.fact_price AS f WHERE instrument_id = %(i)s AND session = %(on)s", key,
    )  # fmt: skip
    store.conn.execute(
        "UPDATE warehouse.fact_price SET close = %(close)s, load_id = %(load)s"
        " WHERE instrument_id = %(i)s AND session = %(on)s", key,
    )  # fmt: skip


def late_split(store: Store, instrument: int, ex_date: date, new: int) -> None:
    store.split(instrument, ex_date, str(new))
    store.conn.execute(
        "UPDATE warehouse.fact_corporate_action SET known_from = %s"
        " WHERE kind = 'split' AND instrument_id = %s AND ex_date = %s",
        [SECOND, instrument, ex_date],
    )


@pytest.fixture
def apple(store: Store) -> Store:
    """400 USD at 0.75, then 4 for 1, then a dividend of 1 USD: 101 at 0.80, 100 at 0.70."""
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-08-28": 400, "2020-08-31": 101, "2020-09-01": 100})
    store.split(a, "2020-08-31", "4")
    store.dividend(a, "2020-09-01", "1", "USD")
    store.rates(
        [("ecb", "USD", "GBP", d, r) for d, r in
         (("2020-08-28", "0.75"), ("2020-08-31", "0.80"), ("2020-09-01", "0.70"))]
    )  # fmt: skip
    return store


def test_across_a_split_the_action_part_holds_what_the_split_took(apple: Store) -> None:
    found = between_dates(apple.conn, "A", currency="GBP", first=date(2020, 8, 28), last=date(2020, 8, 31))
    assert found["from"]["value"] == 300 and found["to"]["value"] == D("80.8")
    assert found["change"] == D("-219.2")
    assert found["parts"] == {
        "price": D("0.75"), "fx": 5, "cross": D("0.05"), "action": -225, "price_revision": 0, "rate_revision": 0,
    }  # fmt: skip


def test_split_adjusted_the_same_days_have_no_action_part(apple: Store) -> None:
    found = between_dates(
        apple.conn, "A", currency="GBP", first=date(2020, 8, 28), last=date(2020, 8, 31), adjust="splits"
    )
    assert found["from"]["value"] == 75 and found["parts"]["action"] == 0
    assert found["parts"]["price"] == D("0.75")


def test_across_a_split_and_a_dividend(apple: Store) -> None:
    found = between_dates(apple.conn, "A", currency="GBP", first=date(2020, 8, 28), last=date(2020, 9, 1))
    # held: 400 / 4 x 100/101 = 99.00990099; everything else moved the price or the rate
    assert found["parts"]["action"] == D("-225.74257426")
    assert found["change"] == -230 == total(found)
    whole = between_dates(
        apple.conn, "A", currency="GBP", first=date(2020, 8, 28), last=date(2020, 9, 1), adjust="all"
    )
    assert (
        whole["parts"]["action"] == 0
        and whole["parts"]["price"] == whole["change"] - whole["parts"]["fx"] - (whole["parts"]["cross"])
    )


def test_a_price_revision_alone(apple: Store) -> None:
    (a,) = apple.conn.execute("SELECT instrument_id FROM mart.instrument").fetchone() or (0,)
    revise_close(apple, a, date(2020, 9, 1), "110")
    found = between_beliefs(apple.conn, "A", currency="GBP", on=date(2020, 9, 1), known_at=(LOADED, SECOND))
    assert found["change"] == 7
    assert {name: part for name, part in found["parts"].items() if part} == {"price_revision": 7}


def test_a_rate_revision_alone(apple: Store) -> None:
    apple.revise("ecb", "USD", "GBP", "2020-09-01", "0.71", SECOND)
    found = between_beliefs(apple.conn, "A", currency="GBP", on=date(2020, 9, 1), known_at=(LOADED, SECOND))
    assert {name: part for name, part in found["parts"].items() if part} == {"rate_revision": 1}


def test_a_split_learned_later_is_an_action(apple: Store) -> None:
    (a,) = apple.conn.execute("SELECT instrument_id FROM mart.instrument").fetchone() or (0,)
    late_split(apple, a, date(2020, 9, 1), 2)
    found = between_beliefs(
        apple.conn, "A", currency="GBP", on=date(2020, 8, 31), known_at=(LOADED, SECOND), adjust="splits"
    )
    assert found["from"]["factor"] == 1 and found["to"]["factor"] == D("0.5")
    assert {name: part for name, part in found["parts"].items() if part} == {"action": D("-40.4")}


def test_the_same_belief_twice_explains_nothing(apple: Store) -> None:
    for adjust in ("none", "splits", "all"):
        found = between_beliefs(
            apple.conn, "A", currency="GBP", on=date(2020, 8, 29), known_at=(LOADED, SECOND), adjust=adjust
        )
        assert found["change"] == 0 and set(found["parts"].values()) == {0}
        assert {str(part) for part in found["parts"].values()} == {"0"}


@pytest.mark.parametrize("currency", ["TRY", "EUR"])
def test_a_redenomination_is_no_change_of_price(store: Store, currency: str) -> None:
    a = store.instrument("GARAN.IS", "TRL")
    closes(store, a, "TRL", {"2004-12-31": 4300000})
    closes(store, a, "TRY", {"2005-01-03": "4.30"})
    store.rates([("ecb", "EUR", "TRL", "2004-12-31", 1836200), ("ecb", "EUR", "TRY", "2005-01-03", "1.8362")])
    found = between_dates(
        store.conn, "GARAN.IS", currency=currency, first=date(2004, 12, 31), last=date(2005, 1, 3)
    )
    assert found["change"] == 0 and set(found["parts"].values()) == {0}
    assert found["from"]["price"] == 4300000 and found["to"]["price"] == D("4.3")


def test_a_dividend_without_a_rate_matters_only_where_it_lies_between(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-03": 101, "2020-01-06": 98})
    store.dividend(a, "2020-01-06", "2", "EUR")
    before = between_dates(store.conn, "A", currency="USD", first=date(2020, 1, 2), last=date(2020, 1, 3))
    assert before["parts"]["price"] == 1 == before["change"]
    with pytest.raises(NoRate, match="no_dividend_rate"):
        between_dates(store.conn, "A", currency="USD", first=date(2020, 1, 2), last=date(2020, 1, 6))
    same = between_beliefs(store.conn, "A", currency="USD", on=date(2020, 1, 2), known_at=(LOADED, SECOND))
    assert same["change"] == 0


def test_a_dividend_without_a_rate_in_between_is_not_hidden_by_a_later_one(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-06": 91, "2020-01-07": 92, "2020-01-08": 82})
    store.dividend(a, "2020-01-06", "10", "EUR")
    store.dividend(a, "2020-01-08", "10", "EUR")
    with pytest.raises(NoRate, match="no_dividend_rate"):
        between_dates(store.conn, "A", currency="USD", first=date(2020, 1, 2), last=date(2020, 1, 7))
    after = between_dates(store.conn, "A", currency="USD", first=date(2020, 1, 6), last=date(2020, 1, 7))
    assert after["parts"]["price"] == 1 == after["change"]


def test_a_rate_too_old_is_told_with_its_day(store: Store) -> None:
    a = store.instrument("A", "USD")
    closes(store, a, "USD", {"2020-01-02": 100, "2020-01-03": 101})
    store.rates([("ecb", "EUR", "USD", "2020-01-02", "1.1")])
    with pytest.raises(NoRate, match=r"USD to EUR on 2020-02-03 is of 2020-01-02, 32 days older"):
        between_dates(store.conn, "A", currency="EUR", first=date(2020, 1, 2), last=date(2020, 2, 3))


def test_what_is_not_there_is_refused(apple: Store) -> None:
    with pytest.raises(NoBars):
        between_dates(apple.conn, "A", currency="GBP", first=date(2020, 1, 1), last=date(2020, 9, 1))
    with pytest.raises(NoBars):
        between_beliefs(
            apple.conn, "A", currency="GBP", on=date(2020, 9, 1),
            known_at=(LOADED - timedelta(days=1), SECOND),
        )  # fmt: skip
    with pytest.raises(NoRate, match="no_rate"):
        between_dates(apple.conn, "A", currency="JPY", first=date(2020, 8, 28), last=date(2020, 9, 1))
    with pytest.raises(Usage):
        between_dates(apple.conn, "A", currency="GBP", first=date(2020, 9, 1), last=date(2020, 8, 28))
    with pytest.raises(Usage, match="future"):
        between_dates(apple.conn, "A", currency="GBP", first=date(2020, 9, 1), last=date(2999, 1, 1))
    b = apple.instrument("B", "USD")
    closes(apple, b, "USD", {"2020-08-28": 1, "2020-08-31": 2}, basis="s")
    with pytest.raises(NoBasis):
        between_dates(apple.conn, "B", currency="USD", first=date(2020, 8, 28), last=date(2020, 8, 31))


def test_tiny_amounts_keep_their_digits(store: Store) -> None:
    """10 significant digits: a share of 0.5 rupiah in pounds is not 0."""
    a = store.instrument("A", "IDR")
    closes(store, a, "IDR", {"2020-01-02": "0.5", "2020-01-03": "0.7"})
    store.rates(
        [("ecb", "EUR", "IDR", d, "15557.30") for d in ("2020-01-02", "2020-01-03")]
        + [("ecb", "EUR", "GBP", "2020-01-02", "0.84828"), ("ecb", "EUR", "GBP", "2020-01-03", "0.85115")]
    )
    found = between_dates(store.conn, "A", currency="GBP", first=date(2020, 1, 2), last=date(2020, 1, 3))
    assert found["from"]["value"] == D("0.00002726308550")
    assert total(found) == found["change"] and all(found["parts"][name] for name in ("price", "fx", "cross"))
