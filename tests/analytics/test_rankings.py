"""performers, screen and summary: small markets by hand, the real ones against `returns` and pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.analytics import reference
from tests.conversion.store import Store
from tests.support import writing
from ticker_converter.errors import NoBars, Usage
from ticker_converter.queries.performers import performers
from ticker_converter.queries.result import Policy
from ticker_converter.queries.returns import returns
from ticker_converter.queries.screen import screen
from ticker_converter.queries.summary import summary

#: A year's end in New York and London. UP and DOWN in dollars, VOD.L in pence; OLD has stopped, NEW has one session,
#: SEK is in a currency without a rate, ADJ is stored adjusted for dividends.
DOLLARS = """
UP,2023-12-28,100,100,100,100,10
UP,2023-12-29,110,110,110,110,10
UP,2024-01-02,121,121,121,121,10
DOWN,2023-12-29,50,50,50,50,4
DOWN,2024-01-02,40,40,40,40,5
OLD,2023-11-01,7,7,7,7,1
OLD,2023-11-02,8,8,8,8,1
NEW,2024-01-02,3,3,3,3,
""".splitlines()[1:]
PENCE = ["VOD.L,2023-12-29,80,80,80,80,100", "VOD.L,2024-01-02,84,84,84,84,200"]
CROWNS = ["SEK,2023-12-29,10", "SEK,2024-01-02,11"]
ADJUSTED = ["ADJ,2023-12-29,10", "ADJ,2024-01-02,12"]
RATES = [f"GBP,USD,{day},1.25" for day in ("2023-12-28", "2023-12-29")] + ["GBP,USD,2024-01-02,1.28"]


@pytest.fixture
def market(conn: psycopg.Connection) -> psycopg.Connection:
    """The small market."""
    writing.bars(conn, DOLLARS, unit="USD", mic="XNAS")
    writing.bars(conn, PENCE, unit="GBX", mic="XLON")
    writing.bars(conn, CROWNS, unit="SEK", mic="XSTO")
    writing.bars(conn, ADJUSTED, unit="USD", mic="XNAS", basis="all")
    writing.rates(conn, RATES)
    return conn


def totals(found: Any) -> dict[str, str]:
    """The ranking, in order."""
    return {row[0]: f"{row[7]:f}" for row in found.rows}


def reasons(found: Any) -> dict[str, str]:
    return {one["symbol"]: one["reason"] for one in found.head["left_out"]}


def test_gainers_are_ranked_by_total_return_in_the_currency(market) -> None:
    found = performers(market, currency="GBP")
    # dollars fell by 1.25/1.28: 1.1 x 0.9765625, 0.8 x 0.9765625
    assert totals(found) == {"UP": "0.07421875", "VOD.L": "0.05", "DOWN": "-0.21875"}
    assert found.columns == ("symbol", "date", "rank", "base_date", "close", "local", "fx", "total")
    assert found.rows[0] == [
        "UP", date(2024, 1, 2), 1, date(2023, 12, 29), Decimal("94.53125"), Decimal("0.1"),
        Decimal("-0.0234375"), Decimal("0.07421875"),
    ]  # fmt: skip


def test_what_cannot_be_judged_is_listed_with_its_reason(market) -> None:
    found = performers(market, currency="GBP", limit=1)
    assert totals(found) == {"UP": "0.07421875"}
    assert reasons(found) == {
        "OLD": "price_too_old", "NEW": "too_few_sessions", "SEK": "no_rate", "ADJ": "basis"
    }  # fmt: skip
    assert found.notes == [
        "left out, basis: ADJ", "left out, no_rate: SEK", "left out, price_too_old: OLD",
        "left out, too_few_sessions: NEW",
    ]  # fmt: skip
    columns, rows = found.flat()
    assert columns[-1] == "missing"
    assert [(row[0], row[-1]) for row in rows] == [
        ("UP", None), *sorted(reasons(found).items()),
    ]  # fmt: skip


def test_every_instrument_is_ranked_or_left_out(market) -> None:
    for asked in ({"window": "5d"}, {"window": "ytd"}, {"adjust": "all"}, {"on": date(2023, 12, 28)}):
        found = performers(market, currency="USD", limit=100, **asked)
        assert {*totals(found), *reasons(found)} == {"UP", "DOWN", "OLD", "NEW", "VOD.L", "SEK", "ADJ"}
        assert len(found.rows) + len(found.head["left_out"]) == 7


def test_losers_are_the_other_way_round(market) -> None:
    assert list(totals(performers(market, currency="GBP", kind="losers"))) == ["DOWN", "VOD.L", "UP"]


def test_windows_count_the_sessions_of_the_instrument(market) -> None:
    two = performers(market, currency="USD", window="ytd")
    assert {row[0]: row[3] for row in two.rows}["UP"] == date(2023, 12, 29)
    five = performers(market, currency="USD", window="5d")
    assert totals(five) == {}
    assert reasons(five)["UP"] == "too_few_sessions"
    # On the last day of a year, its first session counts from the year before.
    assert (
        reasons(performers(market, currency="USD", window="ytd", on=date(2023, 12, 29)))["UP"]
        == "too_few_sessions"
    )


def test_dividends_count_when_asked_for_and_not_otherwise(market) -> None:
    writing.actions(market, ["DOWN,2024-01-02,dividend,10", "UP,2024-01-02,split,2"])
    split = performers(market, currency="USD")
    assert totals(split) == {"UP": "1.2", "VOD.L": "0.0752", "DOWN": "-0.2"}
    both = performers(market, currency="USD", adjust="all")
    # The holder of DOWN has 40 and 10 of the 50 there were; ADJ's basis is the one asked for.
    assert totals(both) == {
        "UP": "1.2",
        "ADJ": "0.2",
        "VOD.L": "0.0752",
        "DOWN": "0",
    }


def test_an_answer_as_known_then_uses_neither_later_bars_nor_later_rates(conn) -> None:
    writing.bars(conn, ["A,2024-01-02,10", "A,2024-01-03,11"], mic="XNAS", known_at=writing.at("2024-01-04"))
    writing.rates(conn, ["USD,EUR,2024-01-02,1", "USD,EUR,2024-01-03,1"], known_at=writing.at("2024-01-04"))
    asked = {"currency": "EUR", "on": date(2024, 1, 5), "known_at": writing.at("2024-01-05")}
    before = performers(conn, **asked), screen(conn, **asked), summary(conn, **asked)
    writing.bars(conn, ["A,2024-01-03,12", "A,2024-01-04,20"], mic="XNAS")
    writing.rates(conn, ["USD,EUR,2024-01-03,2"])
    assert (performers(conn, **asked), screen(conn, **asked), summary(conn, **asked)) == before
    assert totals(before[0]) == {"A": "0.1"}


def test_an_empty_watch_list_has_no_newest_session(conn) -> None:
    with pytest.raises(NoBars, match="watch list"):
        performers(conn, currency="EUR")
    assert summary(conn, currency="EUR").rows == []
    assert screen(conn, currency="EUR").rows == []


@pytest.mark.parametrize(
    "wrong", [{"window": "2d"}, {"kind": "best"}, {"adjust": "none"}, {"limit": 0}, {"currency": "gbp"}]
)
def test_a_wrong_word_is_refused(conn, wrong: dict[str, Any]) -> None:
    with pytest.raises(Usage):
        performers(conn, **{"currency": "USD", **wrong})


def test_a_listing_that_changed_its_currency_has_the_return_that_returns_gives(conn) -> None:
    store = Store(conn)
    listing = store.instrument("MOVED", "HRK")
    store.bars(listing, "HRK", [("2022-12-29", *["75"] * 4, "1"), ("2022-12-30", *["75.345"] * 4, "1")])
    store.bars(listing, "EUR", [("2023-01-02", *["11"] * 4, "1"), ("2023-01-03", *["12"] * 4, "1")])
    store.rates(
        [("ecb", "EUR", "USD", f"2022-12-{day}", rate) for day, rate in ((29, "1.0649"), (30, "1.0666"))]
    )
    store.rates([("ecb", "EUR", "HRK", f"2022-12-{day}", "7.5365") for day in (29, 30)])
    store.rates(
        [("ecb", "EUR", "USD", f"2023-01-0{day}", rate) for day, rate in ((2, "1.0683"), (3, "1.0545"))]
    )
    for currency, on, local in (
        ("USD", 2, "0.1"),
        ("USD", 3, "0.09090909"),
        ("HRK", 2, "0.1"),
        ("EUR", 2, "0.1"),
    ):
        (row,) = performers(conn, currency=currency, on=date(2023, 1, on)).rows
        whole = returns(conn, "MOVED", currency=currency, first=row[3], last=row[1]).head["attribution"]
        assert row[5:] == [whole["price"], whole["fx"], whole["total"]]
        assert row[5] == Decimal(local)


def test_two_bases_are_never_in_one_return(conn) -> None:
    writing.bars(conn, ["A,2024-01-02,10", "A,2024-01-03,11"], mic="XNAS", basis="splits")
    writing.bars(conn, ["A,2024-01-04,100"], mic="XNAS")
    assert reasons(performers(conn, currency="USD")) == {"A": "too_few_sessions"}
    writing.bars(conn, ["A,2024-01-05,110"], mic="XNAS")
    assert totals(performers(conn, currency="USD")) == {"A": "0.1"}


# ---- screen ----


def test_a_screen_takes_both_ends_and_each_sessions_own_rate(market) -> None:
    asked = {"currency": "GBP", "on": date(2024, 1, 8)}
    found = screen(market, min_price=Decimal("0.84"), max_price=Decimal("31.25"), **asked)
    assert [(row[0], f"{row[2]:f}", f"{row[3]:f}", row[4]) for row in found.rows] == [
        ("VOD.L", "0.84", "84", "GBX"), ("NEW", "2.34375", "3", "USD"), ("DOWN", "31.25", "40", "USD"),
    ]  # fmt: skip
    assert found.rows[1][5:] == (Decimal("0.78125"), date(2024, 1, 2), "files")
    assert reasons(found) == {"ADJ": "basis", "OLD": "price_too_old", "SEK": "no_rate"}
    assert [row[0] for row in screen(market, min_price=Decimal("84"), currency="GBX", on=date(2024, 1, 2)).rows] == [
        "VOD.L", "NEW", "DOWN", "UP"
    ]  # fmt: skip
    assert [row[0] for row in screen(market, max_price=Decimal("0.83"), **asked).rows] == []


def test_a_close_is_too_old_after_ten_sessions(market) -> None:
    # Ten sessions after 2024-01-02 is the 17th: Martin Luther King's day is none.
    for day, expected in ((17, None), (18, "price_too_old")):
        assert reasons(screen(market, currency="USD", on=date(2024, 1, day))).get("UP") == expected


def test_a_range_that_holds_nothing_is_refused(market) -> None:
    with pytest.raises(Usage, match="above"):
        screen(market, min_price=Decimal(2), max_price=Decimal(1), currency="USD")
    with pytest.raises(Usage, match="0 or more"):
        screen(market, min_price=Decimal(-1), currency="USD")
    with pytest.raises(Usage, match="future"):
        screen(market, currency="USD", on=date(9999, 1, 1))


# ---- summary ----


def groups(found: Any) -> dict[str, dict[str, Any]]:
    return {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.rows}


def test_a_day_is_summed_up_per_exchange(market) -> None:
    found = summary(market, currency="GBP", on=date(2024, 1, 3))
    new_york = groups(found)["XNAS"]
    assert new_york == {
        "exchange": "XNAS", "listing_currency": "USD", "date": date(2024, 1, 2), "instruments": 4, "advancers": 1,
        "decliners": 1, "unchanged": 0, "compared": 2, "average_return": Decimal("-0.07226563"),
        "median_return": Decimal("-0.07226563"), "turnover": Decimal("1101.5625"), "without_turnover": 2, "best": "UP",
        "best_return": Decimal("0.07421875"), "worst": "DOWN", "worst_return": Decimal("-0.21875"), "left_out": 3,
    }  # fmt: skip
    assert groups(found)["XLON"]["turnover"] == Decimal(168)
    assert groups(found)["XSTO"]["advancers"] == 1  # by the price in crowns, which has no rate
    assert groups(found)["XSTO"]["compared"] == 0
    whole = found.head["whole"]
    assert (whole["instruments"], whole["advancers"], whole["decliners"], whole["compared"]) == (6, 3, 1, 3)
    assert (whole["median_return"], whole["turnover"]) == (Decimal("0.05"), Decimal("1269.5625"))
    assert (whole["best"], whole["worst"], whole["left_out"]) == ("UP", "DOWN", 4)
    assert reasons(found) == {
        "OLD": "price_too_old", "NEW": "too_few_sessions", "SEK": "no_rate", "ADJ": "basis"
    }  # fmt: skip


def test_without_a_currency_each_group_is_in_its_own(market) -> None:
    found = summary(market, on=date(2024, 1, 2))
    assert groups(found)["XSTO"]["average_return"] == Decimal("0.1")
    assert groups(found)["XLON"]["turnover"] == Decimal(168)  # pounds
    assert groups(found)["XNAS"]["turnover"] == Decimal(1410)
    assert "turnover" not in found.head["whole"]


def test_one_without_a_bar_on_its_exchanges_session_is_listed(market) -> None:
    writing.bars(market, ["UP,2024-01-03,121"], mic="XNAS")
    found = summary(market, on=date(2024, 1, 3))
    assert groups(found)["XNAS"]["date"] == date(2024, 1, 3)
    assert (groups(found)["XNAS"]["instruments"], groups(found)["XNAS"]["unchanged"]) == (1, 1)
    assert reasons(found) == {"DOWN": "no_bar", "NEW": "no_bar", "ADJ": "no_bar", "OLD": "price_too_old"}


def test_a_day_long_after_the_last_session_has_no_session_and_says_why(market) -> None:
    found = summary(market, on=date(2024, 6, 3))
    assert {row[0]: row[3] for row in found.rows} == {"XLON": 0, "XNAS": 0, "XSTO": 0}
    assert set(reasons(found).values()) == {"price_too_old"}


# ---- real data ----


@pytest.mark.parametrize(("window", "back"), [("1d", 1), ("5d", 5), ("30d", 30)])
def test_the_total_return_of_aapl_is_that_of_pandas_across_its_split(real, shared, window, back) -> None:
    raw = reference.raw_closes(shared, "AAPL")
    split = raw["close"] / reference.split_factors(shared, "AAPL", raw.index)
    closes = split * reference.ecb_rates(shared, "USD", "JPY", raw.index)
    for day in ("2020-09-02", "2014-06-10", "2020-10-12"):
        at = closes.index.get_loc(day)
        found = performers(real, currency="JPY", window=window, on=date.fromisoformat(day))
        total = next(row for row in found.rows if row[0] == "AAPL")[7]
        assert float(total) == pytest.approx(closes.iloc[at] / closes.iloc[at - back] - 1, abs=6e-9)


def test_a_performer_has_the_return_that_returns_gives(real) -> None:
    for window in ("1d", "30d", "ytd"):
        for symbol, day, _, base, _, local, fx, total in performers(real, currency="GBP", window=window).rows:
            whole = returns(real, symbol, currency="GBP", first=base, last=day).head["attribution"]
            assert (local, fx, total) == (whole["price"], whole["fx"], whole["total"])
            assert base == date(2022, 12, 30) or window != "ytd"


def test_later_bars_and_rates_change_no_ranking(real) -> None:
    day = date(2005, 3, 1)
    asked: dict[str, Any] = {"currency": "EUR", "on": day, "policy": Policy()}
    calls: list[Callable[..., Any]] = [performers, screen, summary]
    before = [call(real, **asked) for call in calls]
    with real.transaction(force_rollback=True):
        real.execute("DELETE FROM warehouse.fact_price WHERE session > %s", [day])
        real.execute("DELETE FROM warehouse.fact_fx_rate WHERE rate_date > %s", [day])
        assert [call(real, **asked) for call in calls] == before
    assert len(before[0].rows) == 2
