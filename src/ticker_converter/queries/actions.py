"""Splits, spin-offs and dividends as stored; and the currencies that are known, with their lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.market import units
from ticker_converter.queries.clock import today
from ticker_converter.queries.instruments import instrument
from ticker_converter.queries.result import POLICY, Policy, Result


def actions(
    conn: Connection, symbol: str, *, currency: str | None = None, known_at: datetime | None = None,
    policy: Policy = POLICY,
) -> Result:  # fmt: skip
    """Actions by ex-date; a dividend is converted into `currency` at the rate of its ex-date, or has null and the
    reason in `missing`. `applied` tells whether a stored session has reached the ex-date; a split's value is new
    per old."""
    target = units.unit(currency) if currency is not None else None
    rows = conn.execute(
        sql.load("queries/actions"),
        {
            "instrument_id": instrument(conn, symbol)["instrument_id"], "known_at": known_at,
            "to": target.currency if target else None, "to_per": target.per if target else 1,
            "sources": list(policy.sources), "max_age": policy.max_age_days, "pegs": policy.pegs, "today": today(conn),
        },
    ).fetchall()  # fmt: skip
    columns = ["ex_date", "kind", "value", "unit", "pay_date", "type", "source", "applied"]
    if target is not None:
        columns += ["converted", "rate", "rate_date", "missing"]
    head = {"symbol": symbol, "currency": target.unit if target else None}
    return Result("actions", head, columns, [row[: len(columns)] for row in rows], {"symbol": symbol})


def flat(found: Result) -> tuple[list[str], Iterator[list[Any]]]:
    """Actions as CSV has them: every CSV about a symbol begins symbol,date, and theirs is the ex-date."""
    return replace(found, columns=["date", *found.columns[1:]]).flat()


def currencies(conn: Connection) -> list[dict[str, Any]]:
    """Every currency: code, name, valid_from, valid_to, successor with factor and effective day, peg, and the sources
    that publish it with their first and last day."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("queries/currencies")).fetchall()
