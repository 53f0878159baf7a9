"""A person's word wins over every import until it is released, and nothing of what was believed is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.support.writing import bars, closes, counts, file, held, listed, load
from tests.trust.acting import check, correct, decide, edit, now, release
from tests.trust.test_undo import vendor
from ticker_converter.errors import NotThere, UnknownSymbol, Usage
from ticker_converter.pipeline import Report

DAY = "2024-01-02"


def clock(conn: psycopg.Connection) -> Any:
    return (conn.execute("SELECT clock_timestamp()").fetchone() or (None,))[0]


def test_every_import_leaves_a_correction_alone_and_says_so(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"])
    correct(conn, "A", DAY, close="10.5", high="10.5")
    assert counts(bars(conn, [f"A,{DAY},12"])) == {"outranked": 1}
    listed(conn, "A", providers=["alpha_vantage", "files"])
    assert counts(vendor(conn, "A", {DAY: "13"})) == {"outranked": 1}
    assert closes(conn, "A") == {DAY: "10.5"}


def test_what_was_not_corrected_is_as_stored(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},9,12,8,10,700"])
    correct(conn, "A", DAY, close="11")
    row = conn.execute("SELECT open, high, low, close, volume FROM warehouse.fact_price").fetchone()
    assert row == (9, 12, 8, 11, 700)


def test_release_lets_the_last_word_of_the_best_provider_stand(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"])
    correct(conn, "A", DAY, close="10.5", high="10.5")
    correct(conn, "A", DAY, close="10.7", high="10.7")
    bars(conn, [f"A,{DAY},12"])
    release(conn, "A", DAY)
    assert closes(conn, "A") == {DAY: "12"}
    assert counts(bars(conn, [f"A,{DAY},12"])) == {"unchanged": 1}
    with pytest.raises(NotThere):
        release(conn, "A", DAY)


def test_a_correction_of_a_missing_day_is_a_bar_and_leaves_nothing_when_released(
    conn: psycopg.Connection,
) -> None:
    bars(conn, [f"A,{DAY},10"])
    before = now(conn)
    correct(conn, "A", "2024-01-03", close="11")
    assert closes(conn, "A")["2024-01-03"] == "11"
    release(conn, "A", "2024-01-03")
    assert now(conn) == before


def test_author_and_reason_are_kept(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"])
    correct(conn, "A", DAY, close="11", high="11")
    row = conn.execute(
        "SELECT l.author, l.reason, l.kind FROM warehouse.fact_price JOIN landing.load AS l USING (load_id)"
    ).fetchone()
    assert row == ("me@here", "broker's note", "correction")


@pytest.mark.parametrize(
    "fields", [{"close": "0"}, {"close": "13"}, {"high": "7"}, {"low": "11"}, {"close": "-1", "low": "-2"}]
)
def test_what_would_be_no_bar_is_refused(conn: psycopg.Connection, fields: dict[str, str]) -> None:
    bars(conn, [f"A,{DAY},9,12,8,10,700"])
    before = now(conn)
    with pytest.raises(Usage):
        correct(conn, "A", DAY, **fields)
    with pytest.raises(Usage):
        correct(conn, "A", "2024-01-05", high="12")
    with pytest.raises(UnknownSymbol):
        correct(conn, "B", DAY, close="12")
    assert now(conn) == before


def test_what_a_correction_had_held_back_or_let_go_is_judged_again_when_it_goes(
    conn: psycopg.Connection,
) -> None:
    listed(conn, "A")
    correct(conn, "A", DAY, close="12")
    bars(conn, ["A,2024-01-03,1200"])
    assert held(conn) == [("A", "2024-01-03", "unit_jump")]
    release(conn, "A", DAY)
    assert closes(conn, "A") == {"2024-01-03": "1200"} and not held(conn)
    bars(conn, ["A,2024-01-04,12"])
    assert held(conn) == [("A", "2024-01-04", "unit_jump")]
    correct(conn, "A", "2024-01-03", close="12", low="12")
    assert closes(conn, "A") == {"2024-01-03": "12", "2024-01-04": "12"} and not held(conn)
    release(conn, "A", "2024-01-03")
    assert closes(conn, "A") == {"2024-01-03": "1200"} and len(held(conn)) == 1


# ---- edit ----


def test_a_wrong_unit_is_mended_for_all_days_and_back_again(conn: psycopg.Connection) -> None:
    bars(conn, [f"VUSA.L,{DAY},60", "VUSA.L,2024-01-03,61"], unit="GBX")
    before, then = now(conn), clock(conn)
    assert edit(conn, "VUSA.L", unit="GBP").counts.revised == 2
    assert units(conn) == {DAY: "GBP", "2024-01-03": "GBP"} and units(conn, then) == {
        DAY: "GBX",
        "2024-01-03": "GBX",
    }
    assert closes(conn, "VUSA.L") == {DAY: "60", "2024-01-03": "61"}
    assert edit(conn, "VUSA.L", unit="GBP").counts.revised == 0
    edit(conn, "VUSA.L", unit="GBX")
    assert now(conn) == before


def test_a_unit_that_changed_on_a_day_is_mended_from_that_day_on(conn: psycopg.Connection) -> None:
    bars(conn, [f"A.L,{DAY},60", "A.L,2024-01-03,61", "A.L,2024-01-04,62"], unit="GBX")
    edit(conn, "A.L", unit="GBP", valid_from=date(2024, 1, 3))
    assert units(conn) == {DAY: "GBX", "2024-01-03": "GBP", "2024-01-04": "GBP"}
    edit(conn, "A.L", unit="EUR", valid_from=date(2024, 1, 4))
    assert units(conn) == {DAY: "GBX", "2024-01-03": "GBP", "2024-01-04": "EUR"}
    bars(
        conn,
        ["A.L,2024-01-02,59", "A.L,2024-01-05,63"],
        header="symbol,date,open,high,low,close,volume",
        unit="",
    )
    assert units(conn)["2024-01-05"] == "EUR" and units(conn)[DAY] == "GBX"
    edit(conn, "A.L", unit="GBX")
    assert set(units(conn).values()) == {"GBX"}


def test_bars_held_for_their_unit_alone_are_let_go(conn: psycopg.Connection) -> None:
    listed(conn, "VUSA.L", unit="GBX")
    bars(conn, [f"VUSA.L,{DAY},60", "VUSA.L,2024-01-03,-1"], unit="GBP")
    assert held(conn) == [("VUSA.L", DAY, "unit_mismatch"), ("VUSA.L", "2024-01-03", "not_positive")]
    report = edit(conn, "VUSA.L", unit="GBP")
    assert closes(conn, "VUSA.L") == {DAY: "60"} and counts(report) == {"inserted": 1}
    assert held(conn) == [("VUSA.L", "2024-01-03", "not_positive")]


def dividends(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(
        "SELECT a.ex_date || ' ' || trim_scale(a.amount) || ' ' || u.unit FROM mart.corporate_action AS a"
        " JOIN mart.price_unit AS u USING (unit_id)"
        " WHERE a.kind = 'dividend' AND a.known_to = 'infinity' ORDER BY a.ex_date"
    ).fetchall()
    return [row[0] for row in rows]


def said(conn: psycopg.Connection, *rows: str, header: str = "symbol,ex_date,kind,value,unit") -> Report:
    return load(conn, file("actions", "\n".join([header, *rows]) + "\n"))


def test_dividends_said_without_a_unit_are_in_the_one_of_their_day(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2004-12-30,4000000", "A,2004-12-31,4100000"], unit="TRL")
    edit(conn, "A", unit="TRY", valid_from=date(2005, 1, 1))
    report = said(
        conn, "A,2004-12-31,dividend,100000,", "A,2005-01-03,dividend,0.2,", "A,2005-01-04,dividend,1,USD"
    )
    assert counts(report) == {"inserted": 3}
    assert dividends(conn) == ["2004-12-31 100000 TRL", "2005-01-03 0.2 TRY", "2005-01-04 1 USD"]


def test_an_edit_mends_dividends_that_were_said_without_a_unit(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},100", "A,2024-01-03,96"], unit="GBX")
    said(
        conn,
        f"A,{DAY},dividend,3,",
        "A,2024-01-03,dividend,4,",
        "A,2024-01-04,dividend,5,GBX",
        "A,2024-01-03,split,2,",
    )
    before = clock(conn)
    assert counts(edit(conn, "A", unit="GBP", valid_from=date(2024, 1, 3))) == {"revised": 2}
    assert dividends(conn) == [f"{DAY} 3 GBX", "2024-01-03 4 GBP", "2024-01-04 5 GBX"]
    edit(conn, "A", unit="GBP")
    assert dividends(conn) == [f"{DAY} 3 GBP", "2024-01-03 4 GBP", "2024-01-04 5 GBX"]
    known = conn.execute(
        "SELECT a.amount, u.unit FROM mart.instrument AS i, mart.actions(i.instrument_id, %s) AS a"
        " JOIN mart.price_unit AS u USING (unit_id) WHERE a.kind = 'dividend' ORDER BY a.ex_date",
        [before],
    ).fetchall()
    assert [tuple(map(str, row)) for row in known] == [("3", "GBX"), ("4", "GBX"), ("5", "GBX")]


def test_a_unit_that_flipped_is_mended_by_an_edit_from_that_day_on(conn: psycopg.Connection) -> None:
    """yfinance #280: EasyJet, 609 one day and 5.85 the next."""
    bars(conn, ["EZJ.L,2024-01-02,609", "EZJ.L,2024-01-03,5.85", "EZJ.L,2024-01-04,5.80"], unit="GBX")
    assert [row[1] for row in held(conn)] == ["2024-01-03", "2024-01-04"]
    edit(conn, "EZJ.L", unit="GBP", valid_from=date(2024, 1, 3))
    assert not held(conn)
    assert closes(conn, "EZJ.L") == {"2024-01-02": "609", "2024-01-03": "5.85", "2024-01-04": "5.80"}
    assert units(conn) == {"2024-01-02": "GBX", "2024-01-03": "GBP", "2024-01-04": "GBP"}


def test_another_order_of_providers_speaks_on_what_is_stored(conn: psycopg.Connection) -> None:
    listed(conn, "A", providers=["alpha_vantage", "files"])
    bars(conn, [f"A,{DAY},10", "A,2024-01-03,20"])
    vendor(conn, "A", {DAY: "11"})
    then = clock(conn)
    correct(conn, "A", "2024-01-03", close="19", low="19")
    assert closes(conn, "A") == {DAY: "11", "2024-01-03": "19"}
    edit(conn, "A", providers=["files", "alpha_vantage"])
    assert closes(conn, "A") == {DAY: "10", "2024-01-03": "19"} and closes(conn, "A", then)[DAY] == "11"
    edit(conn, "A", providers=["alpha_vantage", "files"])
    assert closes(conn, "A") == {DAY: "11", "2024-01-03": "19"}


def test_a_name_and_an_exchange_are_mended(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"])
    edit(conn, "A", mic="XNYS", name="Agilent")
    assert conn.execute("SELECT mic, name FROM mart.instrument").fetchone() == ("XNYS", "Agilent")
    for wrong in ({}, {"mic": "NOPE"}, {"unit": "gbp"}, {"valid_from": clock(conn).date()}):
        with pytest.raises(Usage):
            edit(conn, "A", **wrong)


def test_a_rescaled_group_stays_through_a_check_and_through_the_file_again(conn: psycopg.Connection) -> None:
    rows = ["EZJ.L,2024-01-02,609", "EZJ.L,2024-01-03,5.85", "EZJ.L,2024-01-04,5.80"]
    bars(conn, rows, unit="GBX")
    (first,) = conn.execute("SELECT min(quarantine_id) FROM landing.quarantine").fetchone() or (0,)
    decide(conn, first, "rescaled", factor=Decimal(100), all_like=True)
    whole = {"2024-01-02": "609", "2024-01-03": "585.00", "2024-01-04": "580.00"}
    assert closes(conn, "EZJ.L") == whole
    check(conn)
    bars(conn, rows, unit="GBX")
    assert closes(conn, "EZJ.L") == whole and not held(conn)


def units(conn: psycopg.Connection, known: Any = None) -> dict[str, str]:
    """The unit of each day's bar, as known."""
    return {
        str(day): unit
        for day, unit in conn.execute(
            "SELECT b.session, u.unit FROM mart.instrument AS i, LATERAL mart.bars(i.instrument_id, '-infinity',"
            " 'infinity', %s) AS b JOIN mart.price_unit AS u USING (unit_id) ORDER BY 1", (known,),
        )
    }  # fmt: skip


def test_a_day_in_the_future_cannot_be_corrected_and_no_announced_split_applies_by_it(
    conn: psycopg.Connection,
) -> None:
    bars(conn, [f"A,{DAY},10"])
    with pytest.raises(Usage, match="9998-01-04 is in the future"):
        correct(conn, "A", "9998-01-04", close="11")
    assert closes(conn, "A") == {DAY: "10"}


def test_a_negative_volume_is_no_correction(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},9,12,8,10,700"])
    with pytest.raises(Usage, match=f"A on {DAY}: volume -5 is below zero"):
        correct(conn, "A", DAY, volume="-5")
    correct(conn, "A", DAY, volume="0")
    assert conn.execute("SELECT volume FROM warehouse.fact_price").fetchone() == (0,)
