"""A run taken back is as if it had never been, and what later runs said stays."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from tests.support import writing
from tests.support.writing import actions, bars, closes, held, listed, load, rates
from tests.trust.acting import correct, decide, edit, now, release, undo
from ticker_converter.errors import NotThere
from ticker_converter.ops.rebuild import rebuild
from ticker_converter.pipeline import Report
from ticker_converter.records import Payload

AV = "https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol={}&datatype=csv"


def vendor(conn: psycopg.Connection, symbol: str, rows: dict[str, str]) -> Report:
    """Bars from a second provider, which the instruments of these tests prefer."""
    lines = [f"{day},{close},{close},{close},{close},1" for day, close in sorted(rows.items(), reverse=True)]
    body = "\n".join(["timestamp,open,high,low,close,volume", *lines]) + "\n"
    return load(
        conn,
        Payload(
            "alpha_vantage", AV.format(symbol), writing.at("2024-02-01"), body=body.encode(), symbol=symbol
        ),
    )


def test_what_was_replaced_stands_again_and_what_was_added_is_gone(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10", "A,2024-01-03,11"])
    before = now(conn)
    wrong = bars(conn, ["A,2024-01-03,12", "A,2024-01-04,13"])
    report = undo(conn, wrong.run_id)
    assert now(conn) == before
    assert report.counts.revised == 2 and report.counts.read == 2


def test_rates_and_actions_go_too(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    rates(conn, ["EUR,USD,2024-01-02,1.1"])
    actions(conn, ["A,2024-01-02,dividend,0.5", "A,2024-01-02,split,2"])
    before = now(conn)
    wrong = rates(conn, ["EUR,USD,2024-01-02,1.2", "EUR,USD,2024-01-03,1.3"])
    undo(conn, wrong.run_id)
    assert now(conn) == before
    wrong = actions(conn, ["A,2024-01-02,dividend,0.7", "A,2024-01-03,split,3"])
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_what_was_known_in_between_can_still_be_asked(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-02,12"])
    (meanwhile,) = conn.execute("SELECT clock_timestamp()").fetchone() or (None,)
    undo(conn, wrong.run_id)
    assert closes(conn, "A", meanwhile) == {"2024-01-02": "12"} and closes(conn, "A") == {"2024-01-02": "10"}


def test_later_runs_stay_also_where_they_only_repeated(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-02,11", "A,2024-01-03,20", "A,2024-01-04,30"])
    bars(conn, ["A,2024-01-02,11", "A,2024-01-03,20", "A,2024-01-05,40"])
    undo(conn, wrong.run_id)
    assert closes(conn, "A") == {"2024-01-02": "11", "2024-01-03": "20", "2024-01-05": "40"}


def test_a_run_is_taken_back_once_and_only_one_that_loaded_something(conn: psycopg.Connection) -> None:
    first = bars(conn, ["A,2024-01-02,10"])
    corrected = correct(conn, "A", "2024-01-02", close="9", low="9")
    taken = undo(conn, first.run_id)
    for run_id in (first.run_id, corrected.run_id, taken.run_id, 999):
        with pytest.raises(NotThere):
            undo(conn, run_id)
    assert closes(conn, "A") == {"2024-01-02": "9"}


def test_the_same_file_can_be_imported_again(conn: psycopg.Connection) -> None:
    wrong = bars(conn, ["A,2024-01-02,10", "A,2024-01-03,-1"])
    before = now(conn)
    undo(conn, wrong.run_id)
    assert not closes(conn, "A") and not held(conn)
    again = bars(conn, ["A,2024-01-02,10", "A,2024-01-03,-1"])
    assert writing.counts(again) == {"inserted": 1, "quarantined": 1}
    assert now(conn) == before


def test_a_replay_does_not_bring_a_taken_back_run_again(conn: psycopg.Connection) -> None:
    from ticker_converter.pipeline import Run

    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-02,12", "A,2024-01-03,13"])
    undo(conn, wrong.run_id)
    before = now(conn)
    with Run(conn, "replay", {}) as run:
        run.replay(None, None)
    assert now(conn) == before


def test_what_a_good_row_had_superseded_waits_again(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10,9,10,10,1"])
    rates(conn, ["EUR,USD,2024-01-02,-1"])
    before = now(conn)
    assert held(conn) == [("A", "2024-01-02", "high_below_low"), ("EUR/USD", "2024-01-02", "not_positive")]
    good, better = bars(conn, ["A,2024-01-02,10"]), rates(conn, ["EUR,USD,2024-01-02,1.1"])
    assert not held(conn)
    for report in (good, better):
        undo(conn, report.run_id)
    assert now(conn) == before


def test_it_does_not_where_another_good_row_stands(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10,9,10,10,1"])
    good = bars(conn, ["A,2024-01-02,10"])
    bars(conn, ["A,2024-01-02,10", "A,2024-01-03,11"])
    undo(conn, good.run_id)
    assert closes(conn, "A") == {"2024-01-02": "10", "2024-01-03": "11"} and not held(conn)


def test_runs_can_be_taken_back_one_after_the_other(conn: psycopg.Connection) -> None:
    runs = [bars(conn, [f"A,2024-01-02,{close}"]).run_id for close in (10, 11, 12)]
    seen = []
    for run_id in (runs[2], runs[1], runs[0]):
        undo(conn, run_id)
        seen.append(closes(conn, "A").get("2024-01-02"))
    assert seen == ["11", "10", None]


def test_in_the_order_in_which_they_came_too(conn: psycopg.Connection) -> None:
    runs = [bars(conn, [f"A,2024-01-02,{close}"]).run_id for close in (10, 11, 12)]
    seen = []
    for run_id in runs:
        undo(conn, run_id)
        seen.append(closes(conn, "A").get("2024-01-02"))
    assert seen == ["12", "12", None]


def test_another_providers_word_stands_when_the_preferred_ones_is_taken_back(
    conn: psycopg.Connection,
) -> None:
    listed(conn, "A", providers=["alpha_vantage", "files"])
    bars(conn, ["A,2024-01-02,10"])
    before = now(conn)
    wrong = vendor(conn, "A", {"2024-01-02": "11"})
    assert closes(conn, "A") == {"2024-01-02": "11"}
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_a_word_that_did_not_stand_is_forgotten_and_the_one_before_it_remembered(
    conn: psycopg.Connection,
) -> None:
    listed(conn, "A", providers=["alpha_vantage", "files"])
    vendor(conn, "A", {"2024-01-02": "11"})
    bars(conn, ["A,2024-01-02,10"])
    before = now(conn)
    wrong = bars(conn, ["A,2024-01-02,12"])
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_a_correction_stays_and_its_release_finds_no_trace_of_the_run(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-02,12"])
    correct(conn, "A", "2024-01-02", close="11", low="11")
    undo(conn, wrong.run_id)
    assert closes(conn, "A") == {"2024-01-02": "11"}
    release(conn, "A", "2024-01-02")
    assert closes(conn, "A") == {"2024-01-02": "10"}


def test_a_bar_that_a_release_or_an_edit_put_back_is_still_its_runs(conn: psycopg.Connection) -> None:
    first = bars(conn, ["A,2024-01-02,10", "B,2024-01-02,10"])
    correct(conn, "A", "2024-01-02", close="11", high="11")
    release(conn, "A", "2024-01-02")
    edit(conn, "B", unit="GBX")
    assert closes(conn, "A") == closes(conn, "B") == {"2024-01-02": "10"}
    undo(conn, first.run_id)
    assert not closes(conn, "A") and not closes(conn, "B")


def test_after_an_edit_what_stands_again_has_the_new_unit(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-02,12"])
    edit(conn, "A", unit="GBX")
    undo(conn, wrong.run_id)
    assert [row.split(", ")[5:7] + row.split(", ")[-2:-1] for row in now(conn)["bars"]]
    assert closes(conn, "A") == {"2024-01-02": "10"} and "'GBX'" in now(conn)["bars"][0]


def test_a_row_accepted_from_the_run_goes_with_it(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    before = now(conn)
    wrong = bars(conn, ["A,2024-01-03,1000"])
    assert held(conn) == [("A", "2024-01-03", "unit_jump")]
    decide(conn, 1, "accepted")
    assert closes(conn, "A")["2024-01-03"] == "1000"
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_bars_that_the_run_had_pushed_into_quarantine_come_back(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-03,1000", "A,2024-01-04,1001"])
    before = now(conn)
    wrong = bars(conn, ["A,2024-01-02,10"])
    assert [row[1] for row in held(conn)] == ["2024-01-03", "2024-01-04"]
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_bars_of_the_run_that_a_later_one_pushed_into_quarantine_go_too(conn: psycopg.Connection) -> None:
    wrong = bars(conn, ["A,2024-01-03,1000", "A,2024-01-04,1001"])
    bars(conn, ["A,2024-01-02,10"])
    assert [row[1] for row in held(conn)] == ["2024-01-03", "2024-01-04"]
    undo(conn, wrong.run_id)
    assert not held(conn) and closes(conn, "A") == {"2024-01-02": "10"}


def test_a_row_that_a_later_run_repeated_stays_held(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-03,-1"])
    bars(conn, ["A,2024-01-03,-1", "A,2024-01-04,10"])
    undo(conn, wrong.run_id)
    assert held(conn) == [("A", "2024-01-03", "not_positive")]


def test_a_withdrawal_by_a_whole_list_is_taken_back(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", unit="USD", mic="XNYS", providers=["alpha_vantage"])
    url = "https://www.alphavantage.co/query?function=SPLITS&symbol=IBM&datatype=csv"

    def splits(*rows: str) -> Report:
        body = "\n".join(["effective_date,split_factor", *rows]) + "\n"
        return load(
            conn, Payload("alpha_vantage", url, writing.at("2024-02-01"), body=body.encode(), symbol="IBM")
        )

    splits("1999-05-27,2.0000", "1997-05-28,2.0000")
    before = now(conn)
    wrong = splits("1999-05-27,3.0000")
    assert len(now(conn)["actions"]) == 1
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_an_action_that_two_runs_changed_is_as_before_both(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    actions(conn, ["A,2024-01-02,dividend,0.5"])
    before = now(conn)
    runs = [actions(conn, [f"A,2024-01-02,dividend,{amount}"]).run_id for amount in ("0.6", "0.7")]
    undo(conn, runs[1])
    undo(conn, runs[0])
    assert now(conn) == before


def test_a_bar_that_another_run_let_go_stays_its_own_runs(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    before = now(conn)
    jumped = bars(conn, ["A,2024-01-04,1000"])
    waiting = now(conn)
    assert held(conn) == [("A", "2024-01-04", "unit_jump")]
    between = bars(conn, ["A,2024-01-02,1000"])
    assert closes(conn, "A") == {"2024-01-02": "1000", "2024-01-04": "1000"} and not held(conn)
    undo(conn, between.run_id)
    assert now(conn) == waiting
    undo(conn, jumped.run_id)
    assert now(conn) == before


def test_an_accepted_row_of_the_run_is_no_ones_last_word_either(conn: psycopg.Connection) -> None:
    listed(conn, "A", providers=["alpha_vantage", "files"])
    bars(conn, ["A,2024-01-02,10"])
    before = now(conn)
    wrong = bars(conn, ["A,2024-01-03,1000"])
    decide(conn, 1, "accepted")
    later = vendor(conn, "A", {"2024-01-03": "11"})
    undo(conn, wrong.run_id)
    assert closes(conn, "A")["2024-01-03"] == "11" and not now(conn)["last words"]
    undo(conn, later.run_id)
    assert now(conn) == before


def test_an_answer_stands_where_another_run_said_the_row_before_it(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-03,1000"])
    bars(conn, ["A,2024-01-03,1000", "A,2024-01-04,11"])
    decide(conn, 1, "rescaled", factor=Decimal("0.01"))
    before = now(conn)
    assert closes(conn, "A")["2024-01-03"] == "10.00"
    undo(conn, wrong.run_id)
    assert now(conn) == before


def test_an_answer_to_the_runs_row_is_none_to_the_same_row_said_later(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-03,1000"])
    decide(conn, 1, "accepted")
    bars(conn, ["A,2024-01-03,1000", "A,2024-01-04,11"])
    undo(conn, wrong.run_id)
    assert held(conn) == [("A", "2024-01-03", "unit_jump")]
    assert closes(conn, "A") == {"2024-01-02": "10", "2024-01-04": "11"}


def test_a_run_taken_back_can_be_rebuilt(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"])
    wrong = bars(conn, ["A,2024-01-02,11", "A,2024-01-03,1000", "A,2024-01-04,-1"])
    decide(conn, 1, "accepted")
    bars(conn, ["A,2024-01-03,1000", "A,2024-01-05,12"])
    undo(conn, wrong.run_id)
    before = now(conn)
    assert rebuild(conn, lambda text: None, apply=True) == [] and now(conn) == before
