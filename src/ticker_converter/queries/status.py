"""The state of the warehouse at a glance: freshness, coverage, runs, and what waits for a person."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NotThere
from ticker_converter.queries.clock import published_at, version
from ticker_converter.queries.instruments import instruments

RUNS = 10
"How many of the last runs are shown."


def status(conn: Connection) -> dict[str, Any]:
    """published_at, version, findings, and lists: instruments (watched, with sessions_behind), rates (per source), runs
    (the last ten), quarantine (rows held, by reason), backdated (imports with a knowledge time of their own)."""
    fields = ("symbol", "providers", "last_session", "bars", "sessions_behind")
    with conn.cursor(row_factory=dict_row) as cursor:
        findings = cursor.execute(sql.load("queries/status_findings")).fetchone()
        return {
            "published_at": published_at(conn),
            "version": version(conn),
            "findings": findings["findings"] if findings else 0,
            "instruments": [
                {name: row[name] for name in fields} for row in instruments(conn, watched_only=True)
            ],
            "rates": cursor.execute(sql.load("queries/status_rates")).fetchall(),
            "runs": runs(conn, RUNS),
            "quarantine": cursor.execute(sql.load("queries/status_quarantine")).fetchall(),
            "backdated": cursor.execute(sql.load("queries/status_backdated")).fetchall(),
        }


def run(conn: Connection, run_id: int) -> dict[str, Any]:
    """One run with its arguments and report; NotThere if there is none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql.load("queries/run"), {"run_id": run_id}).fetchone()
    if row is None:
        raise NotThere(f"there is no run {run_id}")
    return row


def runs(conn: Connection, number: int) -> list[dict[str, Any]]:
    """The last runs, the newest first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("queries/status_runs"), {"number": number}).fetchall()
