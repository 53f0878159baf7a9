"""The rate series: its days, its default range, what was known when, and which source answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conversion.store import Store
from ticker_converter.errors import NoRate, Usage
from ticker_converter.queries import clock, conversion
from ticker_converter.queries.result import Policy

D = Decimal
ECB = [("ecb", "EUR", "USD", "2024-03-01", "1.10"), ("ecb", "EUR", "USD", "2024-03-04", "1.25")]


def rates(store: Store, base: str, quote: str, **words: Any) -> list[dict[str, Any]]:
    found = conversion.rates(store.conn, base, quote, **words).as_dict()["rates"]
    assert isinstance(found, list)
    return found


def test_without_dates_every_calendar_day_from_the_first_to_the_last_rate(store: Store) -> None:
    store.rates(ECB)
    assert [tuple(row.values()) for row in rates(store, "USD", "EUR")] == [
        (date(2024, 3, 1), D("0.909090909091"), date(2024, 3, 1), 0, "ecb", None),
        (date(2024, 3, 2), D("0.909090909091"), date(2024, 3, 1), 1, "ecb", None),
        (date(2024, 3, 3), D("0.909090909091"), date(2024, 3, 1), 2, "ecb", None),
        (date(2024, 3, 4), D("0.8"), date(2024, 3, 4), 0, "ecb", None),
    ]
    head = conversion.rates(store.conn, "USD", "EUR").as_dict()
    assert list(head) == ["base", "quote", "rates"] and (head["base"], head["quote"]) == ("USD", "EUR")
    assert list(head["rates"][0]) == ["date", "rate", "rate_date", "age_days", "source", "missing"]


def test_dates_outside_what_is_stored_are_rows_with_a_reason(store: Store) -> None:
    store.rates(ECB)
    found = rates(store, "EUR", "USD", first=date(2024, 2, 29), last=date(2024, 3, 12))
    assert [row["date"] for row in found] == [date(2024, 2, 29) + timedelta(n) for n in range(13)]
    assert (found[0]["rate"], found[0]["missing"]) == (None, "no_rate")
    assert (found[-2]["rate"], found[-2]["age_days"], found[-2]["missing"]) == (D("1.25"), 7, None)
    assert (found[-1]["rate"], found[-1]["age_days"], found[-1]["missing"]) == (None, None, "rate_too_old")
    assert rates(store, "EUR", "USD", last=date(2024, 3, 2))[0]["date"] == date(2024, 3, 1)
    assert [row["date"] for row in rates(store, "EUR", "USD", first=date(2024, 3, 3))] == [
        date(2024, 3, 3), date(2024, 3, 4),
    ]  # fmt: skip


def test_a_pair_that_has_nothing_is_an_error_and_an_identity_is_not(store: Store) -> None:
    store.rates(ECB)
    with pytest.raises(NoRate, match="^no_rate: "):
        conversion.rates(store.conn, "EUR", "GBP")
    with pytest.raises(NoRate, match="^no_rate: "):
        conversion.rates(store.conn, "EUR", "USD", last=date(2024, 2, 28))
    (row,) = rates(store, "EUR", "EUR")
    assert (row["rate"], row["rate_date"], row["age_days"], row["source"]) == (1, None, None, "identity")


def test_a_joined_and_a_pegged_pair_are_told_over_what_is_stored(store: Store) -> None:
    store.rates(
        [*ECB, ("files", "USD", "KES", "2024-03-02", "150"), ("files", "USD", "KES", "2024-03-05", "160")]
    )
    found = rates(store, "EUR", "KES")
    assert [(row["date"].day, row["rate"], row["rate_date"].day, row["source"]) for row in found] == [
        (2, D("165"), 1, "files+ecb"), (3, D("165"), 1, "files+ecb"), (4, D("187.5"), 2, "files+ecb"),
    ]  # fmt: skip
    pegged = rates(store, "AED", "EUR", policy=Policy(pegs=True))
    assert [row["date"].day for row in pegged] == [1, 2, 3, 4]
    assert pegged[-1]["rate"] == D("0.217835262083")
    with pytest.raises(NoRate):
        conversion.rates(store.conn, "AED", "EUR")


def test_the_future_is_refused_and_today_is_not(store: Store) -> None:
    store.rates(ECB)
    today = clock.today(store.conn)
    for words in ({"first": today + timedelta(1)}, {"last": today + timedelta(1)}):
        with pytest.raises(Usage, match="in the future"):
            conversion.rates(store.conn, "EUR", "USD", **words)
    with pytest.raises(Usage, match="in the future"):
        conversion.convert(store.conn, D(1), "EUR", "USD", on=today + timedelta(1))
    assert rates(store, "EUR", "USD", last=today)[-1]["date"] == today
    with pytest.raises(NoRate, match=f"^rate_too_old: .* on {today}"):
        conversion.convert(store.conn, D(1), "EUR", "USD")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"base": "GBX"}, "GBX is a price unit"), ({"base": "usd"}, "did you mean USD"),
        ({"first": date(2024, 3, 2), "last": date(2024, 3, 1)}, "--from 2024-03-02 is after --to 2024-03-01"),
        ({"policy": Policy(max_age_days=-1)}, "--max-age-days"),
    ],
)  # fmt: skip
def test_wrong_words_are_refused(store: Store, words: dict[str, Any], said: str) -> None:
    store.rates(ECB)
    with pytest.raises(Usage, match=said):
        conversion.rates(store.conn, **{"base": "EUR", "quote": "USD", **words})


def test_an_old_answer_can_be_asked_for_again(store: Store) -> None:
    at = [datetime(2024, 3, day, 18, tzinfo=UTC) for day in (1, 4, 6, 8)]
    store.rates(ECB[:1], at[0])
    store.rates(ECB[1:], at[1])
    store.revise("ecb", "EUR", "USD", "2024-03-04", "1.26", at[2])
    store.revise("ecb", "EUR", "USD", "2024-03-04", "1.27", at[3])
    on = date(2024, 3, 5)

    def answer(known_at: datetime | None) -> tuple[Decimal, int, datetime]:
        made = conversion.convert(store.conn, D(100), "EUR", "USD", on=on, known_at=known_at)
        (leg,) = made.receipt["legs"]
        assert leg["rate"] == made.receipt["rate"] == made.result / 100
        (row,) = rates(store, "EUR", "USD", first=on, last=on, known_at=known_at)
        assert row["rate"] == made.receipt["rate"]
        return made.result, leg["revision"], made.receipt["known_at"]

    assert answer(None) == (D(127), 3, at[3])
    assert answer(at[3]) == (D(127), 3, at[3])
    assert answer(at[3] - timedelta(seconds=1)) == (D(126), 2, at[3] - timedelta(seconds=1))
    assert answer(at[1]) == (D(125), 1, at[1])
    assert answer(at[1] - timedelta(seconds=1)) == (D(110), 1, at[1] - timedelta(seconds=1))
    with pytest.raises(NoRate, match="^no_rate: "):
        conversion.convert(store.conn, D(100), "EUR", "USD", on=on, known_at=at[0] - timedelta(seconds=1))


def test_a_lag_uses_the_day_before_and_the_age_is_still_counted_from_the_day_asked(store: Store) -> None:
    store.rates(ECB)
    made = conversion.convert(store.conn, D(1), "EUR", "USD", on=date(2024, 3, 4), rate_lag=1)
    assert (made.result, made.receipt["rate_date"], made.receipt["age_days"]) == (
        D("1.1"),
        date(2024, 3, 1),
        3,
    )
    with pytest.raises(Usage):
        conversion.convert(store.conn, D(1), "EUR", "USD", rate_lag=-1)


def test_a_receipt_names_the_fixing_and_keeps_the_order_of_its_legs(store: Store) -> None:
    store.rates([*ECB, ("ecb", "EUR", "GBP", "2024-03-04", "0.85")])
    made = conversion.convert(store.conn, D(250), "USD", "GBX", on=date(2024, 3, 5))
    assert made.as_dict() == {
        "amount": D(250), "result": D(17000),
        "receipt": {
            "from": "USD", "to": "GBX", "on": date(2024, 3, 5), "rate": D("0.68"), "rate_date": date(2024, 3, 4),
            "age_days": 1, "source": "ecb",
            "legs": [
                {"base": "EUR", "quote": "USD", "rate": D("1.25"), "date": "2024-03-04", "source": "ecb", "revision": 1,
                 "use": "inverse", "fixing": "14:15 Europe/Berlin"},
                {"base": "EUR", "quote": "GBP", "rate": D("0.85"), "date": "2024-03-04", "source": "ecb", "revision": 1,
                 "use": "direct", "fixing": "14:15 Europe/Berlin"},
            ],
            "unit": {"from_per": 1, "to_per": 100}, "known_at": datetime(2026, 6, 1, tzinfo=UTC),
        },
    }  # fmt: skip


def test_a_series_from_long_before_any_rate_begins_with_the_first(store: Store) -> None:
    store.rates([("ecb", "EUR", "USD", "2024-03-01", "1.1"), ("ecb", "EUR", "USD", "2024-03-04", "1.2")])
    found = conversion.rates(store.conn, "EUR", "USD", first=date(1, 1, 1), last=date(2024, 3, 5))
    assert [row[0] for row in found.rows] == [date(2024, 3, 1) + timedelta(n) for n in range(5)]
    assert found.notes == ["nothing is stored of EUR to USD before 2024-03-01: the series begins there"]
    with pytest.raises(NoRate, match="^no_rate: nothing is stored of EUR to USD before 2024-03-01"):
        conversion.rates(store.conn, "EUR", "USD", first=date(1900, 1, 1), last=date(1901, 1, 1))
    legal = conversion.rates(store.conn, "TRL", "TRY", first=date(1, 1, 1), last=date(2005, 1, 2))
    assert [row[0] for row in legal.rows] == [date(2005, 1, 1), date(2005, 1, 2)]
    same = conversion.rates(store.conn, "CHF", "CHF", first=date(1, 1, 1), last=date(2024, 3, 2))
    assert [row[4] for row in same.rows] == ["identity", "identity"]


def test_a_source_that_crossed_and_then_published_the_pair_gives_its_newest_date_in_a_long_series(
    store: Store,
) -> None:
    crossed = [
        ("alpha_vantage", base, "USD", f"2024-03-0{n}", "2") for n in (4, 5, 6) for base in ("GBP", "CHF")
    ]
    direct = [("alpha_vantage", "GBP", "CHF", f"2024-03-{n:02}", "3") for n in (7, 8, 11)]
    store.rates(crossed + direct)
    for base, quote in (("GBP", "CHF"), ("CHF", "GBP")):
        long = rates(store, base, quote, first=date(2024, 1, 1), last=date(2024, 3, 14))
        short = rates(store, base, quote, first=date(2024, 3, 4), last=date(2024, 3, 14))
        assert long[-len(short) :] == short
        assert [row["rate_date"].day for row in short] == [4, 5, 6, 7, 8, 8, 8, 11, 11, 11, 11]
