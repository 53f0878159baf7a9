"""What now means to a reader: the database's day in UTC, and when the data were last published."""

from __future__ import annotations

from datetime import date, datetime

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage


def today(conn: Connection) -> date:
    """Today, UTC, by the database's clock."""
    found: date = _state(conn)[0]
    return found


def published_at(conn: Connection) -> datetime | None:
    """The knowledge time that gives today's answers again; None before anything was published."""
    return _state(conn)[1]


def version(conn: Connection) -> int:
    """The data's version: it moves on with every publish that changes anything."""
    return _state(conn)[2]


def state(conn: Connection) -> tuple[date, datetime | None, int]:
    """Today, the last publish and the version, of one moment."""
    return _state(conn)


def listed(conn: Connection) -> tuple[int, int]:
    """The watch list's own version: it moves on where an answer about the list may change without a publish."""
    row = conn.execute(sql.load("queries/list_state")).fetchone()
    assert row is not None
    return row[0], row[1]


def not_after_today(conn: Connection, day: date) -> date:
    """The day itself; Usage if it is in the future."""
    if day > today(conn):
        raise Usage(f"{day} is in the future: today is {today(conn)} UTC")
    return day


def _state(conn: Connection) -> tuple[date, datetime | None, int]:
    row = conn.execute(sql.load("queries/state")).fetchone()
    assert row is not None
    return row[0], row[1], row[2]
