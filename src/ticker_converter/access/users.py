"""Users: made, listed, disabled on the host; the API checks them and makes none."""

from __future__ import annotations

import re
from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.access import login, passwords
from ticker_converter.db import Connection
from ticker_converter.errors import NotThere, Usage

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def check_name(name: str) -> None:
    """Usage for a name that no user can have."""
    if not _NAME.fullmatch(name):
        raise Usage(
            f"{name[:80]!r} is no user's name: 1 to 64 of a-z, 0-9 and . _ @ - are expected, a letter or digit first"
        )


def add(conn: Connection, name: str, password: str, scopes: list[str]) -> dict[str, Any]:
    """Make a user; Usage when the name is taken."""
    check_name(name)
    given = {"name": name, "password": passwords.hashed(password), "scopes": scopes}
    if conn.execute(sql.load("access/user_add"), given).fetchone() is None:
        raise Usage(
            f"there is a user {name} already: `ticker-converter user reset {name}` sets the password anew"
        )
    return next(one for one in listed(conn) if one["name"] == name)


def listed(conn: Connection) -> list[dict[str, Any]]:
    """name, scopes, created_at, disabled_at of every user."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("access/user_list")).fetchall()


def disable(conn: Connection, name: str) -> dict[str, Any]:
    """Refuse a user from now on: log-ins and refresh tokens at once, tokens and keys within 10 seconds."""
    return _one(conn, sql.load("access/user_disable"), {"name": name})


def reset(conn: Connection, name: str, password: str) -> dict[str, Any]:
    """Set a password anew; what was logged in is logged out, and waiting after wrong attempts ends."""
    given = {"name": name, "password": passwords.hashed(password), "account": login.account(name)}
    return _one(conn, sql.load("access/user_reset"), given)


def _one(conn: Connection, statement: Any, given: dict[str, Any]) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement, given).fetchone()
    if row is None:
        raise NotThere(
            f"there is no user {given['name'][:80]!r}: `ticker-converter user list` shows those there are"
        )
    return row
