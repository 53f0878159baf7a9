"""The watch list and how a payload's symbols find their instruments.

A symbol's unit is what a person or a provider declares for it, never guessed; an instrument without one is not made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from psycopg.types.json import Jsonb

from ticker_converter import sql
from ticker_converter.errors import UnknownSymbol, Usage
from ticker_converter.market import currencies, symbols, units
from ticker_converter.records import Publisher
from ticker_converter.warehouse import names, reference


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument of the list; `unit_id` is its only unit, or None where it changed over time."""

    instrument_id: int
    symbol: str
    mic: str | None
    providers: tuple[str, ...]
    watched: bool
    unit_id: int | None
    unit: str | None


def get(conn: psycopg.Connection, symbol: str) -> Instrument:
    """The instrument of a canonical symbol; UnknownSymbol if it is not on the list."""
    if found := find(conn, symbol):
        return found
    symbols.check_symbol(symbol)
    raise UnknownSymbol(f"{symbol} is not on the list: `ticker-converter add {symbol}` adds it")


def find(
    conn: psycopg.Connection, symbol: str, provider: str | None = None, day: date | None = None
) -> Instrument | None:
    """The instrument that `provider` (default: the canonical spelling) calls `symbol`, or called so on `day`; or
    None."""
    day = day or datetime.now(UTC).date()
    canonical = symbol
    if provider == "files":
        provider = None
    if provider is not None and (named := names.find(conn, symbol, provider, day)) is not None:
        return _found(conn, symbol, named)
    if provider is not None:
        try:
            canonical = symbols.from_provider(symbol, symbols.table(provider))
        except Usage:
            return None
    return _found(conn, canonical, names.find(conn, canonical, "files", day))


def _found(conn: psycopg.Connection, symbol: str, instrument_id: int | None) -> Instrument | None:
    words = {"symbol": symbol, "instrument_id": instrument_id}
    row = conn.execute(sql.load("warehouse/instrument_find"), words).fetchone()
    return None if row is None else Instrument(row[0], row[1], row[2], tuple(row[3]), *row[4:])


def add(
    conn: psycopg.Connection, symbol: str, *, unit: str, mic: str | None = None, name: str | None = None,
    providers: Sequence[str] = ("files",), kind: str = "stock", recorded: bool = False, ready: set[str] | None = None,
) -> Instrument:  # fmt: skip
    """Put a symbol on the list, or watch it again; a unit or MIC that contradicts what is stored is refused. The change
    is recorded, unless it is `recorded` already: with the payload that brought it. `ready` remembers the exchanges that
    are checked, for who adds many."""
    symbols.check_symbol(symbol)
    declared = units.unit(unit)
    mic = mic or symbols.mic_of(symbol)
    ready = set() if ready is None else ready
    if mic is not None and mic not in ready:
        check_mic(conn, mic)
    with conn.transaction():
        known = find(conn, symbol)
        if known is not None and known.unit is not None and known.unit != declared.unit:
            raise Usage(
                f"{symbol} is stored in {known.unit}, not {declared.unit}: `ticker-converter edit {symbol} "
                f"--unit {declared.unit} --reason TEXT` changes it"
            )
        if known is not None and known.mic is not None and mic is not None and known.mic != mic:
            raise Usage(
                f"{symbol} is stored as listed on {known.mic}, not {mic}: `edit {symbol} --mic {mic}` changes it"
            )
        conn.execute(
            sql.load("warehouse/instrument_add"),
            {
                "symbol": symbol,
                "mic": mic,
                "name": name,
                "kind": kind,
                "providers": list(providers),
                "unit": declared.unit,
            },
        )
        if not recorded:
            change = {
                "unit": declared.unit,
                "mic": mic,
                "name": name,
                "providers": [*providers],
                "kind": kind,
            }
            _record(conn, symbol, change)
    if mic is not None and mic not in ready:
        reference.ensure_calendar(conn, mic)
        ready.add(mic)
    return get(conn, symbol)


def check_mic(conn: psycopg.Connection, mic: str) -> None:
    """Usage if no exchange has that market identifier code."""
    if conn.execute(sql.load("warehouse/exchange_find"), {"mic": mic}).fetchone() is None:
        raise Usage(f"unknown exchange {mic!r}: a MIC such as XNAS, XNYS, XLON or XTKS is expected")


def listed(conn: psycopg.Connection, watched_only: bool = True) -> list[Instrument]:
    """The list, by symbol."""
    rows = conn.execute(sql.load("warehouse/instrument_list"), {"watched_only": watched_only}).fetchall()
    return [Instrument(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in rows]


def remove(conn: psycopg.Connection, symbol: str, recorded: bool = False) -> None:
    """Stop fetching a symbol; its data stay."""
    with conn.transaction():
        conn.execute(
            sql.load("warehouse/instrument_unwatch"), {"instrument_id": get(conn, symbol).instrument_id}
        )
        if not recorded:
            _record(conn, symbol, None)


def _record(conn: psycopg.Connection, symbol: str, change: Mapping[str, object] | None) -> None:
    words = {"symbol": symbol, "change": None if change is None else Jsonb(dict(change))}
    conn.execute(sql.load("warehouse/list_changed"), words)


def admit_session(conn: psycopg.Connection, mic: str, day: date) -> None:
    """Add a session that the calendar does not know, on a person's word; Usage if the calendar knows it."""
    if conn.execute(sql.load("warehouse/calendar_admit"), {"mic": mic, "day": day}).rowcount == 0:
        raise Usage(f"{day} is a session of {mic} already")


def source_id(
    conn: psycopg.Connection, source: str, handmade: bool = True, publisher: Publisher | None = None
) -> int:
    """The id of a publisher of prices or rates, made on first use; `handmade` marks a person's own figures. What a
    provider says of itself is kept up to date; Usage where that names no currency or no time zone."""
    told = {"source": source, "handmade": handmade} | asdict(publisher or Publisher())
    if publisher is not None:
        _check(source, publisher)
        conn.execute(sql.load("warehouse/source_declare"), told)
    row = conn.execute(sql.load("warehouse/source_find"), {"source": source}).fetchone()
    if row is None:
        row = conn.execute(sql.load("warehouse/source_add"), told).fetchone()
    assert row is not None
    return int(row[0])


def _check(source: str, publisher: Publisher) -> None:
    try:
        if publisher.pivot is not None:
            currencies.currency(publisher.pivot)
        ZoneInfo(publisher.time_zone)
    except (Usage, ValueError, ZoneInfoNotFoundError) as error:
        raise Usage(f"provider {source} declares what does not exist: {error}") from error


def unit_ids(conn: psycopg.Connection) -> dict[str, int]:
    """Every price unit's id by its canonical spelling."""
    return dict(conn.execute(sql.load("warehouse/unit_ids")).fetchall())
