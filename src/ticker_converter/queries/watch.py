"""The watch list in one currency, a page of it at a time: what each is worth now, and what of its last move was the
price and what the currency. It refuses to leave out what it cannot judge: such a row has a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.market import units
from ticker_converter.queries.result import POLICY, Policy, Result

COLUMNS = (
    "symbol", "name", "mic", "kind", "unit", "date", "close", "value", "rate", "rate_date", "source", "base_date",
    "local", "fx", "total", "missing", "sessions_behind", "spark",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Watched(Result):
    """A page; `more` says whether rows follow its last."""

    more: bool = False


def watch(
    conn: Connection, *, currency: str, find: str | None = None, after: str | None = None, limit: int | None = None,
    bars: int = 30, policy: Policy = POLICY,
) -> Watched:  # fmt: skip
    """Watched instruments after the symbol `after`, at most `limit`, with a text in symbol or name (`find`).

    `close` is as traded, in `unit`; `value` is the same in `currency` at its session's rate. local, fx and total are
    from `base_date` to `date`, splits removed. `spark`: the last `bars` closes in `currency`, 6 digits, to draw.
    `head["count"]` is how many there are on all pages."""
    target = units.unit(currency)
    counted = conn.execute(sql.load("queries/watch_count"), {"found": find}).fetchone()
    rows = conn.execute(
        sql.load("queries/watch"),
        {
            "after": after, "limit": limit + 1 if limit is not None else None, "found": find, "bars": bars,
            "to": target.currency, "to_per": target.per, "sources": list(policy.sources),
            "max_age": policy.max_age_days, "pegs": policy.pegs,
        },
    ).fetchall()  # fmt: skip
    more = limit is not None and len(rows) > limit
    head: dict[str, Any] = {"currency": target.unit, "count": counted[0] if counted else 0}
    return Watched("watch", head, COLUMNS, rows[:limit], more=more)
