"""add, list, remove, symbol: which instruments are followed, and what each provider calls them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Usage
from ticker_converter.market import symbols, units

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
    from ticker_converter.cli import session
    from ticker_converter.ops import watch

    with session.writing() as opened, session.Progress() as progress:
        watch.add(
            opened.connection, opened.settings, arguments.symbols, arguments.provider, mic=arguments.mic,
            unit=arguments.unit, name=arguments.name, progress=progress,
        )  # fmt: skip
    return _print(arguments, arguments.symbols)


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
