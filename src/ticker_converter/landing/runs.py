"""The record of each run: who asked for what, when, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg.types.json import Jsonb

from ticker_converter import sql

#: Held with a run's id while the run lives; the number is arbitrary and must never change.
RUN_LOCK = 72_645


def start(conn: psycopg.Connection, command: str, arguments: Mapping[str, object]) -> int:
    """Open a run and return its id; committed at once, so that a killed run is seen."""
    row = conn.execute(
        sql.load("landing/run_start"),
        {"command": command, "arguments": Jsonb(dict(arguments)), "lock": RUN_LOCK},
    ).fetchone()
    assert row is not None
    return int(row[0])


def finish(
    conn: psycopg.Connection,
    run_id: int,
    state: str,
    report: Mapping[str, object] | None,
    message: str | None = None,
) -> None:
    """Close a run as `done`, `partly` or `failed`, with the report that was printed."""
    conn.execute(
        sql.load("landing/run_finish"),
        {
            "run_id": run_id,
            "state": state,
            "report": Jsonb(dict(report or {})),
            "message": message,
            "lock": RUN_LOCK,
        },  # fmt: skip
    )


def acted(conn: psycopg.Connection, load_id: int, act: str, **words: object) -> None:
    """Record what a person did in a load, so that a rebuild can repeat it."""
    conn.execute(sql.load("landing/load_act"), {"load_id": load_id, "act": Jsonb({"act": act, **words})})
