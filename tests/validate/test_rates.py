"""Each rule about rates."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.writing import at, counts, evidence, held, rates, snapshot

NOW = at("2024-03-01T00:00")


def reasons(conn: psycopg.Connection) -> list[str]:
    return [row[2] for row in held(conn)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("EUR,USD,2024-01-03,1.1", []),
        ("EUR,USD,2024-01-03,", ["missing_field"]),
        ("EUR,,2024-01-03,1.1", ["missing_field"]),
        ("EUR,USD,,1.1", ["missing_field"]),
        ("EUR,USD,2024-01-03,NaN", ["not_a_number"]),
        ("EUR,USD,2024-13-03,1", ["not_a_number"]),
        ("EUR,USD,2024-01-03,0", ["not_positive"]),
        ("EUR,USD,2024-01-03,-1.1", ["not_positive"]),
        ("EUR,USD,2024-03-01,1.1", ["session_open"]),  # the day has begun, and is not over
        ("EUR,USD,2024-02-29,1.1", []),
        ("EUR,USD,2024-03-02,1.1", ["future_date"]),
        ("EUR,QQQ,2024-01-03,1.1", ["unknown_currency"]),
        ("eur,USD,2024-01-03,1.1", ["unknown_currency"]),
        ("EUR,EUR,2024-01-03,1", []),
        ("EUR,EUR,2024-01-03,1.1", ["triangle"]),
    ],
)
def test_a_rate_is_kept_or_held(conn: psycopg.Connection, row: str, expected: list[str]) -> None:
    rates(conn, [row], fetched_at=NOW)
    assert reasons(conn) == expected


def test_a_rate_of_a_day_not_over_is_let_go_by_the_final_one(conn: psycopg.Connection) -> None:
    rates(conn, ["EUR,USD,2024-03-01,1.1"], fetched_at=at("2024-03-01T23:59"))
    assert reasons(conn) == ["session_open"]
    assert counts(rates(conn, ["EUR,USD,2024-03-01,1.2"], fetched_at=at("2024-03-02T00:00"))) == {
        "inserted": 1
    }
    assert held(conn) == [] and len(held(conn, "superseded")) == 1


def test_rates_of_one_file_agree_or_are_held(conn: psycopg.Connection) -> None:
    rows = [
        "EUR,USD,2024-01-03,1.1",
        "EUR,USD,2024-01-03,1.10",
        "EUR,GBP,2024-01-03,0.8",
        "EUR,GBP,2024-01-03,0.9",
    ]
    assert counts(rates(conn, rows, fetched_at=NOW)) == {"inserted": 1, "unchanged": 1, "quarantined": 2}
    assert reasons(conn) == ["conflicting_duplicate"] * 2


def test_a_triangle_that_closes_is_kept(conn: psycopg.Connection) -> None:
    rows = ["EUR,USD,2024-01-03,1.1000", "EUR,GBP,2024-01-03,0.8800", "GBP,USD,2024-01-03,1.2500"]
    assert counts(rates(conn, rows, fetched_at=NOW)) == {"inserted": 3}


@pytest.mark.parametrize(
    ("third", "kept"), [("1.2506", True), ("1.2509", False), ("1.2494", True), ("1.2490", False)]
)
def test_a_triangle_may_miss_by_half_a_digit_of_each_leg_and_no_more(
    conn: psycopg.Connection, third: str, kept: bool
) -> None:
    # 0.05 % and half a last digit of each: 0.0005 + 0.00005/1.1 + 0.00005/0.88 + 0.00005/1.25 = 0.00064
    rates(
        conn,
        ["EUR,USD,2024-01-03,1.1000", "EUR,GBP,2024-01-03,0.8800", f"GBP,USD,2024-01-03,{third}"],
        fetched_at=NOW,
    )
    assert (reasons(conn) == []) is kept


def test_the_guilty_leg_is_the_one_that_moved(conn: psycopg.Connection) -> None:
    rates(
        conn,
        ["EUR,USD,2024-01-02,1.10", "EUR,GBP,2024-01-02,0.88", "GBP,USD,2024-01-02,1.25"],
        fetched_at=NOW,
    )
    rows = ["EUR,USD,2024-01-03,1.11", "EUR,GBP,2024-01-03,0.98", "GBP,USD,2024-01-03,1.2614"]
    assert counts(rates(conn, rows, fetched_at=NOW)) == {"inserted": 2, "quarantined": 1}
    assert held(conn) == [("EUR/GBP", "2024-01-03", "triangle")]
    assert evidence(conn)[0]["triangle"]["guilty"] == "EUR/GBP"  # type: ignore[index]
    before = snapshot(conn)
    assert counts(rates(conn, rows, fetched_at=NOW)) == {"unchanged": 2, "quarantined": 1}
    assert snapshot(conn) == before


def test_the_guilty_leg_is_the_one_in_two_broken_triangles(conn: psycopg.Connection) -> None:
    day = "2024-01-03"
    rows = [f"EUR,USD,{day},1.10", f"EUR,GBP,{day},0.88", f"GBP,USD,{day},1.25", f"EUR,CHF,{day},0.95",
            f"USD,CHF,{day},0.8636", f"GBP,CHF,{day},1.20"]  # fmt: skip
    assert counts(rates(conn, rows, fetched_at=NOW)) == {"inserted": 5, "quarantined": 1}
    assert held(conn) == [("GBP/CHF", day, "triangle")]


def test_a_leg_is_judged_against_those_stored_before(conn: psycopg.Connection) -> None:
    rates(
        conn,
        ["EUR,USD,2024-01-02,1.10", "EUR,GBP,2024-01-02,0.88", "GBP,USD,2024-01-02,1.25"],
        fetched_at=NOW,
    )
    rates(conn, ["EUR,USD,2024-01-03,1.10", "EUR,GBP,2024-01-03,0.88"], fetched_at=NOW)
    assert counts(rates(conn, ["GBP,USD,2024-01-03,1.35"], fetched_at=NOW)) == {"quarantined": 1}


def test_sources_do_not_judge_each_other(conn: psycopg.Connection) -> None:
    rates(conn, ["EUR,USD,2024-01-03,1.10", "EUR,GBP,2024-01-03,0.88"], fetched_at=NOW)
    assert counts(rates(conn, ["GBP,USD,2024-01-03,1.35"], fetched_at=NOW, source="bank")) == {"inserted": 1}


def test_a_hundred_pairs_of_one_base_need_no_triangle(conn: psycopg.Connection) -> None:
    rows = [
        f"EUR,{code},2024-01-03,{n + 1}" for n, code in enumerate(["USD", "GBP", "JPY", "CHF", "SEK", "NOK"])
    ]
    assert counts(rates(conn, rows, fetched_at=NOW)) == {"inserted": 6}
