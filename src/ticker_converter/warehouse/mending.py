"""Taking bars, rates and actions away and letting what stood before stand again, as recorded revisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import psycopg

from ticker_converter import sql
from ticker_converter.errors import NotThere
from ticker_converter.records import Counts
from ticker_converter.warehouse.merge import Load


def take_back(conn: psycopg.Connection, load: Load, *, restore: bool) -> Counts:
    """Take the staged keys' bars away; `restore` lets also what they had replaced stand again. Each bar counts as one
    row read and revised."""
    context = {"load_id": load.load_id, "known_from": load.known_from, "restore": restore}
    restored, gone = conn.execute(sql.load("warehouse/price_take_back"), context).fetchone() or (0, 0)
    conn.execute(sql.load("warehouse/coverage_again"))
    return Counts(read=restored + gone, revised=restored + gone)


def mark_undone(conn: psycopg.Connection, run_id: int, undone_by: int) -> None:
    """Say that a run is taken back; NotThere if there is nothing of it to take back."""
    words = {"run_id": run_id, "undone_by": undone_by}
    if conn.execute(sql.load("warehouse/undo_mark"), words).fetchone() is None:
        raise NotThere(
            f"run {run_id} cannot be taken back: there is no such run, it stored nothing, or it was before"
        )


def undo(conn: psycopg.Connection, load: Load, run_id: int) -> Counts:
    """Take back what a run stored."""
    context = {"run_id": run_id, "load_id": load.load_id, "known_from": load.known_from}
    conn.execute(sql.load("warehouse/undo_stage_prices"), {"run_id": run_id})
    counts = take_back(conn, load, restore=True)
    restored, gone = conn.execute(sql.load("warehouse/undo_rates"), context).fetchone() or (0, 0)
    counts += Counts(read=restored + gone, revised=restored + gone)
    rows = conn.execute(sql.load("warehouse/undo_actions"), context).fetchall()
    names = (
        "instrument_id", "source_id", "kind", "ex_date", "type", "pay_date", "new", "old", "amount", "unit_id", "basis",
    )  # fmt: skip
    for row in rows:
        conn.execute(
            sql.load("warehouse/action_restore"), context | dict(zip(names, row[: len(names)], strict=True))
        )
    counts += Counts(read=len(rows), revised=len(rows))
    return counts


def edit(
    conn: psycopg.Connection,
    instrument_id: int,
    mic: str | None,
    name: str | None,
    providers: Sequence[str] | None,
) -> None:
    """Change an instrument's exchange, name or order of providers; None leaves it."""
    conn.execute(
        sql.load("warehouse/edit_instrument"),
        {
            "instrument_id": instrument_id, "mic": mic, "name": name,
            "providers": list(providers) if providers is not None else None,
        },
    )  # fmt: skip


def change_unit(
    conn: psycopg.Connection, load: Load, instrument_id: int, unit: str, valid_from: date | None
) -> Counts:
    """Quote an instrument in another unit from a day on."""
    words = {"instrument_id": instrument_id, "unit": unit, "valid_from": valid_from}
    context = words | {"load_id": load.load_id, "known_from": load.known_from}
    (bars,) = conn.execute(sql.load("warehouse/edit_unit"), context).fetchone() or (0,)
    conn.execute(sql.load("warehouse/edit_unit_add"), words)
    return Counts(read=bars, revised=bars)


def rerank(conn: psycopg.Connection, load: Load, instrument_id: int) -> Counts:
    """Let the order of providers speak on what is stored: better ranked last words take the place of what stands."""
    conn.execute(sql.load("warehouse/rerank_stage"), {"instrument_id": instrument_id})
    conn.execute(sql.load("warehouse/rerank_keep"))
    return take_back(conn, load, restore=False)
