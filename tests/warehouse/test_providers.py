"""Several providers of one instrument: the preferred one stands, the other's last word is kept; whole lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
import pytest

from tests.support.writing import actions, bars, closes, counts, listed, load, snapshot
from ticker_converter.pipeline import Report
from ticker_converter.records import Payload

DAY = "2024-01-03"


def fetched(
    conn: psycopg.Connection, close: str, symbol: str = "IBM", day: str = DAY, volume: str = "1"
) -> Report:
    """A daily bar of Alpha Vantage, at one price all day."""
    body = f"timestamp,open,high,low,close,volume\n{day},{close},{close},{close},{close},{volume}\n"
    url = f"https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol={symbol}&datatype=csv"
    return load(conn, Payload("alpha_vantage", url, datetime.now(UTC), body.encode(), symbol=symbol))


def whole(conn: psycopg.Connection, function: str, data: list[dict[str, str]], symbol: str = "IBM") -> Report:
    """A whole list of Alpha Vantage."""
    url = f"https://www.alphavantage.co/query?function={function}&symbol={symbol}"
    body = json.dumps({"symbol": symbol, "data": data}).encode()
    return load(conn, Payload("alpha_vantage", url, datetime.now(UTC), body, symbol=symbol))


def split(day: str, factor: str) -> dict[str, str]:
    return {"effective_date": day, "split_factor": factor}


def dividend(day: str, amount: str) -> dict[str, str]:
    return {"ex_dividend_date": day, "declaration_date": "None", "record_date": "None", "payment_date": "None",
            "amount": amount}  # fmt: skip


def outranked(conn: psycopg.Connection) -> list[tuple[str, str]]:
    return conn.execute(
        "SELECT s.source, o.close::text FROM warehouse.fact_price_outranked AS o JOIN warehouse.dim_source AS s "
        "USING (source_id)"
    ).fetchall()


def test_the_preferred_provider_stands_whoever_comes_first(conn: psycopg.Connection) -> None:
    for symbol, order in (("IBM", 1), ("MSFT", -1)):
        listed(conn, symbol, providers=["alpha_vantage", "files"])
        both = [lambda s=symbol: fetched(conn, "10", s), lambda s=symbol: bars(conn, [f"{s},{DAY},11"])]
        for say in both[::order]:
            say()
        assert closes(conn, symbol) == {DAY: "10"}
    assert outranked(conn) == [("files", "11")] * 2


def test_an_outranked_bar_is_counted_and_kept(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage", "files"])
    fetched(conn, "10")
    assert counts(bars(conn, [f"IBM,{DAY},11"])) == {"outranked": 1}
    before = snapshot(conn)
    assert counts(bars(conn, [f"IBM,{DAY},11"])) == {"outranked": 1}
    assert snapshot(conn) == before
    assert counts(bars(conn, [f"IBM,{DAY},12"])) == {"outranked": 1}
    assert outranked(conn) == [("files", "12")]


def test_a_better_provider_adopts_what_says_the_same(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage", "files"])
    bars(conn, [f"IBM,{DAY},10"])
    assert counts(fetched(conn, "10")) == {"unchanged": 1}
    row = conn.execute(
        "SELECT source FROM warehouse.fact_price JOIN warehouse.dim_source USING (source_id)"
    ).fetchone()
    assert row == ("alpha_vantage",)
    assert counts(bars(conn, [f"IBM,{DAY},11"])) == {"outranked": 1}
    before = snapshot(conn)
    assert counts(fetched(conn, "10")) == {"unchanged": 1}
    assert snapshot(conn) == before


def test_a_better_provider_that_says_otherwise_revises(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage", "files"])
    bars(conn, [f"IBM,{DAY},10"])
    known = datetime.now(UTC)
    assert counts(fetched(conn, "11")) == {"revised": 1}
    assert closes(conn, "IBM") == {DAY: "11"} and closes(conn, "IBM", known) == {DAY: "10"}
    assert outranked(conn) == [("files", "10")]


def test_raw_bars_stand_before_adjusted_ones(conn: psycopg.Connection) -> None:
    assert counts(bars(conn, [f"A,{DAY},10"], basis="splits")) == {"inserted": 1}
    assert counts(bars(conn, [f"A,{DAY},40"])) == {"inserted": 1}
    assert counts(bars(conn, [f"A,{DAY},10"], basis="splits")) == {"outranked": 1}
    assert closes(conn, "A") == {DAY: "40"}


def test_a_whole_list_withdraws_what_it_no_longer_holds(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage"])
    assert counts(whole(conn, "SPLITS", [split("1999-05-27", "2.0000"), split("1997-05-28", "2.0000")])) == {
        "inserted": 2
    }
    assert counts(whole(conn, "DIVIDENDS", [dividend("2024-02-08", "1.66")])) == {"inserted": 1}
    before = snapshot(conn)
    assert counts(whole(conn, "SPLITS", [split("1999-05-27", "2.0000"), split("1997-05-28", "2.0000")])) == {
        "unchanged": 2
    }
    assert snapshot(conn) == before
    report = whole(conn, "SPLITS", [split("1999-05-27", "2.0000")])
    assert counts(report) == {"unchanged": 1, "revised": 1} and report.counts.read == 2
    assert stored(conn) == ["dividend 2024-02-08", "split 1999-05-27"]


@pytest.mark.parametrize("function", ["SPLITS", "DIVIDENDS"])
def test_an_empty_whole_list_withdraws_all(conn: psycopg.Connection, function: str) -> None:
    listed(conn, "IBM", providers=["alpha_vantage"])
    listed(conn, "MSFT", providers=["alpha_vantage"])
    for symbol in ("IBM", "MSFT"):
        whole(conn, "SPLITS", [split("1999-05-27", "2.0000")], symbol)
        whole(conn, "DIVIDENDS", [dividend("2024-02-08", "1.66")], symbol)
    report = whole(conn, function, [])
    assert counts(report) == {"revised": 1} and report.counts.read == 1
    left = {"SPLITS": "dividend 2024-02-08", "DIVIDENDS": "split 1999-05-27"}[function]
    assert stored(conn, "IBM") == [left]
    assert len(stored(conn, "MSFT")) == 2
    before = snapshot(conn)
    assert counts(whole(conn, function, [])) == {}
    assert snapshot(conn) == before


def test_an_empty_whole_list_of_an_unknown_symbol_is_nothing(conn: psycopg.Connection) -> None:
    assert counts(whole(conn, "SPLITS", [], "NOBODY")) == {}


def test_a_whole_list_leaves_other_providers_lists_alone(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage", "files"])
    actions(conn, ["IBM,1997-05-28,split,2"])
    whole(conn, "SPLITS", [split("1999-05-27", "2.0000")])
    assert stored(conn) == ["split 1997-05-28", "split 1999-05-27"]


def test_a_withdrawn_action_that_comes_back_is_stored_again(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage"])
    for data in ([split("1999-05-27", "2.0000")], [], [split("1999-05-27", "2.0000")]):
        whole(conn, "SPLITS", data)
    assert stored(conn) == ["split 1999-05-27"]
    assert conn.execute("SELECT count(*) FROM warehouse.fact_corporate_action_revision").fetchone() == (1,)


def stored(conn: psycopg.Connection, symbol: str = "IBM") -> list[str]:
    return [
        row[0]
        for row in conn.execute(
            "SELECT a.kind || ' ' || ex_date FROM warehouse.fact_corporate_action AS a JOIN warehouse.dim_instrument "
            "USING (instrument_id) WHERE symbol = %s ORDER BY 1",
            (symbol,),
        )
    ]
