"""Rows held back, and a person's answer to them. A held row is never lost: it waits with its evidence until someone
accepts, rejects or rescales it, or until the same provider sends a row that passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import psycopg

from ticker_converter import sql
from ticker_converter.errors import NotThere, Usage

#: A row held for one of these has no number, day or unit that could be stored.
NOT_STORABLE = {"missing_field", "not_a_number", "not_positive", "unknown_currency", "future_date"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One held row; `reasons` are all rules that it breaks."""

    quarantine_id: int
    kind: str
    source_id: int
    reasons: frozenset[str]


def held(conn: psycopg.Connection, quarantine_id: int, all_like: bool) -> list[Entry]:
    """The held row of that id, or with `all_like` every held row of its symbol, provider and reason; locked."""
    rows = conn.execute(
        sql.load("landing/quarantine_held"), {"id": quarantine_id, "all_like": all_like}
    ).fetchall()
    if not any(row[0] == quarantine_id for row in rows):
        raise NotThere(
            f"no row {quarantine_id} is held: `ticker-converter quarantine list` shows those that are"
        )
    return _entries(rows)


def off_calendar(conn: psycopg.Connection, mic: str, day: object) -> list[Entry]:
    """The bars held because `day` was no session of `mic`; locked."""
    return _entries(
        conn.execute(sql.load("landing/quarantine_off_calendar"), {"mic": mic, "day": day}).fetchall()
    )


def unit_now_right(conn: psycopg.Connection, instrument_id: int) -> list[Entry]:
    """The bars held only because their unit was not the instrument's, and is now; locked."""
    return _entries(
        conn.execute(
            sql.load("landing/quarantine_unit_now_right"), {"instrument_id": instrument_id}
        ).fetchall()
    )


def first(conn: psycopg.Connection, instruments: Sequence[int] | None) -> list[Entry]:
    """The bars held for a jump although nothing stands before them any more."""
    given = None if instruments is None else list(instruments)
    return _entries(conn.execute(sql.load("landing/quarantine_first"), {"instruments": given}).fetchall())


def origins(conn: psycopg.Connection, ids: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Held bars by the load that brought them."""
    return conn.execute(sql.load("landing/held_origins"), {"ids": list(ids)}).fetchall()


def storable(entries: Sequence[Entry], verdict: str) -> Mapping[tuple[str, int], list[int]]:
    """Ids by kind and provider; Usage if one of them cannot be stored whatever a person says."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for entry in entries:
        if broken := sorted(entry.reasons & NOT_STORABLE):
            raise Usage(
                f"row {entry.quarantine_id} cannot be {verdict}: {', '.join(broken)} leaves nothing to store; reject "
                "it, or import a mended row"
            )
        if verdict == "rescaled" and entry.kind != "price":
            raise Usage(f"row {entry.quarantine_id} is a {entry.kind}: only prices are rescaled")
        found[entry.kind, entry.source_id].append(entry.quarantine_id)
    return found


def decided(
    conn: psycopg.Connection,
    ids: Sequence[int],
    verdict: str,
    factor: Decimal | None,
    author: str,
    reason: str,
) -> None:
    """Write the answer beside the rows."""
    conn.execute(
        sql.load("landing/quarantine_decided"),
        {"ids": list(ids), "state": verdict, "factor": factor, "author": author, "reason": reason},
    )


def _entries(rows: Sequence[tuple[int, str, int, list[str]]]) -> list[Entry]:
    return [Entry(number, kind, source, frozenset(reasons)) for number, kind, source, reasons in rows]
