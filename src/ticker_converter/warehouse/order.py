"""Whose word stands: the order of providers of an instrument, from which session on, and its shadows.

A shadow is fetched to be compared: its bars are kept as last words and never stand. An order that changes from a
session on leaves the sessions before it to the order that held then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import psycopg

from ticker_converter import sql
from ticker_converter.records import Counts
from ticker_converter.warehouse import mending
from ticker_converter.warehouse.merge import Load


def keep_shadow(conn: psycopg.Connection, load: Load, source_id: int) -> Counts:
    """Take bars of instruments that this source only shadows from the stage, and keep them as its last word."""
    if conn.execute(sql.load("warehouse/shadow_any"), {"source_id": source_id}).fetchone() != (True,):
        return Counts()
    words = {"source_id": source_id, "load_id": load.load_id, "replay_of": load.replay_of}
    read, kept = conn.execute(sql.load("warehouse/shadow_keep"), words).fetchone() or (0, 0)
    return Counts(read=read, outranked=kept, unchanged=read - kept)


def change(
    conn: psycopg.Connection,
    load: Load,
    instrument_id: int,
    providers: Sequence[str],
    valid_from: date | None,
) -> Counts:
    """Prefer providers in this order, from a session on or always, and let that speak on what is stored."""
    conn.execute(
        sql.load("warehouse/order_change"),
        {"instrument_id": instrument_id, "providers": list(providers), "valid_from": valid_from},
    )
    counts = mending.rerank(conn, load, instrument_id)
    found = conn.execute(sql.load("warehouse/order_unheard"), {"instrument_id": instrument_id}).fetchall()
    words = mending.again(conn, load, [row[0] for row in found])
    (bars,) = conn.execute(
        sql.load("warehouse/order_heard"), words | {"instrument_id": instrument_id}
    ).fetchone() or (0,)
    return Counts(read=counts.read + bars, revised=counts.revised, inserted=bars)


def shadow(conn: psycopg.Connection, instrument_id: int, shadows: Sequence[str]) -> None:
    """Fetch these providers beside the first, to be compared."""
    conn.execute(
        sql.load("warehouse/order_shadows"), {"instrument_id": instrument_id, "shadows": list(shadows)}
    )
