"""Technical indicators of one instrument in any currency, computed in SQL over the whole stored history.

Definitions and units: docs/reference/analytics.md. Nothing is filled in: a session without a price in the currency has
null, a window that holds one has null, and a running average begins anew after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NoBars, Usage
from ticker_converter.market import units
from ticker_converter.queries.basis import series
from ticker_converter.queries.result import POLICY, Policy, Result

#: What is given when nothing is named.
NAMES = ("sma:20", "ema:12", "rsi:14", "macd", "volatility:30", "drawdown")
MOST = 40
"How many indicators one question may name."
LONGEST = 2520
"Sessions of the longest window: ten years."


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the answer: its name as asked for, the kind that the SQL knows, and its numbers."""

    name: str
    kind: str
    n: int | None = None
    slow: int | None = None
    signal: int | None = None
    width: Decimal | None = None
    benchmark: str | None = None


def indicators(
    conn: Connection, symbol: str, *, names: Sequence[str] = NAMES, currency: str | None = None,
    first: date | None = None, last: date | None = None, adjust: str = "splits", known_at: datetime | None = None,
    policy: Policy = POLICY,
) -> Result:  # fmt: skip
    """One row per session from `first` to `last`: date, close, one column per name (`macd` has three, `bollinger`
    two), and `missing`, why a session has no price in `currency` (a currency or price unit; default: the listing's).

    A column is called what was asked for. Values are null until enough sessions are stored. UnknownSymbol, NoBars,
    NoBasis (exit 4), also for a benchmark; Usage for a name that is none."""
    asked = columns(names)
    found = series(conn, symbol, adjust, first=first, last=last, known_at=known_at).instrument
    target = units.unit(currency if currency is not None else found["unit"])
    others = {
        name: series(conn, name, adjust, known_at=known_at).instrument["instrument_id"]
        for name in dict.fromkeys(column.benchmark for column in asked if column.benchmark)
    }
    rows = conn.execute(
        sql.load("queries/indicators"),
        {
            "instrument_id": found["instrument_id"], "first": first or date.min, "last": last or date.max,
            "adjust": adjust, "to": target.currency, "to_per": target.per, "known_at": known_at,
            "sources": list(policy.sources), "max_age": policy.max_age_days, "pegs": policy.pegs,
            "kinds": [column.kind for column in asked], "periods": [column.n for column in asked],
            "slows": [column.slow for column in asked], "signals": [column.signal for column in asked],
            "widths": [column.width for column in asked],
            "benchmarks": [others.get(column.benchmark or "") for column in asked],
        },
    ).fetchall()  # fmt: skip
    if not rows:
        raise NoBars(f"no bars of {symbol} are stored in that range on the basis of its series")
    head: dict[str, Any] = {
        "symbol": symbol, "currency": target.unit, "listing_unit": found["unit"], "adjust": adjust
    }  # fmt: skip
    return Result(
        "indicators", head, ["date", "close", *(column.name for column in asked), "missing"],
        [[day, close, *values, missing] for day, close, missing, values in rows], {"symbol": symbol},
    )  # fmt: skip


def columns(names: Sequence[str]) -> list[Column]:
    """The columns that names ask for, each once; Usage for a name that is none, naming it."""
    if not names:
        raise Usage(f"no indicator is named: {', '.join(NAMES)} are some")
    if len(names) > MOST:
        raise Usage(f"{len(names)} indicators are named, at most {MOST} can be")
    found: dict[str, Column] = {}
    for name in names:
        kind, *words = name.split(":")
        if kind not in _KINDS:
            raise Usage(f"unknown indicator {name!r}: {', '.join(_KINDS)} are known")
        form, read = _KINDS[kind]
        try:
            made = read(name, words)
        except ValueError as error:
            said = f": {error}" if str(error) else ""
            raise Usage(f"indicator {name!r}: {form} is expected{said}") from None
        found.update((column.name, column) for column in made)
    return list(found.values())


def _window(kind: str, least: int) -> Callable[[str, list[str]], list[Column]]:
    def read(name: str, words: list[str]) -> list[Column]:
        (n,) = words
        return [Column(name, kind, _sessions(n, least))]

    return read


def _macd(name: str, words: list[str]) -> list[Column]:
    fast, slow, signal = (_sessions(word, 1) for word in words or ("12", "26", "9"))
    if fast >= slow:
        raise ValueError("FAST is less than SLOW")
    rest = name.removeprefix("macd")
    return [
        Column(kind + rest, kind, fast, slow, signal) for kind in ("macd", "macd_signal", "macd_histogram")
    ]


def _bollinger(name: str, words: list[str]) -> list[Column]:
    n, width = words if len(words) == 2 else (*words, "2")
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,4})?", width):
        raise ValueError("WIDTH is a number such as 2 or 2.5")
    rest = name.removeprefix("bollinger")
    return [
        Column(kind + rest, kind, _sessions(n, 2), width=Decimal(width))
        for kind in ("bollinger_upper", "bollinger_lower")
    ]


def _beta(name: str, words: list[str]) -> list[Column]:
    benchmark, n = words
    return [Column(name, "beta", _sessions(n, 2), benchmark=benchmark)]


def _drawdown(name: str, words: list[str]) -> list[Column]:
    () = words
    return [Column(name, "drawdown")]


def _sessions(text: str, least: int) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= LONGEST:
        raise ValueError(f"a number of sessions from {least} to {LONGEST}")
    return int(text)


#: How a kind is written, and what reads it.
_KINDS: dict[str, tuple[str, Callable[[str, list[str]], list[Column]]]] = {
    "sma": ("sma:N", _window("sma", 1)),
    "ema": ("ema:N", _window("ema", 1)),
    "rsi": ("rsi:N", _window("rsi", 1)),
    "macd": ("macd or macd:FAST:SLOW:SIGNAL", _macd),
    "volatility": ("volatility:N", _window("volatility", 2)),
    "volatility_annual": ("volatility_annual:N", _window("volatility_annual", 2)),
    "drawdown": ("drawdown", _drawdown),
    "beta": ("beta:SYMBOL:N", _beta),
    "bollinger": ("bollinger:N or bollinger:N:WIDTH", _bollinger),
    "volume": ("volume:N", _window("volume", 1)),
}
