"""prices, rates, convert: what is stored, in the currency asked for."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ticker_converter.cli import output, receipts, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Unreadable, Usage

if TYPE_CHECKING:
    from ticker_converter.table import Table


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    prices = command(
        commands, "prices", _prices, "Show stored prices, converted at each session's own rate.",
        "Without --in they are in the listing unit, as published.",
    )  # fmt: skip
    prices.add_argument("symbols", nargs="+", metavar="SYMBOL", help="such as AAPL, VOD.L or 7203.T")
    prices.add_argument(
        "--in", dest="currency", metavar="CUR", help="currency or price unit, such as GBP or GBX"
    )
    words.add_range(prices)
    prices.add_argument(
        "--adjust", choices=("none", "splits", "all"), default="none",
        help="for splits, or for splits and dividends (default: none)",
    )  # fmt: skip
    prices.add_argument(
        "--interval", choices=("1d", "1w", "1mo"), default="1d", help="days, weeks or months (default: 1d)"
    )
    words.add_conversion(prices)
    prices.add_argument("--receipts", action="store_true", help="show where each rate comes from")
    prices.add_argument("--plot", action="store_true", help="draw the closes instead of listing the bars")
    prices.add_argument(
        "--output",
        type=words.output,
        metavar="FILE",
        help="write to FILE.csv, FILE.parquet or FILE.arrow instead",
    )
    words.add_format(prices)

    rates = command(
        commands, "rates", _rates, "Show the exchange rate of each day, as amounts are converted with it."
    )
    rates.add_argument("base", metavar="BASE", help="one of this currency")
    rates.add_argument("quote", metavar="QUOTE", help="is so many of this one")
    words.add_range(rates)
    words.add_conversion(rates)
    words.add_format(rates)

    convert = command(commands, "convert", _convert, "Convert one amount, with a receipt.")
    # An amount may be negative in any of the ways a number is written.
    convert._negative_number_matcher = re.compile(r"-[0-9.]")
    convert.add_argument("amount", type=words.number, metavar="AMOUNT", help="an exact number, such as 12.50")
    convert.add_argument("source", metavar="FROM", help="currency or price unit, such as USD or GBX")
    convert.add_argument("target", metavar="TO", help="currency or price unit")
    convert.add_argument(
        "--on", type=words.day, metavar="D", help="the day whose rate is used (default: today, UTC)"
    )
    convert.add_argument(
        "--rate-lag",
        type=words.count,
        default=0,
        metavar="N",
        help="use the rate of N days before (default: 0)",
    )
    words.add_conversion(convert)
    words.add_format(convert)


def _prices(arguments: argparse.Namespace) -> int:
    if arguments.plot and (arguments.format in ("json", "csv") or arguments.output):
        raise Usage("--plot draws a chart: leave out --format and --output")
    if arguments.receipts and arguments.currency is None:
        raise Usage("--receipts needs --in: without a conversion there is no rate to show")
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.prices import prices
    from ticker_converter.table import Table

    with session.reading() as opened, session.Progress() as progress:
        progress("reading prices")
        found = Table(
            [
                prices(
                    opened.connection, symbol, currency=arguments.currency, first=arguments.first,
                    last=arguments.last, adjust=arguments.adjust, interval=arguments.interval,
                    known_at=arguments.known_at, receipts=arguments.receipts,
                    policy=connection.policy(opened.settings, arguments.max_age_days),
                )
                for symbol in dict.fromkeys(arguments.symbols)
            ]
        )  # fmt: skip
    if arguments.output:
        _write(found, arguments.output)
    elif arguments.plot:
        from ticker_converter.cli import chart

        for result in found.results:
            output.say(*chart.closes(result))
    else:
        _show(found, arguments)
    output.tell(*found.notes)
    return 0


def _rates(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.conversion import rates
    from ticker_converter.table import Table

    with session.reading() as opened, session.Progress() as progress:
        progress("reading rates")
        found = rates(
            opened.connection, arguments.base, arguments.quote, first=arguments.first, last=arguments.last,
            known_at=arguments.known_at, policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    _show(Table([found]), arguments)
    output.tell(*found.notes)
    return 0


def _convert(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.conversion import convert

    with session.reading() as opened:
        found = convert(
            opened.connection, arguments.amount, arguments.source, arguments.target, on=arguments.on,
            rate_lag=arguments.rate_lag, known_at=arguments.known_at,
            policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    match output.form(arguments):
        case "json":
            output.json(found.as_dict())
        case "csv":
            receipt = dict(found.receipt)
            unit = receipt.pop("unit")
            row = {"amount": found.amount, "result": found.result, **receipt, **unit}
            output.csv(list(row), [list(row.values())])
        case _:
            amounts = f"{found.amount:f} {found.receipt['from']} = {found.result:f} {found.receipt['to']}"
            output.say(amounts, *receipts.lines(found.receipt))
    return 0


def _show(found: Table, arguments: argparse.Namespace) -> None:
    match output.form(arguments):
        case "json":
            output.json(found.to_dict())
        case "csv":
            output.csv(found.columns, found.values())
        case _:
            for result in found.results:
                output.say(", ".join(f"{name} {output.plain(value)}" for name, value in result.head.items()))
                columns = [name for name in result.columns if name != "receipt"]
                output.table(columns, [row[: len(columns)] for row in result.rows])
            for receipt in found.receipts:
                if receipt is not None:
                    output.say("", *receipts.lines(receipt))


def _write(found: Table, path: Path) -> None:
    """A whole file or none: it is written beside its place and moved there."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        try:
            if path.suffix == ".csv":
                with unfinished.open("w", encoding="utf-8", newline="") as file:
                    output.csv(found.columns, found.values(), file)
            elif path.suffix == ".parquet":
                found.to_polars().write_parquet(unfinished)
            else:
                found.to_polars().write_ipc(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise Unreadable(f"{path}: cannot be written: {error.strerror or error}") from error
    output.tell(f"{len(found)} rows written to {path}")
