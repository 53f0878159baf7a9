"""One session of several instruments, in one currency: each bar exactly as `prices` gives it. An instrument that has no
bar on the day, or none that can be adjusted so, is listed with the reason; a bar without a rate says so itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, NoBasis, UnknownSymbol, Usage
from ticker_converter.market import units
from ticker_converter.queries.basis import ADJUST
from ticker_converter.queries.clock import not_after_today, today
from ticker_converter.queries.prices import prices
from ticker_converter.queries.result import POLICY, Policy, Result

#: How many instruments one answer has at most.
MOST = 500
_BAR = ("open", "high", "low", "close", "volume")
_RATE = ("rate", "rate_date", "source")
_WHY = {UnknownSymbol: "unknown_symbol", NoBars: "no_price", NoBasis: "basis"}


@dataclass(frozen=True, slots=True)
class Section(Result):
    """Bars, and what has none in `head["left_out"]` (symbol, reason)."""

    def flat(self) -> tuple[list[str], Iterator[list[Any]]]:
        """One table of both: what was left out comes last, with the reason in `missing`."""
        columns, rows = Result.flat(self)
        nothing = [None] * (len(columns) - 3)
        left_out = (
            [one["symbol"], self.head["on"], *nothing, one["reason"]] for one in self.head["left_out"]
        )
        return columns, (row for part in (rows, left_out) for row in part)


def section(
    conn: Connection, symbols: Sequence[str], *, currency: str | None = None, on: date | None = None,
    adjust: str = "none", known_at: datetime | None = None, policy: Policy = POLICY,
) -> Section:  # fmt: skip
    """The bars of `on` (default: today, UTC), in the order asked for, in `currency` (default: each listing's unit).

    `head["left_out"]`: symbol, reason (`unknown_symbol`, `no_price`: no bar of that day, `basis`: not stored so
    that it could be adjusted so)."""
    if not 0 < len(symbols) <= MOST:
        raise Usage(f"symbols: 1 to {MOST} are given, with commas between them")
    if twice := {one for one in symbols if symbols.count(one) > 1}:
        raise Usage(f"symbols: {min(twice)[:40]} is given more than once")
    if adjust not in ADJUST:
        raise Usage(f"adjust {adjust!r}: none, splits or all is expected")
    target = units.unit(currency) if currency is not None else None
    day = not_after_today(conn, on) if on else today(conn)
    wanted = [*_BAR, *(_RATE if target else ()), "missing"]
    rows: list[list[Any]] = []
    left_out: list[dict[str, Any]] = []
    for symbol in symbols:
        try:
            found = prices(
                conn, symbol, currency=currency, first=day, last=day, adjust=adjust, known_at=known_at, policy=policy
            )  # fmt: skip
        except (UnknownSymbol, NoBars, NoBasis) as error:
            left_out.append({"symbol": symbol, "reason": _WHY[type(error)]})
            continue
        for row in found.rows:
            bar = dict(zip(found.columns, row, strict=True))
            rows.append([symbol, day, found.head["currency"], *(bar[name] for name in wanted)])
        if not found.rows:
            left_out.append({"symbol": symbol, "reason": "no_price"})
    head = {"on": day, "currency": target.unit if target else None, "adjust": adjust, "left_out": left_out}
    columns = ("symbol", "date", "unit", *wanted[:-1], "missing")
    return Section("prices", head, columns, rows)
