"""Rows that were held back: why, with what evidence, and what a person said."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NotThere
from ticker_converter.queries.basis import BASES

#: The fields of INTERFACE; `entry` adds the others.
FIELDS = ("id", "symbol", "date", "reason", "evidence", "payload", "run_id", "state")


def quarantine(
    conn: Connection, *, state: str | None = None, symbol: str | None = None, reason: str | None = None,
    run_id: int | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Entries by id. `evidence` names each rule that the row breaks and what breaks it, its number in the payload
    (`row`) and what was published (`content`); `payload` is the landed payload's id."""
    return [
        {name: row[name] for name in FIELDS}
        for row in _rows(
            conn, {"id": None, "state": state, "symbol": symbol, "reason": reason, "run_id": run_id}
        )
    ]


def entry(conn: Connection, quarantine_id: int) -> dict[str, Any]:
    """One entry with all that is known of it; NotThere if there is none of that id."""
    wanted: dict[str, object] = {
        "id": quarantine_id,
        "state": None,
        "symbol": None,
        "reason": None,
        "run_id": None,
    }
    for row in _rows(conn, wanted):
        return row
    raise NotThere(
        f"no row {quarantine_id} was ever held: `ticker-converter quarantine list` shows those that were"
    )


def _rows(conn: Connection, wanted: dict[str, object]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql.load("queries/quarantine"), wanted).fetchall()
    for row in rows:
        content = row["evidence"].get("content", {})
        if "basis" in content:
            content["basis"] = BASES[content["basis"]]
    return rows
