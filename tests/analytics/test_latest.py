"""The latest cross-section gives what the bars give, and is always what a rebuild would make of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support import writing
from tests.trust import acting
from ticker_converter import db
from ticker_converter.errors import TickerConverterError
from ticker_converter.queries.performers import performers
from ticker_converter.queries.result import Policy

SYMBOLS = {"AAA": ("USD", "XNAS"), "BBB.L": ("GBX", "XLON"), "CCC.L": ("GBP", "XLON"), "DDD": ("SEK", None)}
DAYS = [date(2023, 11, 1) + timedelta(n) for n in range(100)]
DAYS = [day for day in DAYS if day.weekday() < 5]


def derived(conn: psycopg.Connection) -> list[Any]:
    return conn.execute("SELECT m::text FROM mart.move AS m ORDER BY m.back, m.instrument_id").fetchall()


def check(conn: psycopg.Connection) -> None:
    """No row is stale, each is as a rebuild makes it, and rankings are those of the bars."""
    assert conn.execute("SELECT count(*) FROM mart.move_stale").fetchone() == (0,)
    kept = derived(conn)
    conn.execute("SELECT warehouse.rebuild_marts()")
    assert kept == derived(conn)
    agree(conn)


def agree(conn: psycopg.Connection) -> None:
    """The rankings of the cross-section are those of the bars, which a time of knowing is answered from."""
    now = datetime.now(UTC) + timedelta(days=1)
    for window, adjust, kind, currency, on, limit in (
        ("1d", "splits", "gainers", "GBP", None, 10),
        ("5d", "all", "losers", "USD", None, 2),
        ("30d", "all", "gainers", "EUR", None, 1),
        ("ytd", "splits", "losers", "GBX", None, 10),
        ("ytd", "all", "gainers", "USD", date(2024, 1, 5), 3),
        ("1d", "all", "gainers", "SEK", date(2024, 2, 20), 10),
    ):
        words = {
            "window": window,
            "adjust": adjust,
            "kind": kind,
            "currency": currency,
            "on": on,
            "limit": limit,
        }
        policy = Policy(sources=("files",), max_age_days=30)
        try:
            exact = performers(conn, known_at=now, policy=policy, **words)  # type: ignore[arg-type]
        except TickerConverterError as error:
            exact = str(error)  # type: ignore[assignment]
        try:
            quick = performers(conn, policy=policy, **words)  # type: ignore[arg-type]
        except TickerConverterError as error:
            quick = str(error)  # type: ignore[assignment]
        assert quick == exact, words


acts = st.sampled_from(
    [
        "bars",
        "bars",
        "bars",
        "backdated",
        "splits",
        "dividends",
        "rates",
        "correct",
        "release",
        "undo",
        "edit",
        "remove",
    ]
)


def act(conn: psycopg.Connection, data: st.DataObject) -> None:
    symbol = data.draw(st.sampled_from(sorted(SYMBOLS)))
    unit, mic = SYMBOLS[symbol]
    days = data.draw(st.sampled_from([DAYS, DAYS[:30], DAYS[-8:], DAYS[20:22]]))
    day = data.draw(st.sampled_from(days))
    match data.draw(acts):
        case "bars" | "backdated" as kind:
            closes = data.draw(st.lists(st.integers(90, 110), min_size=len(days), max_size=len(days)))
            known = datetime(2024, 6, 1, tzinfo=UTC) if kind == "backdated" else None
            rows = [f"{symbol},{on},{close}" for on, close in zip(days, closes, strict=True)]
            writing.bars(conn, rows, unit=unit, mic=mic, known_at=known)
        case "splits":
            writing.actions(conn, [f"{symbol},{day},split,{data.draw(st.sampled_from(['2', '1/3']))}"])
        case "dividends":
            writing.actions(conn, [f"{symbol},{day},dividend,0.5"])
        case "rates":
            rate = data.draw(st.integers(100, 200))
            writing.rates(
                conn, [f"USD,{code},{on},{Decimal(rate) / 100}" for code in ("GBP", "EUR") for on in days]
            )
        case "correct":
            acting.correct(conn, symbol, str(day), close="101", high="120", low="80", open="100")
        case "release":
            acting.release(conn, symbol, str(day))
        case "undo":
            runs = conn.execute("SELECT run_id FROM landing.run WHERE state = 'done' ORDER BY 1").fetchall()
            acting.undo(conn, data.draw(st.sampled_from(runs))[0])
        case "edit":
            acting.edit(
                conn, symbol, **data.draw(st.sampled_from([{"unit": "EUR"}, {"mic": "XETR"}, {"unit": unit}]))
            )
        case "remove":
            conn.execute(
                "UPDATE warehouse.dim_instrument SET watched = NOT watched WHERE symbol = %s", [symbol]
            )
            agree(conn)
            conn.execute("UPDATE warehouse.state SET version = version + 1")


@given(st.data())
@settings(
    max_examples=max(3, settings.default.max_examples // 5), phases=[Phase.generate]
)  # shrinking takes minutes
def test_whatever_happens_the_cross_section_is_as_rebuilt(
    module_conn: psycopg.Connection, data: st.DataObject
) -> None:
    acting.emptied(module_conn)
    writing.bars(module_conn, [f"AAA,{day},{100 + n}" for n, day in enumerate(DAYS)], unit="USD", mic="XNAS")
    writing.rates(module_conn, [f"USD,GBP,{day},0.8" for day in DAYS])
    check(module_conn)
    for _ in range(data.draw(st.integers(1, 5))):
        with suppress(TickerConverterError):  # an act that is refused changes nothing
            act(module_conn, data)
        check(module_conn)


def test_what_was_not_derived_is_worked_out(conn: psycopg.Connection) -> None:
    db.exact(conn)
    writing.bars(conn, [f"AAA,{day},{100 + n}" for n, day in enumerate(DAYS)], unit="USD", mic="XNAS")
    ranked = performers(conn, currency="USD", window="5d")
    assert len(ranked.rows) == 1
    conn.execute("INSERT INTO mart.move_stale SELECT instrument_id FROM warehouse.dim_instrument")
    conn.execute("DELETE FROM mart.move")
    assert performers(conn, currency="USD", window="5d") == ranked
