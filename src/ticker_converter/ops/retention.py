"""Remove what has outlived its time: never what was landed, revisions, answers of a person or the audit trail.

    retention(conn, days, told, dry_run=False) -> {what: rows}

All of it is one transaction, told before it is committed; backups have their own (`backup prune`), and so have
PostgreSQL's, nginx's and Airflow's logs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import LiteralString

from ticker_converter import audit, sql
from ticker_converter.db import Connection

#: What is removed, in this order, and by which statement.
KINDS: Mapping[str, LiteralString] = {
    "requests of the API": sql.load("ops/forget_requests"),
    "expired refresh tokens": sql.load("ops/forget_refresh_tokens"),
    "log-ins without a token": sql.load("ops/forget_families"),
    "ended page sessions": sql.load("ops/forget_sessions"),
    "windows of attempts and limits": sql.load("ops/forget_windows"),
}


def retention(
    conn: Connection, days: int, told: Callable[[dict[str, int]], None], *, dry_run: bool = False
) -> dict[str, int]:
    """Rows removed (with `dry_run`: that would be) of each kind; `told` hears it before anything is kept. Requests go
    when they were over `days` ago, the rest when it can serve nobody any more."""
    with conn.transaction(force_rollback=dry_run):
        found = {what: conn.execute(statement, {"days": days}).rowcount for what, statement in KINDS.items()}
        told(found)
        if any(found.values()):
            audit.note(conn, "retention", f"{days} days", found)
    return found
