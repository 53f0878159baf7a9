"""What instruments are called over time: renames, tickers that pass to another company, delistings.

A provider's answer is about whoever bore the symbol on the day it was fetched; a row of a person's own file about
whoever bore it on the row's day. A ticker that ended names nobody afterwards: it is not taken for its last bearer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg

from ticker_converter import sql
from ticker_converter.errors import Usage
from ticker_converter.market import symbols

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Today:
    """What providers call an instrument today, where that is not derived from its symbol; and its last day, if any."""

    names: Mapping[str, str] = field(default_factory=dict)
    listed_to: date | None = None


def find(conn: psycopg.Connection, symbol: str, provider: str, day: date) -> int | None:
    """The instrument that was recorded under this name on this day, or None."""
    words = {"symbol": symbol, "provider": provider, "day": day}
    row = conn.execute(sql.load("warehouse/name_find"), words).fetchone()
    return None if row is None else int(row[0])


def breaks(conn: psycopg.Connection) -> dict[str, Sequence[date]]:
    """The days on which canonical names change their meaning, by name; empty where nothing was ever renamed."""
    found: dict[str, set[date]] = {}
    for symbol, first, last in conn.execute(sql.load("warehouse/name_spans")).fetchall():
        days = found.setdefault(symbol, set())
        days |= {day for day in (first, last + DAY if last else None) if day is not None}
    return {symbol: sorted(days) for symbol, days in found.items()}


def today(conn: psycopg.Connection) -> dict[str, Today]:
    """Of each instrument of which something was recorded."""
    return {
        row[0]: Today(row[2] or {}, row[1])
        for row in conn.execute(sql.load("warehouse/name_today")).fetchall()
    }


def record(
    conn: psycopg.Connection, instrument_id: int, provider: str, symbol: str, since: date | None,
    until: date | None = None,
) -> None:  # fmt: skip
    """From `since` on a provider calls the instrument so; what it called it before ends. Usage if that name is
    taken."""
    words = {
        "instrument_id": instrument_id, "provider": provider, "symbol": symbol, "valid_from": since,
        "valid_to": until,
    }  # fmt: skip
    if taken := conn.execute(sql.load("warehouse/name_taken"), words).fetchone():
        raise Usage(f"{provider} calls {taken[0]} {symbol} at that time: end that name first")
    conn.execute(sql.load("warehouse/name_end"), words)
    conn.execute(sql.load("warehouse/name_add"), words)


def called(
    conn: psycopg.Connection, instrument_id: int, symbol: str, mic: str | None, provider: str, spelled: str,
    since: date | None,
) -> None:  # fmt: skip
    """A provider calls the instrument `spelled` from `since` on, and until then what its symbol gives."""
    if since is not None and provider not in today(conn).get(symbol, Today()).names:
        try:
            before = symbols.to_provider(symbol, symbols.table(provider), mic)
        except Usage:
            before = ""
        if before and before != spelled:
            record(conn, instrument_id, provider, before, None)
    record(conn, instrument_id, provider, spelled, since)


def rename(
    conn: psycopg.Connection, instrument_id: int, old: str, new: str, since: date, others: int | None
) -> None:
    """The instrument's symbol is `new` from `since` on; `old` stays its name of the days before. `others` is the
    instrument that has the new symbol already: refused."""
    if others is not None and others != instrument_id:
        raise Usage(f"{new} is on the list already: another instrument has that symbol")
    if find(conn, old, "files", since - DAY) is None:
        record(conn, instrument_id, "files", old, None)
    record(conn, instrument_id, "files", new, since)
    conn.execute(sql.load("warehouse/name_canonical"), {"instrument_id": instrument_id, "symbol": new})


def delisted(conn: psycopg.Connection, instrument_id: int, symbol: str, day: date) -> None:
    """The instrument was traded last on `day`: its name ends, its history stays."""
    conn.execute(sql.load("warehouse/name_delisted"), {"instrument_id": instrument_id, "day": day})
    record(conn, instrument_id, "files", symbol, None, day)
