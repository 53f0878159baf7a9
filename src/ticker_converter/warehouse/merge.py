"""Merging staged rows into the facts: set-based, one transaction, every row counted.

The publish lock is taken first, so knowledge times never run backwards; what is replaced is closed as a revision in the
same transaction that stores what replaces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from ticker_converter import sql
from ticker_converter.records import Counts

#: One publishing transaction at a time per database; the number is arbitrary and must never change.
PUBLISH_LOCK = 7_264_502

#: Rows from which a load tells the planner at once; autovacuum does it a minute later.
BULK = 10_000


@dataclass(frozen=True, slots=True)
class Load:
    """An open publishing transaction: what it stores is believed from `known_from` on."""

    load_id: int
    known_from: datetime
    backdated: bool = False
    "Whether a person gave the knowledge time."
    replay_of: int | None = None
    "The delivery that is read again, if one is: what a later one has said since then stands."
    retold: bool = False
    "Whether it is done once more, because a run that it did not know of is taken back."


def begin(
    conn: psycopg.Connection, run_id: int, kind: str, *, delivery_id: int | None = None,
    parser_version: int | None = None, known_at: datetime | None = None, author: str | None = None,
    reason: str | None = None,
) -> Load:  # fmt: skip
    """Take the publish lock and open a load; the caller's transaction ends both."""
    alone(conn)
    row = conn.execute(
        sql.load("warehouse/load_open"),
        {
            "run_id": run_id, "kind": kind, "delivery_id": delivery_id, "parser_version": parser_version,
            "known_at": known_at, "author": author, "reason": reason,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return Load(row[0], row[1], known_at is not None, delivery_id if kind == "replay" else None)


def alone(conn: psycopg.Connection) -> None:
    """Wait for the publish lock; the transaction's end lets it go."""
    conn.execute(sql.load("warehouse/publish_lock"), {"lock": PUBLISH_LOCK})


def close(conn: psycopg.Connection, load: Load, counts: Counts, *, moved: bool = False) -> None:
    """Write the load's counts; readers' caches are told by the data's version if anything changed, be it that bars
    `moved` into or out of quarantine."""
    changed = moved or bool(counts.inserted or counts.revised)
    conn.execute(
        sql.load("warehouse/load_close"),
        {"load_id": load.load_id, "counts": Jsonb(asdict(counts)), "changed": changed},
    )


def prices(
    conn: psycopg.Connection, load: Load, source_id: int, read: int, held: int, *, ordered: bool = False
) -> Counts:
    """Merge the staged bars that were not held. `ordered`: they are in strict order of instrument and day; where
    nothing is stored of their instruments they are then stored as they stand."""
    context = {"source_id": source_id} | _context(load)
    if ordered and conn.execute(sql.load("warehouse/price_all_new")).fetchone() == (True,):
        inserted = conn.execute(sql.load("warehouse/price_insert_all"), context).rowcount
        conn.execute(sql.load("warehouse/price_coverage_all"))
        if inserted > BULK:
            conn.execute(sql.load("warehouse/price_analyze"))
        conn.execute(sql.load("warehouse/price_supersede"), context)
        return Counts(read, inserted=inserted, quarantined=held)
    conn.execute(sql.load("warehouse/price_verdict"), context)
    verdicts = _verdicts(conn)
    late = 0
    if verdicts.keys() & {"revised", "adopted", "rebased"}:
        conn.execute(sql.load("warehouse/price_keep_old"), context)
        conn.execute(sql.load("warehouse/price_replace"), context)
    if verdicts.get("inserted"):
        conn.execute(sql.load("warehouse/price_insert"), context)
        conn.execute(sql.load("warehouse/price_coverage"))
    if verdicts.get("outranked"):
        conn.execute(sql.load("warehouse/price_outranked"), context)
    if verdicts.get("late"):
        (late,) = conn.execute(sql.load("warehouse/price_late"), context).fetchone() or (0,)
    conn.execute(sql.load("warehouse/price_supersede"), context)
    return _counts(verdicts, read, held, late)


def hold_back(conn: psycopg.Connection, load: Load) -> int:
    """Put the stored bars that now stand behind a jump into quarantine; returns how many."""
    (withdrawn,) = conn.execute(sql.load("warehouse/price_hold_back"), _context(load)).fetchone() or (0,)
    if withdrawn:
        conn.execute(sql.load("warehouse/price_recount"))
    return int(withdrawn)


def rates(conn: psycopg.Connection, load: Load, read: int, held: int) -> Counts:
    """Merge the staged rates that were not held."""
    context = _context(load)
    conn.execute(sql.load("warehouse/rate_verdict"), context)
    verdicts = _verdicts(conn)
    late = 0
    if verdicts.get("revised") or verdicts.get("adopted"):
        conn.execute(sql.load("warehouse/rate_keep_old"), context)
        conn.execute(sql.load("warehouse/rate_replace"), context)
    if verdicts.get("inserted"):
        conn.execute(sql.load("warehouse/rate_insert"), context)
        if verdicts["inserted"] > BULK:
            conn.execute(sql.load("warehouse/rate_analyze"))
    if verdicts.get("late"):
        (late,) = conn.execute(sql.load("warehouse/rate_late"), context).fetchone() or (0,)
    conn.execute(sql.load("warehouse/rate_supersede"), context)
    return _counts(verdicts, read, held, late)


def actions(
    conn: psycopg.Connection, load: Load, source_id: int, read: int, held: int, whole: Sequence[str] = (),
    about: int | None = None,
) -> Counts:  # fmt: skip
    """Merge the staged actions that were not held. What a `whole` list of these kinds, `about` an instrument, no longer
    holds is closed: it counts as one row read and revised."""
    context = {
        "source_id": source_id,
        "whole": [] if load.replay_of else list(whole),
        "about": about,
    } | _context(load)
    conn.execute(sql.load("warehouse/action_pay_dates"), context)
    conn.execute(sql.load("warehouse/action_verdict"), context)
    verdicts = _verdicts(conn)
    late = 0
    if verdicts.get("late"):
        (late,) = conn.execute(sql.load("warehouse/action_late"), context).fetchone() or (0,)
    (withdrawn,) = conn.execute(sql.load("warehouse/action_keep_old"), context).fetchone() or (0,)
    conn.execute(sql.load("warehouse/action_insert"), context)
    counts = _counts(verdicts, read, held, late)
    counts.read += withdrawn
    counts.revised += withdrawn
    return counts


def _context(load: Load) -> dict[str, object]:
    return {
        "load_id": load.load_id, "known_from": load.known_from, "backdated": load.backdated,
        "replay_of": load.replay_of,
    }  # fmt: skip


def _verdicts(conn: psycopg.Connection) -> dict[str, int]:
    return dict(conn.execute(sql.load("warehouse/verdicts")).fetchall())


def _counts(verdicts: dict[str, int], read: int, held: int, late: int) -> Counts:
    inserted = verdicts.get("inserted", 0) + verdicts.get("rebased", 0) + late
    revised, outranked = verdicts.get("revised", 0), verdicts.get("outranked", 0)
    return Counts(read, inserted, read - held - inserted - revised - outranked, revised, outranked, held)
