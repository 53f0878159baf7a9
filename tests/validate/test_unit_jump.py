"""A close 100 or 1000 times off: held as one group, answered by a person, never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from tests.support.writing import actions, at, bars, closes, counts, held, listed, snapshot, weekdays
from ticker_converter import acts
from ticker_converter.errors import NotThere, Usage
from ticker_converter.pipeline import Run

NOW = at("2024-06-01")
DAYS = weekdays("2024-01-02", 40)


def series(closes: list[object], first: int = 0, symbol: str = "A") -> list[str]:
    return [f"{symbol},{day},{close}" for day, close in zip(DAYS[first:], closes, strict=False)]


def jumps(conn: psycopg.Connection) -> list[str]:
    assert {row[2] for row in held(conn)} <= {"unit_jump"}
    return [row[1] for row in held(conn)]


def first_held(conn: psycopg.Connection) -> int:
    row = conn.execute("SELECT min(quarantine_id) FROM landing.quarantine WHERE state = 'held'").fetchone()
    assert row and row[0]
    return int(row[0])


def answer(
    conn: psycopg.Connection, verdict: str, factor: str | None = None, all_like: bool = True
) -> list[int]:
    with Run(conn, "quarantine", {}) as run:
        return run.decide(
            first_held(conn), verdict, "checked", author="me", all_like=all_like,
            factor=Decimal(factor) if factor else None,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "held_back"),
    [("74", 0), ("75", 1), ("100", 1), ("133", 1), ("134", 0), ("749", 0), ("750", 1), ("1000", 1), ("1333", 1),
     ("1334", 0), ("0.01", 1), ("0.001", 1), ("0.0134", 0), ("0.0133", 1), ("0.48", 0), ("2", 0)],
)  # fmt: skip
def test_a_close_in_the_two_bands_is_held(conn: psycopg.Connection, ratio: str, held_back: int) -> None:
    bars(conn, series([10, Decimal(10) * Decimal(ratio)]), fetched_at=NOW)
    assert len(jumps(conn)) == held_back


def test_the_later_side_is_held_as_one_group(conn: psycopg.Connection) -> None:
    report = bars(conn, series([10, 11, 12, 1200, 1250, 1300, 1310]), fetched_at=NOW)
    assert counts(report) == {"inserted": 3, "quarantined": 4}
    assert jumps(conn) == DAYS[3:7]
    assert conn.execute("SELECT count(DISTINCT group_key) FROM landing.quarantine").fetchone() == (1,)


def test_a_group_longer_than_the_ten_sessions_is_held_to_its_end(conn: psycopg.Connection) -> None:
    bars(conn, series([10, *[1000] * 30]), fetched_at=NOW)
    assert len(jumps(conn)) == 30


def test_one_bad_day_is_held_alone(conn: psycopg.Connection) -> None:
    bars(conn, series([10, 11, 1100, 12, 13]), fetched_at=NOW)
    assert jumps(conn) == [DAYS[2]]
    assert list(closes(conn, "A")) == [DAYS[0], DAYS[1], DAYS[3], DAYS[4]]


def test_one_day_at_a_time_or_all_at_once_is_the_same(conn: psycopg.Connection) -> None:
    for n, close in enumerate([10, 11, 1200, 1250, *[1300] * 14, 12, 13]):
        bars(conn, series([close], n), fetched_at=NOW)
    one_by_one = jumps(conn)
    bars(conn, series([10, 11, 1200, 1250, *[1300] * 14, 12, 13], symbol="B"), fetched_at=NOW)
    assert one_by_one == [row[1] for row in held(conn) if row[0] == "B"] == DAYS[2:18]


def test_more_than_ten_sessions_apart_is_no_jump(conn: psycopg.Connection) -> None:
    bars(conn, series([10]), fetched_at=NOW)
    bars(conn, series([1000], 11), fetched_at=NOW)
    assert jumps(conn) == []
    bars(conn, series([10], symbol="B"), fetched_at=NOW)
    bars(conn, series([1000], 10, symbol="B"), fetched_at=NOW)
    assert jumps(conn) == [DAYS[10]]


def test_sessions_are_counted_by_the_calendar(conn: psycopg.Connection) -> None:
    days = weekdays("2024-01-02", 12, ["2024-01-15"])  # Martin Luther King day
    bars(conn, [f"A,{days[0]},10"], mic="XNYS", fetched_at=NOW)
    bars(conn, [f"A,{days[10]},1000"], mic="XNYS", fetched_at=NOW)
    assert jumps(conn) == [days[10]]


def test_accepted_rows_stand_and_so_does_what_follows(conn: psycopg.Connection) -> None:
    given = series([10, 11, 1100, 1110])
    bars(conn, given, fetched_at=NOW)
    assert len(answer(conn, "accepted")) == 2
    assert list(closes(conn, "A").values()) == ["10", "11", "1100", "1110"]
    assert counts(bars(conn, series([1120], 4), fetched_at=NOW)) == {"inserted": 1}
    before = snapshot(conn)
    assert counts(bars(conn, given, fetched_at=NOW)) == {"unchanged": 4}
    assert snapshot(conn) == before
    whole_and_new = [*given, *series([1120, 1130], 4)]
    assert counts(bars(conn, whole_and_new, fetched_at=NOW)) == {"inserted": 1, "unchanged": 5}


def test_an_accepted_peak_leaves_what_followed_it_in_place(conn: psycopg.Connection) -> None:
    given = series([10, 11, 1100, 12, 13])
    bars(conn, given, fetched_at=NOW)
    answer(conn, "accepted")
    before = snapshot(conn)
    assert counts(bars(conn, given, fetched_at=NOW)) == {"unchanged": 5}
    assert counts(bars(conn, given[3:], fetched_at=NOW)) == {"unchanged": 2}
    assert snapshot(conn) == before


def test_rejected_rows_stay_out_and_so_does_what_follows(conn: psycopg.Connection) -> None:
    given = series([10, 11, *[1100] * 14])
    bars(conn, given, fetched_at=NOW)
    answer(conn, "rejected")
    before = snapshot(conn)
    assert counts(bars(conn, given, fetched_at=NOW)) == {"unchanged": 2, "quarantined": 14}
    assert snapshot(conn) == before
    assert counts(bars(conn, series([1100, 1100], 15), fetched_at=NOW)) == {"quarantined": 2}
    assert jumps(conn) == [DAYS[16]]
    assert counts(bars(conn, series([12], 17), fetched_at=NOW)) == {"inserted": 1}


def test_rescaled_rows_join_the_series(conn: psycopg.Connection) -> None:
    given = series([10, 11, 1200, 1250])
    bars(conn, given, fetched_at=NOW)
    assert len(answer(conn, "rescaled", "0.01")) == 2
    assert [Decimal(close) for close in closes(conn, "A").values()] == [10, 11, 12, Decimal("12.5")]
    before = snapshot(conn)
    assert counts(bars(conn, given, fetched_at=NOW)) == {"unchanged": 4}
    assert snapshot(conn) == before
    bars(conn, series([1260], 4), fetched_at=NOW)
    assert jumps(conn) == [DAYS[4]]


@pytest.mark.parametrize("factor", ["0", "-1", "NaN", "Infinity"])
def test_no_price_is_rescaled_to_nothing(conn: psycopg.Connection, factor: str) -> None:
    bars(conn, series([10, 1000]), fetched_at=NOW)
    with pytest.raises(Usage):
        answer(conn, "rescaled", factor)
    assert jumps(conn) == [DAYS[1]]


def test_one_row_of_a_group_can_be_answered_alone(conn: psycopg.Connection) -> None:
    bars(conn, series([10, 1200, 1250]), fetched_at=NOW)
    assert len(answer(conn, "rejected", all_like=False)) == 1
    assert jumps(conn) == [DAYS[2]]


def test_an_answered_row_is_not_answered_again(conn: psycopg.Connection) -> None:
    bars(conn, series([10, 1200]), fetched_at=NOW)
    row = first_held(conn)
    answer(conn, "rejected")
    with Run(conn, "quarantine", {}) as run, pytest.raises(NotThere):
        run.decide(row, "accepted", "changed my mind", author="me")


def test_what_cannot_be_stored_cannot_be_accepted(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-03,10,11,9,,5"], fetched_at=NOW)
    with pytest.raises(Usage):
        answer(conn, "accepted")


@pytest.mark.parametrize("first", ["split", "prices"])
def test_a_known_split_of_a_hundred_is_no_jump(conn: psycopg.Connection, first: str) -> None:
    listed(conn, "A")
    prices = series([1000, 1010, 10, 10.1])
    if first == "prices":
        bars(conn, prices, fetched_at=NOW)
        assert jumps(conn) == DAYS[2:4]
    actions(conn, [f"A,{DAYS[2]},split,100"])
    if first == "split":
        bars(conn, prices, fetched_at=NOW)
    assert jumps(conn) == []
    assert len(closes(conn, "A")) == 4


def test_a_split_told_by_two_providers_is_one_split(conn: psycopg.Connection) -> None:
    listed(conn, "A")
    actions(conn, [f"A,{DAYS[2]},split,100"])
    conn.execute(
        "INSERT INTO warehouse.fact_corporate_action"
        " (instrument_id, source_id, kind, ex_date, new, old, load_id, known_from)"
        " SELECT instrument_id, 3, kind, ex_date, new, old, load_id, known_from FROM warehouse.fact_corporate_action"
    )
    bars(conn, series([1000, 1010, 10, 10.1]), fetched_at=NOW)
    assert jumps(conn) == []


def test_a_split_adjusted_series_is_not_adjusted_again(conn: psycopg.Connection) -> None:
    listed(conn, "A")
    actions(conn, [f"A,{DAYS[2]},split,1/100"])
    bars(conn, series([10, 10, 10.1, 10.1]), fetched_at=NOW, basis="splits")
    assert jumps(conn) == []


def test_a_gap_filled_later_holds_what_then_stands_behind_a_jump(conn: psycopg.Connection) -> None:
    bars(conn, series([10, 10, 10]), fetched_at=NOW)
    bars(conn, series([1000] * 6, 20), fetched_at=NOW)
    assert jumps(conn) == []
    bars(conn, series([10] * 17, 3), fetched_at=NOW)
    assert jumps(conn) == DAYS[20:26]
    assert list(closes(conn, "A")) == DAYS[:20]


def test_a_history_read_backwards_ends_like_one_read_forwards(conn: psycopg.Connection) -> None:
    days = [10] * 8 + [1000] * 8
    for n in reversed(range(16)):
        bars(conn, series([days[n]], n), fetched_at=NOW)
    assert jumps(conn) == DAYS[8:16]


def test_a_held_group_is_let_go_when_what_stood_before_it_changes(conn: psycopg.Connection) -> None:
    bars(conn, series([10, 10, 10, 1000, 1010]), fetched_at=NOW)
    assert jumps(conn) == DAYS[3:5]
    bars(conn, series([1000, 1001, 1002]), fetched_at=NOW)
    assert jumps(conn) == []
    assert list(closes(conn, "A").values()) == ["1000", "1001", "1002", "1000", "1010"]


def test_what_a_person_accepted_is_not_held_again(conn: psycopg.Connection) -> None:
    bars(conn, series([10, 1000, 1010], 5), fetched_at=NOW)
    answer(conn, "accepted")
    bars(conn, series([10, 10, 10, 10, 10]), fetched_at=NOW)
    assert jumps(conn) == []
    assert len(closes(conn, "A")) == 8


def test_the_fall_of_apple_on_2000_09_29_is_kept(conn: psycopg.Connection) -> None:
    rows = [
        "A,2000-09-28,49.3125,53.8125,48.125,53.5,17445900",
        "A,2000-09-29,28.1875,29,25.375,25.75,132548200",
    ]
    assert counts(bars(conn, rows, mic="XNAS")) == {"inserted": 2}


def test_a_redenomination_of_a_thousand_to_one_is_no_jump(conn: psycopg.Connection) -> None:
    """The Zambian kwacha: 1,000 ZMK became 1 ZMW on 2013-01-01."""
    listed(conn, "A", unit="ZMK")
    with Run(conn, "edit", {}) as run:
        acts.edit(run, "A", "by law", author="me", unit="ZMW", valid_from=date(2013, 1, 1))
    bars(conn, ["A,2012-12-31,5200", "A,2013-01-02,5.2", "A,2013-01-03,520"], unit="")
    assert held(conn) == [("A", "2013-01-03", "unit_jump")]


def test_a_bar_said_again_that_stands_behind_a_jump_now_does_not_stand(conn: psycopg.Connection) -> None:
    bars(conn, series([1000], first=1))
    report = bars(conn, series([10, 1000]))
    assert jumps(conn) == [DAYS[1]] and closes(conn, "A") == {DAYS[0]: "10"}
    assert counts(report) == {"inserted": 1, "unchanged": 1}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_where_the_unit_changes_closes_that_are_near_may_be_a_hundred_apart(
    conn: psycopg.Connection, order: tuple[int, int]
) -> None:
    listed(conn, "A", unit="GBX")
    with Run(conn, "edit", {}) as run:
        since = date.fromisoformat(DAYS[1])
        acts.edit(run, "A", "quoted in pounds from here on", author="me", unit="GBP", valid_from=since)
    for n in order:
        bars(conn, series([1000], first=n), unit=("GBX", "GBP")[n])
    assert jumps(conn) == [DAYS[1]]
