"""Copies the reference facts of `market` (currencies, units, legal factors, pegs, exchanges) into the dimensions.

They are data with a source, kept once in market/data; the tables are refreshed by every `db upgrade` and never edited
by hand. Sessions of an exchange are copied when the first instrument of it is added.
"""

from __future__ import annotations

from datetime import date

import psycopg

from ticker_converter import sql
from ticker_converter.market import sessions, tables


def refresh(conn: psycopg.Connection) -> None:
    """Bring the reference tables to this release's facts; nothing a fact could refer to is ever removed."""
    with conn.transaction():
        for name, rows in (
            ("currency", tables.rows("currency")),
            ("price_unit", tables.rows("price_unit")),
            ("legal_factor", tables.rows("legal_factor")),
            ("peg", tables.rows("peg")),
            ("exchange", [row | _coverage(row["mic"]) for row in tables.rows("exchange")]),
        ):
            with conn.cursor() as cursor:
                cursor.executemany(sql.load(f"warehouse/reference_{name}"), rows)
        conn.execute(sql.load("warehouse/reference_currency_units"))
        conn.execute(sql.load("warehouse/reference_families"))
        for (mic,) in conn.execute(sql.load("warehouse/calendars_used")).fetchall():
            ensure_calendar(conn, mic)


def _coverage(mic: str) -> dict[str, date | None]:
    first, last = sessions.covered(mic) or (None, None)
    return {"covered_from": first, "covered_to": last}


def ensure_calendar(conn: psycopg.Connection, mic: str) -> None:
    """Copy the sessions of `mic` into dim_date, unless they are there up to the end of this release's calendar."""
    span = sessions.covered(mic)
    if span is None:
        return
    (last,) = conn.execute(sql.load("warehouse/calendar_last"), {"mic": mic}).fetchone() or (None,)
    if last is not None and not sessions.sessions(mic, last.fromordinal(last.toordinal() + 1), span[1]):
        return
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute(sql.load("warehouse/calendar_stage"))
        with cursor.copy(sql.load("warehouse/calendar_copy")) as copy:
            for day, closes_at in sessions.sessions(mic, *span):
                copy.write_row((day, closes_at))
        cursor.execute(sql.load("warehouse/calendar_merge"), {"mic": mic})
