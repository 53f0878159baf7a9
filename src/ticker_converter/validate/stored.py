"""Rules over what is stored already: they only ever make findings, never hold a row."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from ticker_converter import sql

RULES = ("large_move", "source_difference")


def inspect(conn: psycopg.Connection, load_id: int, sources: Sequence[str]) -> dict[str, int]:
    """Note what each rule finds; returns how many findings are new, by rule. `sources`: of rates, those compared."""
    found = {}
    for rule in RULES:
        statement = sql.load("validate/stored_note").replace("{rule}", sql.load(f"validate/stored/{rule}"))
        words = {"load_id": load_id, "rule": rule, "sources": list(sources)}
        found[rule] = conn.execute(statement, words).rowcount
    return found
