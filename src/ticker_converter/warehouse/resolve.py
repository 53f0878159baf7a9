"""From a payload's symbols to instruments and units: what a payload names is found on the list, or added to it where
the payload or the importing person says the unit. A unit is never guessed from a symbol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import psycopg

from ticker_converter import sql
from ticker_converter.errors import Usage
from ticker_converter.market import symbols, units
from ticker_converter.records import Listing, Payload, Place
from ticker_converter.warehouse import instruments, names


class Resolver:
    """Callable: (symbol, unit, MIC as stated) -> Place, remembered per payload."""

    def __init__(self, conn: psycopg.Connection, payload: Payload) -> None:
        self.conn, self.payload = conn, payload
        self.options: Mapping[str, str] = payload.options
        self.unit_ids = instruments.unit_ids(conn)
        self.listings: dict[str, Listing] = {}
        self.added = 0
        self.faults: dict[str, None] = {}
        "What is wrong with symbols and exchanges of a person's files, whose rows will be held."
        self.exchanges: set[str] = set()
        self.eras: Mapping[str, Sequence[date]] = names.breaks(conn) if payload.provider == "files" else {}
        "Names of a person's files that change their meaning, and on which days."

    def declare(self, listing: Listing) -> None:
        """Remember how the payload itself describes an instrument."""
        self.listings[listing.symbol] = listing

    def __call__(
        self, symbol: str | None, unit: str | None, mic: str | None, era: date | None = None
    ) -> Place:
        """Where rows of `symbol` go; `era`: where the name changes its meaning, the day of the last change. Usage
        names a symbol that is not on the list and whose unit nobody says."""
        by_hand = self.payload.provider == "files"
        symbol = symbol or self.payload.symbol or self.options.get("symbol")
        if symbol is None and by_hand:
            return Place(None)
        if symbol is None:
            raise Usage(f"{self.payload.request}: says no symbol: name it with --symbol")
        provider = self.payload.provider
        listing = self.listings.get(symbol)
        stated = unit or self.options.get("unit") or (listing.unit if listing else None)
        declared = units.try_unit(stated) if stated else None
        day = era or self.payload.fetched_at.date()
        found = instruments.find(self.conn, symbol, provider, day)
        if found is None:
            if by_hand and (held := self._unplaced(symbol, mic)):
                return held
            if stated is None:
                options = "" if self.options.get("kind") == "actions" else "give --unit (and --mic), or "
                raise Usage(
                    f"{self.payload.request}: {symbol} is not on the list and its unit is not said: {options}"
                    f"`ticker-converter add {symbol} --mic MIC --unit UNIT` first"
                )
            if declared is None:
                return Place(None, None, stated)
            self.added += 1
            found = instruments.add(
                self.conn, self._canonical(symbol, provider), unit=declared.unit,
                mic=mic or self.options.get("mic") or (listing.mic if listing else None),
                name=listing.name if listing else None, providers=[provider], recorded=True,
                ready=self.exchanges,
            )  # fmt: skip
        if stated is not None and declared is None:
            return Place(found.instrument_id, None, stated)
        if declared is not None:
            return Place(found.instrument_id, self.unit_ids[declared.unit])
        return Place(found.instrument_id, found.unit_id)

    def _unplaced(self, symbol: str, mic: str | None) -> Place | None:
        """Where a file's row goes whose own words can be no symbol or no exchange; what the person said is refused."""
        try:
            if symbol != self.options.get("symbol"):
                symbols.check_symbol(symbol)
            if mic and mic != self.options.get("mic") and mic not in self.exchanges:
                instruments.check_mic(self.conn, mic)
        except Usage as error:
            self.faults.setdefault(str(error))
            return Place(None, mic_text=mic if str(error).startswith("unknown exchange") else None)
        return None

    def fill_units(self) -> None:
        """Bars that state no unit get their instrument's unit of the day."""
        if self.added:
            # After a killed import the planner believed these tables empty: 9 minutes instead of half a minute.
            self.conn.execute(sql.load("warehouse/instruments_analyze"))
        self.conn.execute(sql.load("warehouse/price_units"))

    def fill_action_units(self) -> None:
        """Dividends that state no unit get their instrument's unit of the ex-date."""
        self.conn.execute(sql.load("warehouse/action_units"))

    def _canonical(self, symbol: str, provider: str) -> str:
        try:
            return symbols.from_provider(symbol, symbols.table(provider))
        except Usage as error:
            raise Usage(f"{self.payload.request}: {error}") from None
