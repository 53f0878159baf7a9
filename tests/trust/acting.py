"""A person's acts as commands make them, and all that a warehouse answers now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from ticker_converter import acts
from ticker_converter.pipeline import Report, Run

ME = "me@here"


def correct(conn: psycopg.Connection, symbol: str, on: str, **fields: str) -> Report:
    with Run(conn, "correct", {}) as run:
        given = {name: Decimal(text) for name, text in fields.items()}
        acts.correct(run, symbol, date.fromisoformat(on), given, "broker's note", author=ME)
    return run.report


def release(conn: psycopg.Connection, symbol: str, on: str) -> Report:
    with Run(conn, "correct", {}) as run:
        acts.release(run, symbol, date.fromisoformat(on), "done", author=ME)
    return run.report


def undo(conn: psycopg.Connection, run_id: int) -> Report:
    with Run(conn, "import undo", {}) as run:
        acts.undo(run, run_id, "wrong file", author=ME)
    assert run.report.counts.balanced()
    return run.report


def edit(conn: psycopg.Connection, symbol: str, **changes: Any) -> Report:
    with Run(conn, "edit", {}) as run:
        acts.edit(run, symbol, "was wrong", author=ME, **changes)
    assert run.report.counts.balanced()
    return run.report


def check(
    conn: psycopg.Connection, sources: Sequence[str] = ("files", "ecb", "alpha_vantage")
) -> dict[str, int]:
    with Run(conn, "check", {}) as run:
        return acts.check(run, sources)


def decide(conn: psycopg.Connection, quarantine_id: int, verdict: str, **more: Any) -> list[int]:
    with Run(conn, "quarantine", {}) as run:
        return run.decide(quarantine_id, verdict, "looked at", author=ME, **more)


#: What a warehouse holds to be true, without who brought it and when.
NOW = {
    "bars": "SELECT i.symbol, f.session, s.source, u.unit, f.basis, f.open, f.high, f.low, f.close, f.volume"
    " FROM warehouse.fact_price AS f JOIN warehouse.dim_instrument AS i USING (instrument_id)"
    " JOIN warehouse.dim_source AS s USING (source_id) JOIN warehouse.dim_price_unit AS u USING (unit_id)",
    "last words": "SELECT i.symbol, f.session, s.source, u.unit, f.basis, f.close, f.volume"
    " FROM warehouse.fact_price_outranked AS f JOIN warehouse.dim_instrument AS i USING (instrument_id)"
    " JOIN warehouse.dim_source AS s USING (source_id) JOIN warehouse.dim_price_unit AS u USING (unit_id)",
    "rates": "SELECT s.source, f.base, f.quote, f.rate_date, f.rate FROM warehouse.fact_fx_rate AS f"
    " JOIN warehouse.dim_source AS s USING (source_id)",
    "actions": "SELECT i.symbol, s.source, f.kind, f.ex_date, f.type, f.pay_date::text, f.new, f.old, f.amount,"
    " f.unit_id"
    " FROM warehouse.fact_corporate_action AS f JOIN warehouse.dim_instrument AS i USING (instrument_id)"
    " JOIN warehouse.dim_source AS s USING (source_id)",
    "held": "SELECT q.symbol, q.day, s.source, q.reason, q.content FROM landing.quarantine AS q"
    " JOIN warehouse.dim_source AS s USING (source_id) WHERE q.state = 'held'",
    "coverage": "SELECT i.symbol, c.first_session, c.last_session, c.bars FROM warehouse.coverage AS c"
    " JOIN warehouse.dim_instrument AS i USING (instrument_id)",
}


def now(conn: psycopg.Connection) -> dict[str, list[str]]:
    """All that is held to be true at this moment."""
    return {name: sorted(map(str, conn.execute(query).fetchall())) for name, query in NOW.items()}


def emptied(conn: psycopg.Connection) -> None:
    """Forget everything but the reference data. The derived rates are truncated with the facts: deleted by the trigger
    they leave a dead row for every day, which no autovacuum sweeps here."""
    conn.execute(
        "TRUNCATE landing.run, landing.payload, landing.delivery, landing.load, landing.quarantine, landing.finding,"
        " landing.payload_chunk, landing.quota_use, landing.list_change, mart.fx_filled, mart.fx_pair,"
        " warehouse.fact_price, warehouse.fact_price_revision,"
        " warehouse.fact_price_outranked, warehouse.fact_fx_rate, warehouse.fact_fx_rate_revision,"
        " warehouse.fact_corporate_action, warehouse.fact_corporate_action_revision, warehouse.coverage,"
        " warehouse.instrument_unit, warehouse.instrument_symbol, warehouse.dim_instrument RESTART IDENTITY CASCADE"
    )
    conn.execute("UPDATE warehouse.state SET published_at = '-infinity', version = 0")
