"""Each rule about bars, alone and together with others."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.writing import (
    BARS,
    at,
    bars,
    closes,
    counts,
    evidence,
    held,
    listed,
    snapshot,
)  # fmt: skip
from ticker_converter.pipeline import Run

NOW = at("2024-03-01T00:00")  # a Friday; New York is in Thursday evening


def one(conn: psycopg.Connection, row: str, **more: object) -> list[str]:
    """The reasons of one row of USD bars at XNYS, the first one first."""
    report = bars(conn, [row], mic="XNYS", fetched_at=NOW, **more)  # type: ignore[arg-type]
    if not report.counts.quarantined:
        return []
    (reason,) = [row[2] for row in held(conn)]
    return [reason, *sorted(set(evidence(conn)[0]) - {reason})]


@pytest.mark.parametrize(
    ("row", "reasons"),
    [
        ("A,2024-01-03,10,11,9,10,100", []),
        ("A,2024-01-03,10,11,9,10,", []),
        ("A,2024-01-03,10,11,9,10,0", []),
        ("A,2024-01-03,10,10,10,10,5", []),
        ("A,2024-01-03,,11,9,10,5", ["missing_field"]),
        ("A,2024-01-03,10,,9,10,5", ["missing_field"]),
        ("A,2024-01-03,10,11,,10,5", ["missing_field"]),
        ("A,2024-01-03,10,11,9,,5", ["missing_field"]),
        ("A,2024-01-03,null,null,null,null,null", ["missing_field"]),
        ("A,,10,11,9,10,5", ["missing_field"]),
        ("A,2024-01-03,NaN,11,9,10,5", ["not_a_number"]),
        ("A,2024-01-03,10,Infinity,9,10,5", ["not_a_number"]),
        ("A,2024-01-03,10,11,9,-inf,5", ["not_a_number"]),
        ("A,2024-01-03,10,11,9,ten,5", ["not_a_number"]),
        ("A,2024-01-03,10,11,9,10,many", ["not_a_number"]),
        ("A,2024-01-03,10,11,9,0x10,5", ["not_a_number"]),
        ("A,2024-02-30,10,11,9,10,5", ["not_a_number"]),
        ("A,0000-01-03,10,11,9,10,5", ["not_a_number"]),
        ("A,yesterday,10,11,9,10,5", ["not_a_number"]),
        ("A,2024-01-03,0,11,0,10,5", ["not_positive"]),
        ("A,2024-01-03,10,11,9,-10,5", ["not_positive", "outside_high_low"]),
        ("A,2024-01-03,10,9,11,10,5", ["high_below_low", "outside_high_low"]),
        ("A,2024-01-03,10,11,9,12,5", ["outside_high_low"]),
        ("A,2024-01-03,10,11,9,8,5", ["outside_high_low"]),
        ("A,2024-01-03,10,11,9,10,-1", ["negative_volume"]),
        ("A,2024-03-01,10,11,9,10,5", ["future_date", "session_open"]),
        ("A,2099-01-02,10,11,9,10,5", ["future_date", "session_open"]),
        ("A,2024-01-06,10,11,9,10,5", ["not_a_session"]),  # a Saturday
        ("A,2024-01-01,10,11,9,10,5", ["not_a_session"]),  # New Year
        ("A,2024-01-03,10,1000,9,10,5", ["mixed_units"]),
        ("A,2024-01-03,10,11,9,1000,5", ["outside_high_low", "mixed_units"]),
        ("A,2024-01-06,,9,11,-1,-5", ["missing_field", "high_below_low", "negative_volume", "not_a_session",
                                      "not_positive", "outside_high_low"]),
    ],
)  # fmt: skip
def test_a_bar_is_kept_or_held_for_the_first_reason_with_all_in_the_evidence(
    conn: psycopg.Connection, row: str, reasons: list[str]
) -> None:
    assert one(conn, row) == reasons


@pytest.mark.parametrize(
    ("unit", "stated", "reasons"),
    [
        ("GBX", "GBX", []),
        ("GBX", "GBp", []),
        ("GBX", "GBP", ["unit_mismatch"]),
        ("GBP", "GBX", ["unit_mismatch"]),
        ("GBX", "gbp", ["unknown_currency"]),
        ("GBX", "QQQ", ["unknown_currency"]),
    ],
)
def test_a_bar_in_another_unit_than_its_instrument_is_held(
    conn: psycopg.Connection, unit: str, stated: str, reasons: list[str]
) -> None:
    listed(conn, "VOD.L", unit, "XLON")
    bars(conn, [f"VOD.L,2024-01-03,10,11,9,10,5,{stated}"], unit=unit, header=BARS + ",unit", fetched_at=NOW)
    assert [row[2] for row in held(conn)] == reasons


def test_a_new_symbol_in_a_unit_that_does_not_exist_is_held_and_not_listed(conn: psycopg.Connection) -> None:
    report = bars(conn, ["NEW,2024-01-03,10,11,9,10,5,QQQ"], header=BARS + ",unit", fetched_at=NOW)
    assert counts(report) == {"quarantined": 1}
    assert held(conn) == [("NEW", "2024-01-03", "unknown_currency")]
    assert conn.execute("SELECT count(*) FROM warehouse.dim_instrument").fetchone() == (0,)


def test_a_row_held_again_adds_no_entry(conn: psycopg.Connection) -> None:
    row = "A,2024-01-03,10,11,9,12,5"
    one(conn, row)
    report = bars(conn, [row, row], mic="XNYS", fetched_at=NOW)
    assert counts(report) == {"quarantined": 2}
    assert len(held(conn)) == 1


def test_a_session_still_open_is_let_go_by_the_final_bar(conn: psycopg.Connection) -> None:
    open_at = at("2024-02-29T20:59")  # New York closes at 21:00 UTC
    report = bars(conn, ["A,2024-02-29,10,11,9,10,5"], mic="XNYS", fetched_at=open_at)
    assert counts(report) == {"quarantined": 1}
    assert held(conn) == [("A", "2024-02-29", "session_open")]
    report = bars(conn, ["A,2024-02-29,10,11,9,10.5,7"], mic="XNYS", fetched_at=at("2024-02-29T21:00"))
    assert counts(report) == {"inserted": 1}
    assert held(conn) == []
    assert held(conn, "superseded") == [("A", "2024-02-29", "session_open")]
    assert closes(conn, "A") == {"2024-02-29": "10.5"}


def test_the_same_bar_read_after_the_close_is_let_go_too(conn: psycopg.Connection) -> None:
    for moment in ("2024-02-29T20:59", "2024-02-29T21:01"):
        bars(conn, ["A,2024-02-29,10,11,9,10,5"], mic="XNYS", fetched_at=at(moment))
    assert held(conn, None) == [("A", "2024-02-29", "session_open")]
    assert held(conn, "superseded") and closes(conn, "A")


@pytest.mark.parametrize(
    ("mic", "moment", "kept"),
    [
        ("XTKS", "2024-02-29T05:59", False),  # Tokyo closed at 15:00 local until November 2024
        ("XTKS", "2024-02-29T06:01", True),
        ("XNYS", "2023-11-24T17:59", False),  # half a day after Thanksgiving: 13:00 local
        ("XNYS", "2023-11-24T18:01", True),
    ],
)
def test_the_exchange_says_when_a_session_is_over(
    conn: psycopg.Connection, mic: str, moment: str, kept: bool
) -> None:
    bars(conn, [f"A,{moment[:10]},10,11,9,10,5"], mic=mic, fetched_at=at(moment))
    assert [row[2] for row in held(conn)] == ([] if kept else ["session_open"])


def test_identical_rows_of_one_file_are_one_bar(conn: psycopg.Connection) -> None:
    report = bars(conn, ["A,2024-01-03,10", "A,2024-01-03,10", "A,2024-01-03,10.00"], fetched_at=NOW)
    assert counts(report) == {"inserted": 1, "unchanged": 2}


def test_rows_of_one_file_that_contradict_each_other_are_held(conn: psycopg.Connection) -> None:
    report = bars(
        conn, ["A,2024-01-03,10", "A,2024-01-03,11", "A,2024-01-03,10", "A,2024-01-04,12"], fetched_at=NOW
    )
    assert counts(report) == {"inserted": 1, "quarantined": 3}
    assert {row[2] for row in held(conn)} == {"conflicting_duplicate"}


def test_a_row_that_fails_by_itself_contradicts_nobody(conn: psycopg.Connection) -> None:
    report = bars(conn, ["A,2024-01-03,10", "A,2024-01-03,-11"], fetched_at=NOW)
    assert counts(report) == {"inserted": 1, "quarantined": 1}
    assert held(conn) == [("A", "2024-01-03", "not_positive")]


def test_a_person_chooses_between_two_that_contradict(conn: psycopg.Connection) -> None:
    rows = ["A,2024-01-03,10", "A,2024-01-03,11"]
    bars(conn, rows, fetched_at=NOW)
    with Run(conn, "quarantine", {}) as run:
        (wanted,) = conn.execute("SELECT max(quarantine_id) FROM landing.quarantine").fetchone() or (0,)
        assert run.decide(wanted, "accepted", "seen elsewhere", author="me") == [wanted]
    assert closes(conn, "A") == {"2024-01-03": "11"}
    assert held(conn) == []
    before = snapshot(conn)
    assert counts(bars(conn, rows, fetched_at=NOW)) == {"unchanged": 1, "quarantined": 1}
    assert snapshot(conn) == before


def test_an_open_outside_high_and_low_is_a_finding(conn: psycopg.Connection) -> None:
    assert one(conn, "A,2024-01-03,12,11,9,10,5") == []
    assert conn.execute("SELECT rule, subject FROM landing.finding").fetchall() == [
        ("open_outside_high_low", "A")
    ]


def test_a_weekend_bar_without_a_calendar_is_a_finding(conn: psycopg.Connection) -> None:
    assert counts(bars(conn, ["A,2024-01-06,10", "A,2024-01-05,10"], fetched_at=NOW)) == {"inserted": 2}
    assert conn.execute("SELECT rule, day::text FROM landing.finding").fetchall() == [
        ("weekend_bar", "2024-01-06")
    ]


def test_a_day_before_the_calendar_is_judged_without_it(conn: psycopg.Connection) -> None:
    (first,) = conn.execute(
        "SELECT covered_from FROM warehouse.dim_exchange WHERE mic = 'XNYS'"
    ).fetchone() or (0,)
    assert one(conn, "A,1950-01-07,10,11,9,10,5") == [] and str(first) > "1950-01-07"
    assert conn.execute("SELECT rule FROM landing.finding").fetchall() == [("weekend_bar",)]


def test_three_instruments_on_one_non_session_put_the_calendar_in_doubt(conn: psycopg.Connection) -> None:
    for symbol in "AB":
        bars(conn, [f"{symbol},2024-01-06,10"], mic="XNYS", fetched_at=NOW)
    assert conn.execute("SELECT count(*) FROM landing.finding").fetchone() == (0,)
    bars(conn, ["C,2024-01-06,10"], mic="XNYS", fetched_at=NOW)
    assert conn.execute(
        "SELECT rule, subject, day::text, evidence ->> 'instruments' FROM landing.finding"
    ).fetchall() == [("calendar", "XNYS", "2024-01-06", "3")]


def test_a_day_that_a_person_admits_releases_all_its_bars(conn: psycopg.Connection) -> None:
    rows = ["A,2024-01-06,10", "B,2024-01-06,10", "B,2024-01-06,-1", "B,2024-01-07,10"]
    bars(conn, rows, mic="XNYS", fetched_at=NOW)
    with Run(conn, "calendar", {}) as run:
        assert len(run.admit("XNYS", at("2024-01-06").date(), "special session", author="me")) == 2
    assert closes(conn, "A") == closes(conn, "B") == {"2024-01-06": "10"}
    assert [row[1:] for row in held(conn)] == [("2024-01-07", "not_a_session")]
    assert [row[1:] for row in held(conn, "superseded")] == [("2024-01-06", "not_positive")]
    before = snapshot(conn)
    assert counts(bars(conn, rows, mic="XNYS", fetched_at=NOW)) == {"unchanged": 2, "quarantined": 2}
    assert snapshot(conn) == before


def test_a_fund_needs_a_close_only(conn: psycopg.Connection) -> None:
    listed(conn, "FUND", kind="fund")
    assert counts(bars(conn, ["FUND,2024-01-03,,,,10,"], fetched_at=NOW)) == {"inserted": 1}


def test_two_exchanges_in_one_file_are_both_known(conn: psycopg.Connection) -> None:
    report = bars(
        conn, ["A,2024-01-03,1,1,1,1,1,XNYS,USD", "B,2024-01-03,1,1,1,1,1,XTKS,JPY"],
        header=BARS + ",mic,unit", fetched_at=NOW,
    )  # fmt: skip
    assert counts(report) == {"inserted": 1, "quarantined": 1}  # 3 January is a holiday in Tokyo
    assert held(conn) == [("B", "2024-01-03", "not_a_session")]
