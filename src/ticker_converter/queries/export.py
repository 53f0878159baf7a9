"""The mart as tables to copy away: bars in pieces of bounded size, rates, actions, instruments, in one snapshot.

Each piece is CSV as PostgreSQL's COPY writes it, so that no number passes through Python; who writes files gives
the columns their types. A converted bar carries its receipt's rate, rate_date and source. Nothing is rounded to fit:
`scale` tells the decimals of a row's longest number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.market import units
from ticker_converter.queries.result import POLICY, Policy

#: Bars of one piece: what is held in memory at a time.
PIECE = 150_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one table, as CSV with a header."""

    table: str
    rows: bytes


def pieces(conn: Connection, currency: str | None = None, policy: Policy = POLICY) -> Iterator[Piece]:
    """Every table of an export. With `currency` the bars as traded, converted; else every bar as stored.

    Usage for an unknown unit. The connection's transaction is the snapshot."""
    if policy.max_age_days < 0:
        raise Usage("--max-age-days is a number of days, 0 or more")
    target = units.unit(currency) if currency is not None else None
    words: dict[str, object] = {}
    if target is not None:
        words = {
            "to": target.currency, "to_per": target.per, "to_unit": target.unit, "sources": list(policy.sources),
            "max_age": policy.max_age_days, "pegs": policy.pegs,
        }  # fmt: skip
    statement = sql.load("queries/export_converted") if target else sql.load("queries/export_prices")
    for ids in _groups(conn):
        yield Piece("prices", _copied(conn, statement, words | {"ids": ids}))
    for name in ("rates", "actions", "instruments"):
        yield Piece(name, _copied(conn, sql.load(f"queries/export_{name}"), {}))


def _groups(conn: Connection) -> Iterator[list[int]]:
    """Instruments in order, so many that a piece has about PIECE bars."""
    group: list[int] = []
    size = 0
    for number, bars in conn.execute(sql.load("queries/export_ids")).fetchall():
        if group and size + bars > PIECE:
            yield group
            group, size = [], 0
        group.append(number)
        size += bars
    if group:
        yield group


def _copied(conn: Connection, statement: str, words: dict[str, object]) -> bytes:
    with conn.cursor() as cursor, cursor.copy(statement.encode(), words) as copy:
        return b"".join(bytes(part) for part in copy)
