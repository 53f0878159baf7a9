"""Taking bars, rates and actions away and letting what stood before stand again, as recorded revisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from ticker_converter import sql
from ticker_converter.records import Counts
from ticker_converter.warehouse.merge import Load


def take_back(conn: psycopg.Connection, load: Load) -> Counts:
    """Take the staged keys' bars away and let the best of what else was said stand. Each bar counts as one row read and
    revised."""
    conn.execute(sql.load("warehouse/put_back_table"))
    conn.execute(sql.load("warehouse/put_back_clear"))
    found = conn.execute(sql.load("warehouse/price_put_back")).fetchall()
    words = again(conn, load, [row[0] for row in found])
    restored, gone = conn.execute(sql.load("warehouse/price_take_back"), words).fetchone() or (0, 0)
    conn.execute(sql.load("warehouse/coverage_again"))
    return Counts(read=restored + gone, revised=restored + gone)


def again(
    conn: psycopg.Connection, load: Load, origins: Sequence[int], kind: str = "undo", *, each: bool = False
) -> dict[str, Any]:
    """The words that the statements of an act take, with a load for each delivery that is put back (or for `each`
    load)."""
    rows = conn.execute(
        sql.load("warehouse/load_again"),
        {
            "load_id": load.load_id,
            "origins": list(origins),
            "kind": kind,
            "each": each,
            "retold": load.retold,
        },
    ).fetchall()
    return {
        "load_id": load.load_id, "known_from": load.known_from, "origins": [row[0] for row in rows],
        "loads": [row[1] for row in rows],
    }  # fmt: skip


def edit(
    conn: psycopg.Connection,
    instrument_id: int,
    mic: str | None,
    name: str | None,
) -> None:
    """Change an instrument's exchange or name; None leaves it."""
    words = {"instrument_id": instrument_id, "mic": mic, "name": name}
    conn.execute(sql.load("warehouse/edit_instrument"), words)


def change_unit(
    conn: psycopg.Connection, load: Load, instrument_id: int, unit: str, valid_from: date | None
) -> Counts:
    """Quote an instrument in another unit from a day on."""
    words = {"instrument_id": instrument_id, "unit": unit, "valid_from": valid_from}
    found = conn.execute(sql.load("warehouse/edit_unit_found"), words).fetchall()
    context = words | again(conn, load, [row[0] for row in found], "edit")
    (bars,) = conn.execute(sql.load("warehouse/edit_unit"), context).fetchone() or (0,)
    conn.execute(sql.load("warehouse/edit_unit_add"), words)
    conn.execute(sql.load("warehouse/edit_unit_held"), words)
    return Counts(read=bars, revised=bars)


def rerank(conn: psycopg.Connection, load: Load, instrument_id: int) -> Counts:
    """Let the order of providers speak on what is stored: better ranked last words take the place of what stands."""
    conn.execute(sql.load("warehouse/rerank_stage"), {"instrument_id": instrument_id})
    conn.execute(sql.load("warehouse/rerank_keep"))
    return take_back(conn, load)
