"""The list of instruments with what is stored of each, and how far each is behind its exchange."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import UnknownSymbol
from ticker_converter.market import symbols


def instruments(conn: Connection, watched_only: bool = False) -> list[dict[str, Any]]:
    """Every instrument: symbol, mic, name, kind, unit, currency, providers, watched, first_session, last_session, bars,
    sessions_behind (closed sessions of its exchange after the last stored one; None without a calendar)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.load("queries/instruments"), {"symbol": None, "watched_only": watched_only}
        ).fetchall()
    return [{name: value for name, value in row.items() if name != "instrument_id"} for row in rows]


def instrument(conn: Connection, symbol: str) -> dict[str, Any]:
    """One instrument, with its `instrument_id`; UnknownSymbol if it is not on the list."""
    symbols.check_symbol(symbol)
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            sql.load("queries/instruments"), {"symbol": symbol, "watched_only": False}
        ).fetchone()
    if row is not None:
        return row
    former = conn.execute(sql.load("queries/former_symbol"), {"symbol": symbol}).fetchone()
    if former is not None:
        raise UnknownSymbol(
            f"{symbol} is not on the list: what bore it until {former[1]} is {former[0]} now, with its whole history"
        )
    raise UnknownSymbol(f"{symbol} is not on the list: `ticker-converter add {symbol}` adds it")
