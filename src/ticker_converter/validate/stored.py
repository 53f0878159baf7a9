"""Rules over what is stored already: they only ever make findings, never hold a row."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from ticker_converter import sql

RULES = {
    "large_move": sql.load("validate/stored/large_move"),
    "source_difference": sql.load("validate/stored/source_difference"),
    "provider_difference": sql.load("validate/stored/provider_difference"),
}


def inspect(conn: psycopg.Connection, load_id: int, sources: Sequence[str]) -> dict[str, int]:
    """Note what each rule finds; returns how many findings are new, by rule. `sources`: of rates, those compared."""
    words = {"load_id": load_id, "sources": list(sources)}
    return {
        rule: conn.execute(
            sql.load("validate/stored_note").replace("{rule}", select), words | {"rule": rule}
        ).rowcount
        for rule, select in RULES.items()
    }
