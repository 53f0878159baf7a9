"""The tables of this project in a database: which there are, in what order they are loaded, and checksums of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql as pieces

from ticker_converter import sql
from ticker_converter.db import Connection


@dataclass(frozen=True, slots=True)
class Stored:
    """A table: `refers_to` are the tables that must be loaded before it."""

    schema: str
    name: str
    columns: tuple[str, ...]
    refers_to: tuple[str, ...]

    @property
    def whole(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def spelled(self) -> pieces.Identifier:
        return pieces.Identifier(self.schema, self.name)


def stored(conn: Connection) -> list[Stored]:
    """Every table, each after those it refers to."""
    rows = conn.execute(sql.load("ops/backup_tables")).fetchall()
    found = {f"{row[0]}.{row[1]}": Stored(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in rows}
    ordered: dict[str, Stored] = {}
    while len(ordered) < len(found):
        ready = [
            n for n, one in found.items() if n not in ordered and all(r in ordered for r in one.refers_to)
        ]
        assert ready, "tables that refer to each other in a circle"
        ordered |= {name: found[name] for name in ready}
    return list(ordered.values())


def with_what_it_needs(tables: Sequence[Stored], wanted: str) -> list[Stored]:
    """A table and those it refers to, in the order they are loaded."""
    by_name: Mapping[str, Stored] = {one.whole: one for one in tables}
    needed, ahead = set(), [wanted]
    while ahead:
        name = ahead.pop()
        if name not in needed:
            needed.add(name)
            ahead += by_name[name].refers_to
    return [one for one in tables if one.whole in needed]


def checksum(conn: Connection, table: Stored) -> tuple[int, str]:
    """Its rows, and a checksum of them whatever their order. The session must have UTC and ISO dates, as ours have."""
    statement = pieces.SQL(sql.load("ops/backup_checksum")).format(table=table.spelled)
    rows, total = conn.execute(statement).fetchone() or (0, "0")
    return int(rows), str(total)
