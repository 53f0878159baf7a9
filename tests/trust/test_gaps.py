"""Gaps and freshness: quiet on holidays and weekends, loud when an exchange has no session at all."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.support.writing import bars, listed
from tests.trust.acting import check
from ticker_converter.queries.instruments import instruments
from ticker_converter.queries.quality import findings, gaps

#: Sessions of New York around the new year of 2021; 25 December and 1 January are none.
SESSIONS = ["2020-12-22", "2020-12-23", "2020-12-24", "2020-12-28", "2020-12-29", "2020-12-30", "2020-12-31",
            "2021-01-04", "2021-01-05"]  # fmt: skip


def load(conn: psycopg.Connection, symbol: str, *without: str, **more: Any) -> None:
    bars(conn, [f"{symbol},{day},10" for day in SESSIONS if day not in without], mic="XNYS", **more)


def inside(conn: psycopg.Connection, symbol: str | None = None) -> list[tuple[Any, ...]]:
    """The gaps but the one from the last bar to today, as text."""
    return [
        (gap["symbol"], str(gap["from"]), str(gap["to"]), gap["sessions"], gap["held"], gap["everyone"])
        for gap in gaps(conn, symbol)
        if str(gap["to"]) < "2022"
    ]


def test_holidays_and_weekends_are_no_gaps(conn: psycopg.Connection) -> None:
    load(conn, "A")
    assert not inside(conn)


def test_a_missing_session_is_a_gap_of_its_symbol_alone(conn: psycopg.Connection) -> None:
    load(conn, "A", "2020-12-24", "2020-12-28", "2020-12-30")
    load(conn, "B")
    assert inside(conn) == [
        ("A", "2020-12-24", "2020-12-28", 2, 0, False), ("A", "2020-12-30", "2020-12-30", 1, 0, False),
    ]  # fmt: skip
    assert not inside(conn, "B")


def test_a_session_that_no_symbol_has_is_the_exchanges(conn: psycopg.Connection) -> None:
    """yfinance #2964: a whole session missing for every ticker."""
    load(conn, "A", "2020-12-29", "2020-12-30")
    load(conn, "B", "2020-12-29")
    load(conn, "C", "2020-12-29")
    assert inside(conn) == [
        (None, "2020-12-29", "2020-12-29", 1, 0, True),
        ("A", "2020-12-29", "2020-12-29", 1, 0, True), ("A", "2020-12-30", "2020-12-30", 1, 0, False),
        ("B", "2020-12-29", "2020-12-29", 1, 0, True), ("C", "2020-12-29", "2020-12-29", 1, 0, True),
    ]  # fmt: skip


def test_a_day_whose_bar_is_held_says_so(conn: psycopg.Connection) -> None:
    load(conn, "A", "2020-12-29")
    bars(conn, ["A,2020-12-29,-1"], mic="XNYS")
    assert inside(conn) == [("A", "2020-12-29", "2020-12-29", 1, 1, True)]


def test_without_a_calendar_there_are_no_gaps(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2020-12-22,10", "A,2021-01-05,10"])
    assert gaps(conn) == []


def closed(conn: psycopg.Connection, number: int) -> list[str]:
    """The last closed sessions of New York, oldest first."""
    rows = conn.execute(
        "SELECT session::text FROM mart.session WHERE mic = 'XNYS' AND closes_at < clock_timestamp()"
        " ORDER BY session DESC LIMIT %s", [number],
    ).fetchall()  # fmt: skip
    return [row[0] for row in reversed(rows)]


def test_freshness_is_counted_in_closed_sessions_and_the_exchange_is_loud(conn: psycopg.Connection) -> None:
    listed(conn, "A", mic="XNYS")
    days = closed(conn, 5)
    bars(conn, [f"A,{day},10" for day in days], mic="XNYS")
    bars(conn, [f"B,{day},10" for day in days[:3]], mic="XNYS")
    assert {row["symbol"]: row["sessions_behind"] for row in instruments(conn)} == {"A": 0, "B": 2}
    assert gaps(conn) == []
    conn.execute("DELETE FROM warehouse.fact_price WHERE session > %s", [days[2]])
    conn.execute("UPDATE warehouse.coverage SET last_session = %s", [days[2]])
    (tail,) = gaps(conn)
    assert (tail["symbol"], tail["mic"], tail["sessions"], tail["everyone"]) == (None, "XNYS", 2, True)
    assert [str(tail["from"]), str(tail["to"])] == days[3:]


def test_check_finds_large_moves_and_sources_that_disagree_once(conn: psycopg.Connection) -> None:
    from tests.support.writing import actions, rates

    bars(
        conn,
        ["A,2020-12-22,100", "A,2020-12-23,50", "A,2020-12-24,20", "B,2020-12-22,100", "B,2020-12-23,60"],
    )
    actions(conn, ["A,2020-12-23,split,2"])
    days = [f"2020-11-{n:02}" for n in range(2, 28)]
    rates(conn, [f"EUR,USD,{day},1.2" for day in days] + ["EUR,USD,2020-11-30,1.2"], source="ecb")
    rates(conn, [f"EUR,USD,{day},1.201" for day in days] + ["EUR,USD,2020-11-30,1.21"])
    assert check(conn) == {"unit_jump": 0, "large_move": 1, "source_difference": 1, "provider_difference": 0}
    assert check(conn) == {"unit_jump": 0, "large_move": 0, "source_difference": 0, "provider_difference": 0}
    found = [(row["rule"], row["subject"], str(row["day"])) for row in findings(conn)]
    assert ("large_move", "A", "2020-12-24") in found
    assert {row for row in found if row[0] == "source_difference"} == {
        ("source_difference", "EUR/USD files ecb", "2020-11-30"),
    }  # fmt: skip
    assert len(findings(conn, "large_move")) == 1
