"""Landed payloads read again: nothing changes with the same parser, and no old payload unsays a newer one."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.support.writing import actions, at, bars, closes, held, listed, rates, snapshot
from tests.warehouse.test_providers import fetched, split, stored, whole
from ticker_converter.pipeline import Report, Run
from ticker_converter.providers.files import Files

DAY = "2024-01-03"


def replay(conn: psycopg.Connection, provider: str | None = None) -> Report:
    with Run(conn, "replay", {}) as run:
        report = run.replay(provider, None)
    assert report.counts.balanced()
    return report


def test_a_history_of_everything_stays_as_it_is(conn: psycopg.Connection) -> None:
    listed(conn, "IBM", providers=["alpha_vantage", "files"])
    for close in ("10", "11", "10", "12"):
        bars(conn, [f"A,{DAY},{close}", "A,2024-01-04,13", "A,2024-01-05,-1", "A,2024-01-06,1300"])
        rates(conn, [f"EUR,USD,{DAY},1.{close}"])
        bars(conn, [f"IBM,{DAY},2{close}"])
        fetched(conn, close)
        actions(conn, [f"A,{DAY},dividend,{close}"])
    bars(conn, [f"A,{DAY},7"], known_at=at("2024-02-01"))
    bars(conn, [f"A,{DAY},8"], known_at=at("2024-02-01") + timedelta(1))
    for data in (
        [split("1999-05-27", "2.0000"), split("1997-05-28", "2.0000")],
        [split("1999-05-27", "2.0000")],
        [],
    ):
        whole(conn, "SPLITS", data)
    before = snapshot(conn)
    report = replay(conn)
    assert snapshot(conn) == before
    assert (report.counts.inserted, report.counts.revised) == (0, 0)
    assert stored(conn) == []
    assert report.failed == []


def test_a_bad_row_sent_again_after_a_good_one_waits_again(conn: psycopg.Connection) -> None:
    bad, good = [f"A,{DAY},10,9,10,10,1"], [f"A,{DAY},10"]
    for lines, waits in ((bad, 1), (good, 0), (bad, 1), (bad, 1), (good, 0), (bad, 1)):
        bars(conn, lines)
        assert len(held(conn)) == waits
        assert len(held(conn, None)) == 1
    for rate, waits in (("-1", 1), ("1.1", 0), ("-1", 1)):
        rates(conn, [f"EUR,USD,{DAY},{rate}"])
        assert len(held(conn)) == 1 + waits
    before = snapshot(conn)
    replay(conn)
    assert snapshot(conn) == before


def test_a_bad_row_after_a_good_one_waits_through_a_replay(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"])
    bars(conn, [f"A,{DAY},10,9,10,10,1"])
    bars(conn, [f"B,{DAY},10,9,10,10,1"])
    bars(conn, [f"B,{DAY},10"])
    before = held(conn)
    assert before == [("A", DAY, "high_below_low")]
    replay(conn)
    assert held(conn) == before


def test_what_a_person_answered_stands(conn: psycopg.Connection) -> None:
    from decimal import Decimal

    for symbol in "ABC":
        bars(conn, [f"{symbol},2024-01-03,10", f"{symbol},2024-01-04,1000", f"{symbol},2024-01-08,11"])
    ids = [
        row[0] for row in conn.execute("SELECT quarantine_id FROM landing.quarantine ORDER BY 1").fetchall()
    ]
    with Run(conn, "quarantine", {}) as run:
        run.decide(ids[0], "accepted", "so it was", author="me")
        run.decide(ids[1], "rescaled", "pence", author="me", factor=Decimal("0.01"))
        run.decide(ids[2], "rejected", "no such price", author="me")
    before = snapshot(conn)
    replay(conn)
    assert snapshot(conn) == before
    assert [len(closes(conn, symbol)) for symbol in "ABC"] == [3, 3, 2]


def test_what_todays_parser_reads_otherwise_is_a_revision_known_from_now(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parser of tomorrow here: closes are a cent more."""
    known = at("2024-02-01")
    bars(conn, [f"A,{DAY},10,12,8,10,1", "A,2024-01-04,10,12,8,10,1"], known_at=known)
    bars(conn, ["A,2024-01-04,10,12,8,11,1"])
    old = Files.parse.__func__  # type: ignore[attr-defined]

    def parse(cls: type[Files], payload: object) -> object:
        import polars as pl

        parsed = old(cls, payload)
        object.__setattr__(parsed, "bars", [f.with_columns(pl.col("close") + ".01") for f in parsed.bars])
        return parsed

    monkeypatch.setattr(Files, "parse", classmethod(parse))
    replay(conn)
    assert closes(conn, "A") == {DAY: "10.01", "2024-01-04": "11.01"}
    assert closes(conn, "A", known) == {DAY: "10", "2024-01-04": "10"}
    assert conn.execute("SELECT count(*) FROM warehouse.fact_price_revision").fetchone() == (3,)
    assert held(conn) == []


def test_a_refusal_is_not_read_again(conn: psycopg.Connection) -> None:
    from datetime import UTC, datetime

    from ticker_converter.errors import Refused
    from ticker_converter.records import Payload

    body = b'{"Error Message": "Invalid API call. Please retry or visit the documentation"}'
    with Run(conn, "sync", {}) as run, pytest.raises(Refused):
        run.load_all(
            [Payload("alpha_vantage", "q?function=TIME_SERIES_DAILY&symbol=X", datetime.now(UTC), body)]
        )
    assert replay(conn).failed == []
