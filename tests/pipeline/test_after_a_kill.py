"""What a killed run leaves behind is told, and does not slow the next one down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from ticker_converter.pipeline import Run
from ticker_converter.records import Payload

TABLE = b"symbol,date,open,high,low,close,volume\n" + b"".join(
    b"S%03d,2024-01-02,10,11,9,10,100\n" % number for number in range(200)
)


def _load(conn: psycopg.Connection) -> None:
    options = {"kind": "prices", "unit": "USD", "mic": "XNYS"}
    with Run(conn, "import prices", {}) as run:
        run.load_all([Payload("files", "bars.csv", datetime.now(UTC), body=TABLE, options=options)])


def test_a_run_whose_process_died_is_failed_when_the_next_begins(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as killed:
        dead = Run(killed, "import prices", {}).report.run_id
    with (
        psycopg.connect(database, autocommit=True) as living,
        psycopg.connect(database, autocommit=True) as next_one,
    ):
        alive = Run(living, "sync", {}).report.run_id
        Run(next_one, "import prices", {})
        states = dict(next_one.execute("SELECT run_id, state FROM landing.run").fetchall())
    assert states[dead] == "failed"
    assert states[alive] == "running"


def test_the_planner_knows_instruments_that_a_rolled_back_load_made_it_forget(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen: after a kill and a vacuum the planner believed 482 instruments to be one, and judged 600,000 bars against
    them by nested loops for nine minutes."""
    conn.autocommit = True
    die: Callable[..., None] = _die
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("ticker_converter.warehouse.merge.prices", die)
        _load(conn)
    conn.execute("VACUUM (TRUNCATE false) warehouse.dim_instrument")
    conn.execute("VACUUM (TRUNCATE false) warehouse.instrument_unit")
    assert _believed(conn, "dim_instrument") == 0
    _load(conn)
    assert _believed(conn, "dim_instrument") == 200
    assert _believed(conn, "instrument_unit") == 200


def _die(*arguments: object, **words: object) -> None:
    raise KeyboardInterrupt


def _believed(conn: psycopg.Connection, table: str) -> int:
    row = conn.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table]).fetchone()
    assert row is not None
    return int(row[0])
