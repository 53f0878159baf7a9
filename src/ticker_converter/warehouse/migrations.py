"""The migration runner: numbered SQL files, each applied once, with its ledger row in the same transaction.

A file whose first line is `-- concurrent` runs outside a transaction (CREATE INDEX CONCURRENTLY) and must be
idempotent: its ledger row is written when it has finished. Refuses to run when the ledger names a migration this
package does not have (the database is newer) or one whose text has changed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import psycopg

from ticker_converter import sql
from ticker_converter.errors import Permanent
from ticker_converter.warehouse import reference

#: One upgrade at a time per database; the number is arbitrary and must never change.
UPGRADE_LOCK = 7_264_501


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; `applied` tells whether this database has it."""

    number: int
    name: str
    applied: bool


def status(conn: psycopg.Connection) -> list[Migration]:
    """All migrations of this package and whether `conn`'s database has each. Works on an empty database."""
    ledger = _ledger(conn)
    _check(ledger)
    return [Migration(number, name, number in ledger) for number, name, _ in sql.migrations()]


def upgrade(conn: psycopg.Connection, until: int | None = None) -> list[Migration]:
    """Apply what is missing, in order, then load the reference facts; returns what was applied. `until`: no migration
    after that one and no facts, for a backup whose rows come next."""
    conn.autocommit = True
    conn.execute(sql.load("warehouse/upgrade_lock"), {"lock": UPGRADE_LOCK})
    try:
        ledger = _ledger(conn)
        _check(ledger)
        applied = []
        for number, name, text in sql.migrations():
            if number in ledger or (until is not None and number > until):
                continue
            row = {"number": number, "name": name, "sha256": _digest(text)}
            if text.startswith("-- concurrent"):
                conn.execute(text)
                conn.execute(sql.load("warehouse/ledger_add"), row)
            else:
                with conn.transaction():
                    conn.execute(sql.load("warehouse/ledger_create"))
                    conn.execute(text)
                    conn.execute(sql.load("warehouse/ledger_add"), row)
            applied.append(Migration(number, name, True))
        if until is None:
            reference.refresh(conn)
        return applied
    finally:
        conn.execute(sql.load("warehouse/upgrade_unlock"), {"lock": UPGRADE_LOCK})


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _ledger(conn: psycopg.Connection) -> dict[int, str]:
    (exists,) = conn.execute(sql.load("warehouse/ledger_exists")).fetchone() or (False,)
    if not exists:
        return {}
    return dict(conn.execute(sql.load("warehouse/ledger")).fetchall())


def _check(ledger: dict[int, str]) -> None:
    known = {number: _digest(text) for number, _, text in sql.migrations()}
    if newer := sorted(set(ledger) - set(known)):
        raise Permanent(
            f"the database has migration {newer[-1]}, which this release does not know: install the release that "
            "made it, or restore a backup"
        )
    if changed := [n for n in ledger if ledger[n] != known[n]]:
        raise Permanent(
            f"migration {changed[0]} was applied with another text than this release has: do not go on"
        )
