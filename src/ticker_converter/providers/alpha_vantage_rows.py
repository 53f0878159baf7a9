"""Rows of Alpha Vantage, the same from JSON and csv once the numbers are off the keys, as staged frames and listings.

Nothing is dropped and nothing computed: values are the published text, a cell that says `None` or `null` is missing,
and the adjusted close is not loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from ticker_converter.errors import NoSuchSymbol, Unreadable, Usage
from ticker_converter.market import symbols
from ticker_converter.providers import split_factor
from ticker_converter.providers.dates import iso_dates
from ticker_converter.records import Listing, Parsed, action_frame, bar_frame, rate_frame

Row = Mapping[str, object]

_EXCHANGES = {
    "NYSE": "XNYS", "NASDAQ": "XNAS", "NYSE ARCA": "ARCX", "NYSE MKT": "XASE", "AMEX": "XASE", "BATS": "BATS",
}  # fmt: skip
_NULLS = ("", "None", "null", "-")
_ZERO = re.compile(r"0+(?:\.0*)?|\.0+")
_ONE = re.compile(r"0*1(?:\.0*)?")
_PRICES = ("open", "high", "low", "close")


def mic(symbol: str) -> str | None:
    """The exchange that a spelling with a suffix names (`TSCO.LON`: XLON), else None."""
    if "." not in symbol:
        return None
    try:
        return symbols.mic_of(symbols.from_provider(symbol, "alpha_vantage"))
    except Usage:
        return None


def text(value: object) -> str | None:
    """A JSON value as text: what is no string (a list, true) is shown as JSON, for the judging to refuse."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, default=str)[:200]


def bars(rows: Sequence[Row], first: int, symbol: str) -> Parsed:
    """Bars as traded, the first at position `first`, with the splits and dividends that their columns state: a dividend
    of zero and a coefficient of one are no actions."""
    if not any(row.get("close") is not None for row in rows):
        raise Unreadable(f"Alpha Vantage: {symbol}: no bar, or none with a close")
    found: list[dict[str, object]] = []
    stated: list[dict[str, object]] = []
    for number, row in enumerate(rows, start=first):
        day = row.get("timestamp")
        cells = {name: cell(row, name) for name in (*_PRICES, "volume")}
        found.append({"row": number, "symbol": symbol, "date": day, **cells, "basis": "raw"})
        paid, split = cell(row, "dividend_amount"), cell(row, "split_coefficient")
        if paid is not None and not _ZERO.fullmatch(paid):
            stated.append(_action(number, symbol, day, "dividend", paid))
        if split is not None and not _ONE.fullmatch(split):
            stated.append(_action(number, symbol, day, *_split(split)))
    return Parsed(bars=[_dated(bar_frame(found), "date")], actions=_framed(stated))


def rates(rows: Sequence[Row], first: int, pair: tuple[str, str]) -> Parsed:
    """Dated rates of one pair: the close of each day."""
    if not rows:
        raise Unreadable(f"FX_DAILY {'/'.join(pair)}: holds no rate")
    found = [
        {"row": number, "base": pair[0], "quote": pair[1], "date": row.get("timestamp"), "rate": cell(row, "close"),
         "source": "alpha_vantage"}
        for number, row in enumerate(rows, start=first)
    ]  # fmt: skip
    return Parsed(rates=[_dated(rate_frame(found), "date")])


def actions(shape: str, rows: Sequence[Row], first: int, symbol: str) -> Parsed:
    """The whole list of `splits` or `dividends` of a symbol; an empty list states that there are none."""
    found: list[dict[str, object]] = []
    for number, row in enumerate(rows, start=first):
        if shape == "splits":
            kind, value = _split(cell(row, "split_factor"))
            found.append(_action(number, symbol, cell(row, "effective_date"), kind, value))
        else:
            entry = _action(number, symbol, cell(row, "ex_dividend_date"), "dividend", cell(row, "amount"))
            found.append({**entry, "pay_date": cell(row, "payment_date")})
    whole = frozenset({"split", "spinoff"} if shape == "splits" else {"dividend"})
    return Parsed(actions=_framed(found), whole=whole, about=symbol)


def _split(factor: str | None) -> tuple[str, str | None]:
    """Kind and value: a split in whole numbers (`4`, `3/2`, `1/20`), an odd factor as a spin-off in its own digits."""
    found = split_factor.ratio(factor) if factor is not None else None
    if found is not None:
        return "split", str(found)
    return ("spinoff" if factor is not None and re.fullmatch(r"\d*\.?\d+", factor) else "split"), factor


def _action(row: int, symbol: str, day: object, kind: str, value: str | None) -> dict[str, object]:
    return {"row": row, "symbol": symbol, "ex_date": day, "kind": kind, "value": value, "basis": "raw"}


def search(rows: Iterable[Row], searched: str | None) -> Parsed:
    """The matches of a symbol search; NoSuchSymbol if there is none."""
    found = tuple(
        Listing(symbol, cell(row, "name"), mic(symbol), cell(row, "currency"), cell(row, "type"))
        for row in rows
        if (symbol := cell(row, "symbol")) is not None
    )
    if not found:
        raise NoSuchSymbol(f"Alpha Vantage: knows no symbol like {searched or 'the one searched for'}")
    return Parsed(listings=found)


def overview(body: Mapping[str, object]) -> Listing:
    """The company overview as a listing: exchange and currency."""
    row: Row = {name: text(value) for name, value in body.items()}
    symbol = cell(row, "Symbol") or ""
    exchange = _EXCHANGES.get(cell(row, "Exchange") or "")
    return Listing(
        symbol, cell(row, "Name"), exchange or mic(symbol), cell(row, "Currency"), cell(row, "AssetType")
    )


def cell(row: Row, name: str) -> str | None:
    """A cell's text, or None where it is missing: empty, `None`, `null` or `-`."""
    value = row.get(name)
    words = value.strip() if isinstance(value, str) else ""
    return None if words in _NULLS else words


def _framed(stated: Sequence[dict[str, object]]) -> list[pl.DataFrame]:
    return [_dated(action_frame(stated), "ex_date", "pay_date")] if stated else []


def _dated(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    return frame.with_columns(iso_dates(frame[column]) for column in columns)
