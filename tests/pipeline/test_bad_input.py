"""Input that is broken: one line that says where and why, or rows in quarantine; never half of it loaded."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.support.writing import BARS, RATES, counts, file, held, load, snapshot
from ticker_converter.errors import TickerConverterError, Unreadable
from ticker_converter.records import Payload

HEADER = (BARS + "\n").encode()
GOOD = b"A,2024-01-03,10,11,9,10,5\n"
HTML = b"<!DOCTYPE html><html><head><title>503</title></head><body>busy</body></html>"


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", content)
    return stream.getvalue()


ZIP = zipped(b"Date,USD,\n" + b"".join(b"2024-01-%02d,1.1%d,\n" % (day, day) for day in range(2, 6)) * 300)

PRICES = {
    "empty": b"",
    "white space": b" \n\n",
    "header only": HEADER,
    "a web page": HTML,
    "wrong header": b"foo,bar\n1,2\n",
    "no symbol": b"date,open,high,low,close\n2024-01-03,1,1,1,1\n",
    "json": b'{"Time Series (Daily)": {}}',
    "zeros": bytes(100_000),
    "NUL after good rows": HEADER + GOOD * 10 + b"A,2024-01-04,1\x000,11,9,10,5\n",
    "NUL far behind": HEADER + GOOD * 20_000 + b"A,2024-01-04,1\x000,11,9,10,5\n",
    "invalid UTF-8": HEADER + GOOD + b"\xff\xfe,2024-01-04,10,11,9,10,5\n",
    "invalid UTF-8 far behind": HEADER + GOOD * 400_000 + b"\xc3\x28,2024-01-04,10,11,9,10,5\n",
    "UTF-16": (BARS + "\nA,2024-01-03,10,11,9,10,5\n").encode("utf-16"),
    "one line of 10 MB": b"A" * 10_000_000,
    "an open quote": HEADER + GOOD + b'A,"2024-01-04,10,11,9,10,5\n' + GOOD * 3,
    "a cut zip": ZIP[:200],
    "a cut parquet": b"PAR1" + bytes(1000),
}
HELD = {
    "too many cells": (b"A,2024-01-04,10,11,9,10,5,6,7\n", "not_a_number"),
    "a symbol with spaces": (b"A B C,2024-01-04,10,11,9,10,5\n", "missing_field"),
    "a symbol of 200 letters": (b"A" * 200 + b",2024-01-04,10,11,9,10,5\n", "missing_field"),
    "a symbol that is SQL": (b"A'; DROP TABLE x;--,2024-01-04,10,11,9,10,5\n", "missing_field"),
    "a symbol in lower case": (b"a,2024-01-04,10,11,9,10,5\n", "missing_field"),
    "no symbol": (b",2024-01-04,10,11,9,10,5\n", "missing_field"),
    "NaN": (b"A,2024-01-04,NaN,11,9,10,5\n", "not_a_number"),
    "a negative price": (b"A,2024-01-04,-10,11,9,10,5\n", "not_positive"),
    "a date to come": (b"A,2099-01-05,10,11,9,10,5\n", "future_date"),
    "a huge exponent": (b"A,2024-01-04,1e999,11,9,10,5\n", "not_a_number"),
    "a number of 1,000 digits": (b"A,2024-01-04," + b"9" * 1000 + b",11,9,10,5\n", "not_a_number"),
    "a cell of 10 MB": (b"A,2024-01-04," + b"9" * 10_000_000 + b",11,9,10,5\n", "not_a_number"),
    "a comma in a number": (b'A,2024-01-04,"1,000",11,9,10,5\n', "not_a_number"),
    "a date of the year 0": (b"A,0000-01-05,10,11,9,10,5\n", "not_a_number"),
    "a currency nobody knows": (b"A,2024-01-04,10,11,9,10,5,QQQ\n", "unknown_currency"),
}


def one_line(error: TickerConverterError) -> None:
    assert str(error) and "\n" not in str(error) and len(str(error)) < 500
    assert error.exit_code in (1, 2, 4)


@pytest.mark.parametrize("what", PRICES)
def test_a_broken_file_is_one_line_and_loads_nothing(conn: psycopg.Connection, what: str) -> None:
    before = snapshot(conn)
    with pytest.raises(TickerConverterError) as raised:
        load(conn, file("prices", PRICES[what], unit="USD"))
    one_line(raised.value)
    assert snapshot(conn) == before
    assert conn.execute("SELECT state, message FROM landing.delivery").fetchall() == [
        ("unreadable", str(raised.value))
    ]
    assert conn.execute("SELECT count(*) FROM landing.load").fetchone() == (0,)
    assert conn.execute("SELECT state FROM landing.run").fetchall() == [("failed",)]


@pytest.mark.parametrize("what", HELD)
def test_a_broken_row_is_held_and_the_rest_is_loaded(conn: psycopg.Connection, what: str) -> None:
    row, reason = HELD[what]
    header = HEADER if row.count(b",") != 7 or b'"' in row else (BARS + ",unit\n").encode()
    good = GOOD if header == HEADER else GOOD.replace(b"\n", b",USD\n")
    assert counts(load(conn, file("prices", header + good + row, unit="USD"))) == {
        "inserted": 1,
        "quarantined": 1,
    }
    assert [entry[2] for entry in held(conn)] == [reason]


@pytest.mark.parametrize(
    "body",
    [ZIP[:-100], ZIP[:200], b"PK\x05\x06" + bytes(18), zipped(b""), zipped(HTML), HTML, b"", bytes(1000),
     b"<?xml version='1.0'?><gesmes:Envelope>", b"Date,USD,\n", b"Date,QQ,\n2024-01-02,1,\n"],
)  # fmt: skip
def test_broken_rates_of_the_ecb_are_one_line_and_load_nothing(conn: psycopg.Connection, body: bytes) -> None:
    before = snapshot(conn)
    for payload in (
        Payload(
            "ecb", "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip", datetime.now(UTC), body
        ),
        file("rates", body, name="eurofxref-hist.zip"),
    ):
        with pytest.raises(TickerConverterError) as raised:
            load(conn, payload)
        one_line(raised.value)
    assert snapshot(conn) == before


@pytest.mark.parametrize(
    "body", [f"{RATES}\n", "base,quote\nEUR,USD\n", "base,quote,date,rate\nEUR,USD\n" * 0]
)
def test_broken_rates_of_a_person_load_nothing(conn: psycopg.Connection, body: str) -> None:
    with pytest.raises(TickerConverterError) as raised:
        load(conn, file("rates", body))
    one_line(raised.value)


def test_a_rate_of_a_source_that_is_no_name_loads_nothing(conn: psycopg.Connection) -> None:
    before = snapshot(conn)
    try:
        load(conn, file("rates", f"{RATES},source\nEUR,USD,2024-01-03,1.1,\x01{'x' * 5000}\n"))
    except TickerConverterError as error:
        one_line(error)
        assert snapshot(conn) == before


@pytest.mark.slow
def test_a_gigabyte_of_zeros_costs_seconds_and_loads_nothing(
    conn: psycopg.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "zeros.csv"
    with path.open("wb") as sparse:
        sparse.truncate(2**30)
    with pytest.raises(Unreadable) as raised:
        load(conn, file("prices", path, unit="USD"))
    one_line(raised.value)
    row = conn.execute(
        "SELECT bytes, pg_total_relation_size('landing.payload_chunk') < 2e7 FROM landing.payload"
    ).fetchone()
    assert row == (2**30, True)


def test_a_file_that_is_not_there_is_one_line(conn: psycopg.Connection, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TickerConverterError) as raised:
            load(conn, file("prices", path, unit="USD"))
        one_line(raised.value)
    assert conn.execute("SELECT count(*) FROM landing.delivery").fetchone() == (0,)


def test_what_comes_before_a_broken_file_stays(conn: psycopg.Connection) -> None:
    with pytest.raises(Unreadable):
        load(conn, file("prices", HEADER + GOOD, unit="USD"), file("prices", HTML, unit="USD"))
    assert conn.execute("SELECT count(*) FROM warehouse.fact_price").fetchone() == (1,)
    assert conn.execute("SELECT state FROM landing.delivery ORDER BY delivery_id").fetchall() == [
        ("loaded",), ("unreadable",)
    ]  # fmt: skip


def test_a_row_of_an_unknown_exchange_is_held_and_names_it(conn: psycopg.Connection) -> None:
    text = f"{BARS},mic,unit\nA,2024-01-03,10,11,9,10,5,XNAS,USD\nB,2024-01-03,10,11,9,10,5,XXXX,USD\n"
    report = load(conn, file("prices", text))
    assert counts(report) == {"inserted": 1, "quarantined": 1}
    evidence = conn.execute("SELECT evidence FROM landing.quarantine").fetchone()
    assert evidence is not None
    assert evidence[0]["missing_field"] == {"symbol": "B", "mic": "XXXX", "missing": ["mic"]}
    assert evidence[0]["row"] == 3
    assert any("unknown exchange 'XXXX'" in message for message in report.messages)


def test_rates_and_actions_with_one_torn_row_load_the_others_and_hold_it_once(
    conn: psycopg.Connection,
) -> None:
    load(conn, file("prices", HEADER + GOOD, unit="USD"))
    rates = f"{RATES}\nUSD,TWD,2024-01-05,31.05\n  \nUSD,TWD,2024-01-08,31,05\n"
    actions = (
        "symbol,ex_date,kind,value\nA,2024-01-03,dividend,0.1\nA,2024-01-04,merger,4\nA,2024-01-04,merger,5\n"
        "A,2024-01-05,split,1,4\n"
    )
    assert counts(load(conn, file("rates", rates))) == {"inserted": 1, "quarantined": 1}
    assert counts(load(conn, file("actions", actions))) == {"inserted": 1, "quarantined": 3}
    assert counts(load(conn, file("actions", actions + "\n"))) == {"unchanged": 1, "quarantined": 3}
    rows = conn.execute("SELECT reason, evidence -> 'row' FROM landing.quarantine ORDER BY 1, 2").fetchall()
    assert rows == [("missing_field", 3), ("missing_field", 4), ("not_a_number", 4), ("not_a_number", 5)]


@pytest.mark.parametrize("split", ["2.0", "-2.0"])
def test_a_split_and_a_dividend_of_one_row_are_two_actions(conn: psycopg.Connection, split: str) -> None:
    body = (
        b'[{"date": "2024-01-03T00:00:00.000Z", "open": 10, "high": 11, "low": 9, "close": 10, "volume": 5, '
        b'"divCash": 0.25, "splitFactor": %s}]' % split.encode()
    )
    url = "https://api.tiingo.com/tiingo/daily/A/prices"
    given = Payload("tiingo", url, datetime.now(UTC), body, symbol="A", options={"unit": "USD"})
    bad = split.startswith("-")
    expected = {"inserted": 2, "quarantined": 1} if bad else {"inserted": 3}
    assert counts(load(conn, given)) == expected
    stored = conn.execute("SELECT kind FROM warehouse.fact_corporate_action ORDER BY kind").fetchall()
    assert stored == ([("dividend",)] if bad else [("dividend",), ("split",)])
