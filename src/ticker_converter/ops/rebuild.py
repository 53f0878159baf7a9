"""The warehouse made again from what is recorded: landed payloads, their options, decisions, corrections, edits, runs
taken back and changes of the list, in recorded order; every row known from when it was known.

One transaction: either the whole is replaced or nothing is, and readers see the old until then. No call is made. It
needs as much room again as the facts take. What it cannot repeat is a parser that has changed since: those rows come as
today's parser reads them, and the comparison says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from ticker_converter import acts, sql
from ticker_converter.db import Connection
from ticker_converter.errors import Permanent
from ticker_converter.landing import payloads, stage
from ticker_converter.pipeline import Report, Run
from ticker_converter.warehouse import instruments, merge


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of a table that are not as they were: `new` are made now and were not there, `gone` were there."""

    table: str
    new: int
    gone: int


class _Again(Run):
    """A run that is repeated: it is recorded already."""

    def __init__(self, conn: Connection, progress: Callable[[str], None]) -> None:
        self.conn, self.progress, self.report = conn, progress, Report(0)
        stage.tables(conn)


def rebuild(conn: Connection, progress: Callable[[str], None], *, apply: bool) -> list[Difference]:
    """Make the warehouse again and compare it with what it was; kept only with `apply`. Returns the tables that differ,
    none if the rebuilt warehouse is the same row by row."""
    conn.autocommit = True
    run = _Again(conn, progress)
    with conn.transaction() as whole:
        merge.alone(conn)
        progress("putting aside what is stored")
        conn.execute(sql.load("ops/rebuild_keep"))
        conn.execute(sql.load("ops/rebuild_empty"))
        done = conn.execute(sql.load("ops/rebuild_acts")).fetchall()
        for number, (load_id, run_id, delivery_id, kind, act, author, reason, symbol) in enumerate(done, 1):
            progress(f"doing again {number} of {len(done)}")
            run.report = Report(run_id or 0)
            try:
                if kind == "list":
                    _list(conn, symbol, act)
                elif act is not None:
                    _act(run, act, author or "", reason or "")
                else:
                    with payloads.reopen(conn, delivery_id) as delivery:
                        run.load(delivery, kind)
            except Permanent as error:
                what = f"load {load_id}" if load_id else f"the change of {symbol}"
                raise Permanent(f"{what} cannot be done again, nothing was changed: {error}") from error
            stage.clear(conn)
        conn.execute(sql.load("ops/rebuild_end"))
        progress("comparing")
        rows = conn.execute(sql.load("ops/rebuild_compare")).fetchall()
        if not apply:
            raise psycopg.Rollback(whole)
    return [Difference(*row) for row in rows if row[1] or row[2]]


def _list(conn: Connection, symbol: str, change: dict[str, Any] | None) -> None:
    if change is None:
        instruments.remove(conn, symbol, recorded=True)
    else:
        instruments.add(conn, symbol, recorded=True, **change)


def _act(run: Run, act: dict[str, Any], author: str, reason: str) -> None:
    told = dict(act)
    match told.pop("act"):
        case "correct":
            fields = {name: Decimal(text) for name, text in told["fields"].items()}
            acts.correct(run, told["symbol"], _day(told["day"]), fields, reason, author=author)
        case "release":
            acts.release(run, told["symbol"], _day(told["day"]), reason, author=author)
        case "undo":
            acts.undo(run, told["run_id"], reason, author=author)
        case "edit":
            since = told.pop("valid_from")
            symbol = told.pop("symbol")
            acts.edit(run, symbol, reason, author=author, valid_from=since and _day(since), **told)
        case "rename":
            since, delisted = told.pop("since"), told.pop("delisted")
            acts.rename(
                run, told.pop("symbol"), reason, author=author, since=since and _day(since),
                delisted=delisted and _day(delisted), **told,
            )  # fmt: skip
        case "check":
            acts.check(run, told["sources"])
        case "decide":
            factor = told["factor"] and Decimal(told["factor"])
            run.decide(
                told["id"], told["verdict"], reason, author=author, all_like=told["all_like"], factor=factor
            )
        case "admit":
            run.admit(told["mic"], _day(told["day"]), reason, author=author)
        case other:
            raise Permanent(f"no such act: {other}")


def _day(text: str) -> date:
    return date.fromisoformat(text)
