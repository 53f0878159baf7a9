"""Taking a run back: all that the runs that remain have said and done of what it touched is told again, in the order in
which it was recorded, and what stands then is compared with what stood.

There is no second way of judging here: what is told again goes through the pipeline as it did. What was believed in the
past stays as it was; only what differs in the end is a revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from ticker_converter import sql
from ticker_converter.errors import NotThere
from ticker_converter.records import Counts
from ticker_converter.warehouse import mending
from ticker_converter.warehouse.merge import Load


@dataclass(frozen=True, slots=True)
class Told:
    """What was said or done once: a delivery that was read, or a person's act."""

    load_id: int
    run_id: int
    delivery_id: int | None
    kind: str
    act: Mapping[str, Any] | None
    author: str | None
    reason: str | None
    known_from: datetime


def mark_undone(conn: psycopg.Connection, run_id: int, undone_by: int) -> None:
    """Say that a run is taken back; NotThere if there is nothing of it to take back."""
    words = {"run_id": run_id, "undone_by": undone_by}
    if conn.execute(sql.load("warehouse/undo_mark"), words).fetchone() is None:
        raise NotThere(
            f"run {run_id} cannot be taken back: there is no such run, it loaded nothing, or it was taken back before "
            "(a correction is let go by `correct release`, an edit is edited back)"
        )


def aside(conn: psycopg.Connection, run_id: int, load: Load) -> list[Told]:
    """Put aside all that stands of what a run touched since its first load; returns what is to be told again."""
    conn.execute(sql.load("warehouse/again_tables"), prepare=False)
    conn.execute(sql.load("warehouse/again_loads"), {"run_id": run_id})
    conn.execute(sql.load("warehouse/again_scope"), {"start": _start(conn)})
    conn.execute(sql.load("warehouse/again_aside"), prepare=False)
    rows = conn.execute(sql.load("warehouse/again_told"), {"until": load.load_id}).fetchall()
    return [Told(*row) for row in rows]


def _start(conn: psycopg.Connection) -> int:
    """The last load before which nothing was believed that is no one's word any more."""
    (start,) = conn.execute(sql.load("warehouse/again_first")).fetchone() or (0,)
    spans = conn.execute(sql.load("warehouse/again_spans")).fetchall()
    while reaching := [first for first, last in spans if first < start <= last]:
        start = min(reaching)
    return int(start)


def instruments(conn: psycopg.Connection) -> dict[int, int]:
    """The instruments of which all is told again, and from which load on."""
    return dict(conn.execute(sql.load("warehouse/again_instruments")).fetchall())


def sift(conn: psycopg.Connection, load: Load) -> None:
    """Leave of the staged rates and actions those that are told again."""
    conn.execute(sql.load("warehouse/again_sift"), {"load_id": load.load_id})


def row(conn: psycopg.Connection, quarantine_id: int) -> int | None:
    """The row held now that is the one which had this id before; None if nobody says it any more."""
    found = conn.execute(sql.load("warehouse/again_row"), {"id": quarantine_id}).fetchone()
    return None if found is None else int(found[0])


def settle(conn: psycopg.Connection, load: Load) -> Counts:
    """All is told: what differs from what stood is known from now on. Each difference counts as read and revised."""
    conn.execute(sql.load("warehouse/again_found"), prepare=False)
    conn.execute(sql.load("warehouse/again_past"), prepare=False)
    origins = [origin for (origin,) in conn.execute(sql.load("warehouse/again_origins")).fetchall()]
    words = mending.again(conn, load, origins, each=True)
    (changed,) = conn.execute(sql.load("warehouse/again_store"), words).fetchone() or (0,)
    return Counts(read=changed, revised=changed)
