"""add, list, remove, symbol: which instruments are followed, and what each provider calls them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import NoSuchSymbol, NotEntitled, UnknownSymbol, Usage
from ticker_converter.market import symbols, units

if TYPE_CHECKING:
    from ticker_converter.pipeline import Run
    from ticker_converter.records import Call, Listing
    from ticker_converter.settings import Settings
    from ticker_converter.warehouse.instruments import Instrument

_COLUMNS = (
    "symbol", "name", "mic", "unit", "providers", "first_session", "last_session", "bars", "sessions_behind",
)  # fmt: skip


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    add = command(
        commands, "add", _add, "Put symbols on the watch list.",
        "What --mic and --unit do not say is asked of the provider; with both given no call is made.",
    )  # fmt: skip
    add.add_argument(
        "symbols", nargs="+", metavar="SYMBOL", help="in Yahoo's spelling: AAPL, BRK-B, VOD.L, 7203.T"
    )
    add.add_argument(
        "--provider", default="alpha_vantage", metavar="P",
        help="where its data come from; files: imported by hand, never fetched (default: alpha_vantage)",
    )  # fmt: skip
    add.add_argument("--mic", help="market identifier code of its exchange, such as XNAS or XLON")
    add.add_argument("--unit", help="the unit it is quoted in, such as USD or GBX")
    add.add_argument("--name", metavar="N", help="its name")
    words.add_format(add)

    listing = command(
        commands, "list", _list, "Show the watch list, with what is stored and how far it is behind."
    )
    listing.add_argument("--all", action="store_true", help="also those no longer watched")
    words.add_format(listing)

    remove = command(commands, "remove", _remove, "Stop fetching a symbol; its data stay.")
    remove.add_argument("symbol", metavar="SYMBOL", help="a symbol of the list")
    words.add_format(remove)

    symbol = command(commands, "symbol", _symbol, "Show how each provider spells a symbol.")
    symbol.add_argument("symbol", metavar="SYMBOL", help="in Yahoo's spelling")
    symbol.add_argument("--to", metavar="PROVIDER", help="this provider's spelling only")
    symbol.add_argument("--mic", help="exchange of a symbol without a suffix (default: the United States)")
    words.add_format(symbol)


def _add(arguments: argparse.Namespace) -> int:
    if len(arguments.symbols) > 1 and arguments.name:
        raise Usage("--name is of one symbol: add them one by one")
    for symbol in arguments.symbols:
        symbols.check_symbol(symbol)
    if arguments.unit:
        units.unit(arguments.unit)
    from ticker_converter import providers
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run
    from ticker_converter.warehouse import instruments

    providers.provider(arguments.provider)
    with session.writing() as opened, session.Progress() as progress:
        conn = opened.connection
        if arguments.mic:
            instruments.check_mic(conn, arguments.mic)
        found = [_known(instruments.find(conn, symbol), symbol, arguments) for symbol in arguments.symbols]
        if not all(each["unit"] and each["mic"] for each in found):
            with Run(
                conn, "add", {"symbols": arguments.symbols, "provider": arguments.provider}, progress
            ) as run:
                for symbol, each in zip(arguments.symbols, found, strict=True):
                    _ask(run, symbol, arguments.provider, each, opened.settings)
        for symbol, each in zip(arguments.symbols, found, strict=True):
            instruments.add(
                conn, symbol, unit=each["unit"] or "", mic=each["mic"], name=each["name"],
                providers=[arguments.provider],
            )  # fmt: skip
    return _print(arguments, arguments.symbols)


def _known(stored: Instrument | None, symbol: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """What the person, the list and the symbol's suffix say."""
    return {
        "unit": arguments.unit or (stored.unit if stored else None),
        "mic": arguments.mic or (stored.mic if stored else None) or symbols.mic_of(symbol),
        "name": arguments.name,
    }


def _ask(run: Run, symbol: str, provider: str, known: dict[str, Any], settings: Settings) -> None:
    """Fill in what is missing from the provider's own description: an exact match and nothing near it."""
    from ticker_converter import providers
    from ticker_converter.records import Window

    missing = [f"--{name}" for name in ("mic", "unit") if not known[name]]
    if not missing:
        return
    source = providers.provider(provider)(settings.provider_settings(provider))
    spelled = symbols.to_provider(symbol, provider, known["mic"])
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


def _list(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.instruments import instruments

    with session.reading() as opened:
        found = instruments(opened.connection, watched_only=not arguments.all)
    output.objects(arguments, found, _COLUMNS)
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.warehouse import instruments

    with session.writing() as opened:
        instruments.remove(opened.connection, arguments.symbol)
    output.tell(f"{arguments.symbol} is no longer fetched; its data stay")
    return _print(arguments, [arguments.symbol])


def _print(arguments: argparse.Namespace, wanted: Sequence[str]) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.instruments import instruments

    with session.reading() as opened:
        known: Mapping[str, dict[str, Any]] = {row["symbol"]: row for row in instruments(opened.connection)}
    found = [known[symbol] for symbol in dict.fromkeys(wanted)]
    output.objects(arguments, found, _COLUMNS, one=len(found) == 1)
    return 0


def _symbol(arguments: argparse.Namespace) -> int:
    if arguments.to is not None:
        spelled = symbols.to_provider(arguments.symbol, arguments.to, arguments.mic)
        found = {"symbol": arguments.symbol, "provider": arguments.to, "spelling": spelled}
        if output.form(arguments) == "table":
            output.say(spelled)
        else:
            output.objects(arguments, [found], list(found), one=True)
        return 0
    every = symbols.spellings(arguments.symbol, arguments.mic)
    match output.form(arguments):
        case "json":
            output.json({"symbol": arguments.symbol, "spellings": every})
        case "csv":
            output.csv(
                ("symbol", "provider", "spelling"), ([arguments.symbol, *pair] for pair in every.items())
            )
        case _:
            output.table(("provider", "spelling"), [list(pair) for pair in every.items()])
    return 0
