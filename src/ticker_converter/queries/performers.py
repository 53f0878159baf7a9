"""Which instruments gained or lost most, in any currency (definitions: docs/reference/analytics.md). One that cannot be
judged is listed with the reason, never dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, Usage
from ticker_converter.market import units
from ticker_converter.queries.clock import not_after_today
from ticker_converter.queries.result import POLICY, Policy, Result

#: Sessions back; ytd goes back to the last session of the year before.
WINDOWS = {"1d": 1, "5d": 5, "30d": 30, "ytd": None}
KINDS = ("gainers", "losers")
COLUMNS = ("symbol", "date", "rank", "base_date", "close", "local", "fx", "total")


@dataclass(frozen=True, slots=True)
class Judged(Result):
    """Rows of instruments, and those that cannot be judged in `head["left_out"]` (symbol, date, reason)."""

    def flat(self) -> tuple[list[str], Iterator[list[Any]]]:
        """One table of both: what was left out comes last, with the reason in `missing`."""
        columns, rows = Result.flat(self)
        nothing = [None] * (len(columns) - 2)
        judged = ([*row, None] for row in rows)
        left_out = ([one["symbol"], one["date"], *nothing, one["reason"]] for one in self.head["left_out"])
        return [*columns, "missing"], (row for part in (judged, left_out) for row in part)


def performers(
    conn: Connection, *, currency: str, window: str = "1d", limit: int = 10, on: date | None = None,
    adjust: str = "splits", kind: str = "gainers", known_at: datetime | None = None, policy: Policy = POLICY,
) -> Judged:  # fmt: skip
    """The `limit` best (or worst) of the watch list by total return in `currency`, from `base_date` to `date`, the last
    session on or before `on` (default: the newest stored session of the list).

    `head["left_out"]`: symbol, date, reason (`no_price`, `price_too_old`, `too_few_sessions`, `basis`, `no_rate`,
    `rate_too_old`, `no_dividend_rate`). local, fx and total are fractions with 8 decimals, as `returns` has them."""
    if window not in WINDOWS:
        raise Usage(f"window {window!r}: {', '.join(WINDOWS)} are known")
    if kind not in KINDS:
        raise Usage(f"kind {kind!r}: gainers or losers is expected")
    if adjust not in ("splits", "all"):
        raise Usage(f"adjust {adjust!r}: splits or all is expected")
    if not 1 <= limit <= 1_000_000:
        raise Usage(f"limit {limit}: 1 or more is expected")
    target = units.unit(currency)
    day = not_after_today(conn, on) if on else newest_session(conn)
    rows = conn.execute(
        sql.load("queries/performers"),
        {
            "on": day, "back": WINDOWS[window] or 1, "before": None if WINDOWS[window] else day.replace(month=1, day=1),
            "adjust": adjust, "to": target.currency, "to_per": target.per, "known_at": known_at,
            "sources": list(policy.sources), "max_age": policy.max_age_days, "pegs": policy.pegs,
            "losers": kind == "losers", "limit": limit,
        },
    ).fetchall()  # fmt: skip
    ranked = [
        [symbol, session, rank, base, *values]
        for rank, symbol, session, base, *values, missing in rows
        if missing is None
    ]
    left_out = [{"symbol": row[1], "date": row[2], "reason": row[8]} for row in rows if row[8] is not None]
    head: dict[str, Any] = {
        "currency": target.unit, "window": window, "kind": kind, "on": day, "adjust": adjust, "left_out": left_out
    }  # fmt: skip
    return Judged("performers", head, COLUMNS, ranked, notes=left_out_notes(left_out))


def newest_session(conn: Connection) -> date:
    """The newest session stored of any watched instrument; NoBars if nothing is stored of any."""
    row = conn.execute(sql.load("queries/newest_session")).fetchone()
    if row is None or row[0] is None:
        raise NoBars(
            "no bars are stored of anything on the watch list: `sync` or `import prices` brings them"
        )
    found: date = row[0]
    return found


def left_out_notes(left_out: list[dict[str, Any]], most: int = 20) -> list[str]:
    """One line per reason, naming at most so many symbols."""
    reasons: dict[str, list[str]] = {}
    for entry in left_out:
        reasons.setdefault(entry["reason"], []).append(entry["symbol"])
    return [
        f"left out, {reason}: {', '.join(symbols[:most])}"
        + (f" and {len(symbols) - most} more" if len(symbols) > most else "")
        for reason, symbols in sorted(reasons.items())
    ]
