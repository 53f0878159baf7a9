"""Each rule about splits, spin-offs and dividends."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.writing import actions, counts, held, listed


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("A,2024-01-03,split,4", []),
        ("A,2024-01-03,split,1/3", []),
        ("A,2024-01-03,split,0.05", []),
        ("A,2024-01-03,spinoff,1.046", []),
        ("A,2024-01-03,dividend,0.24", []),
        ("A,2099-01-03,dividend,0.24", []),  # announced
        ("A,,split,4", ["missing_field"]),
        ("A,2024-01-03,split,", ["missing_field"]),
        ("A,2024-01-03,dividend,", ["missing_field"]),
        ("A,2024-01-03,split,four", ["not_a_number"]),
        ("A,2024-01-03,split,4/", ["not_a_number"]),
        ("A,2024-01-03,split,4/x", ["not_a_number"]),
        ("A,2024-01-03,split,NaN", ["not_a_number"]),
        ("A,2024-02-30,split,4", ["not_a_number"]),
        ("A,2024-01-03,split,0", ["not_positive"]),
        ("A,2024-01-03,split,1/0", ["not_positive"]),
        ("A,2024-01-03,dividend,-1", ["not_positive"]),
    ],
)
def test_an_action_is_kept_or_held(conn: psycopg.Connection, row: str, expected: list[str]) -> None:
    listed(conn, "A")
    report = actions(conn, [row])
    assert [entry[2] for entry in held(conn)] == expected
    assert counts(report) == ({"quarantined": 1} if expected else {"inserted": 1})


@pytest.mark.parametrize("pay_date", ["soon", "2024-02-30", "0000-01-01"])
def test_a_payment_date_that_is_none_is_held(conn: psycopg.Connection, pay_date: str) -> None:
    report = actions(
        conn, [f"A,2024-01-03,dividend,1,{pay_date}"], header="symbol,ex_date,kind,value,pay_date"
    )
    assert counts(report) == {"quarantined": 1}
    assert [entry[2] for entry in held(conn)] == ["not_a_number"]


def test_two_splits_of_one_day_that_differ_are_held(conn: psycopg.Connection) -> None:
    report = actions(conn, ["A,2024-01-03,split,4", "A,2024-01-03,split,5", "A,2024-01-03,dividend,5"])
    assert counts(report) == {"inserted": 1, "quarantined": 2}
    assert {entry[2] for entry in held(conn)} == {"conflicting_duplicate"}


def test_two_dividends_of_one_day_are_told_apart_by_type_and_payment(conn: psycopg.Connection) -> None:
    header = "symbol,ex_date,kind,value,type,pay_date"
    rows = ["A,2024-01-03,dividend,1,special,", "A,2024-01-03,dividend,2,regular,2024-02-01",
            "A,2024-01-03,dividend,2,regular,2024-03-01"]  # fmt: skip
    assert counts(actions(conn, rows, header=header)) == {"inserted": 3}
    assert counts(actions(conn, rows, header=header)) == {"unchanged": 3}


def test_a_dividend_in_a_currency_that_does_not_exist_is_held(conn: psycopg.Connection) -> None:
    listed(conn, "A")
    report = actions(conn, ["A,2024-01-03,dividend,1,QQQ"], header="symbol,ex_date,kind,value,unit")
    assert counts(report) == {"quarantined": 1}
    assert held(conn) == [("A", "2024-01-03", "unknown_currency")]


def test_a_dividend_has_its_own_currency(conn: psycopg.Connection) -> None:
    listed(conn, "A", "GBX")
    report = actions(conn, ["A,2024-01-03,dividend,1,USD"], header="symbol,ex_date,kind,value,unit")
    assert counts(report) == {"inserted": 1}
