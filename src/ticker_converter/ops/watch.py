"""Put symbols on the watch list. What a person leaves out, exchange and unit, is asked of the provider, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ticker_converter import providers
from ticker_converter.db import Connection
from ticker_converter.errors import NoSuchSymbol, NotEntitled, UnknownSymbol, Usage
from ticker_converter.market import symbols, units
from ticker_converter.pipeline import Run
from ticker_converter.records import Call, Listing, Window
from ticker_converter.settings import Settings
from ticker_converter.warehouse import instruments
from ticker_converter.warehouse.instruments import Instrument


def add(
    conn: Connection, settings: Settings, wanted: Sequence[str], provider: str, *, mic: str | None = None,
    unit: str | None = None, name: str | None = None, progress: Callable[[str], None] = lambda text: None,
) -> None:  # fmt: skip
    """Watch these symbols; a provider is called, and a run begun, only where `mic` or `unit` is known of none."""
    for symbol in wanted:
        symbols.check_symbol(symbol)
    if unit:
        units.unit(unit)
    providers.provider(provider)
    if mic:
        instruments.check_mic(conn, mic)
    found = [_known(instruments.find(conn, symbol), symbol, mic, unit, name) for symbol in wanted]
    if not all(each["unit"] and each["mic"] for each in found):
        with Run(conn, "add", {"symbols": list(wanted), "provider": provider}, progress) as run:
            for symbol, each in zip(wanted, found, strict=True):
                _ask(run, symbol, provider, each, settings)
    for symbol, each in zip(wanted, found, strict=True):
        instruments.add(
            conn, symbol, unit=each["unit"] or "", mic=each["mic"], name=each["name"], providers=[provider]
        )


def _known(
    stored: Instrument | None, symbol: str, mic: str | None, unit: str | None, name: str | None
) -> dict[str, Any]:
    """What the person, the list and the symbol's suffix say."""
    return {
        "unit": unit or (stored.unit if stored else None),
        "mic": mic or (stored.mic if stored else None) or symbols.mic_of(symbol),
        "name": name,
    }


def _ask(run: Run, symbol: str, provider: str, known: dict[str, Any], settings: Settings) -> None:
    """Fill in what is missing from the provider's own description: an exact match and nothing near it."""

    missing = [f"--{name}" for name in ("mic", "unit") if not known[name]]
    if not missing:
        return
    source = providers.provider(provider)(settings.provider_settings(provider))
    spelled = symbols.to_provider(symbol, symbols.table(provider), known["mic"])
    calls: Sequence[Call] = source.calls("listing", spelled, Window(), None)
    if not calls:
        raise Usage(f"{provider} answers no symbol search: give {' and '.join(missing)} for {symbol}")
    seen: list[Listing] = []
    for call in calls:
        try:
            seen += run.look_up(call, settings.provider_settings)
        except NotEntitled as error:
            raise Usage(f"{error}; or give {' and '.join(missing)} for {symbol}") from error
        except NoSuchSymbol:
            if call is calls[0] and len(calls) == 1:
                raise UnknownSymbol(
                    f"{provider} knows no {symbol}: check the spelling, or give {' and '.join(missing)}"
                ) from None
        for listing in seen:
            if listing.symbol == spelled:
                unit = units.try_unit(listing.unit) if listing.unit else None
                known["unit"] = known["unit"] or (unit.unit if unit else None)
                known["mic"] = known["mic"] or listing.mic
                known["name"] = known["name"] or listing.name
        if known["unit"] and known["mic"]:
            return
    if not any(listing.symbol == spelled for listing in seen):
        near = ", ".join(listing.symbol for listing in seen[:5])
        raise UnknownSymbol(
            f"{provider} knows no {symbol}{f' (it knows {near})' if near else ''}: check the spelling, or give "
            f"{' and '.join(missing)}"
        )
    still = [f"--{name}" for name in ("mic", "unit") if not known[name]]
    options = " and ".join(still)
    raise Usage(f"{provider} does not say the {options.replace('--', '')} of {symbol}: give {options}")
