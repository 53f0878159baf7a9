"""performers, screen, summary, indicators: what is stored, compared and measured in any currency."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command

if TYPE_CHECKING:
    from ticker_converter.queries.result import Result


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    performers = command(
        commands, "performers", _performers, "Rank the watch list by total return in one currency.",
        "What cannot be judged is listed with the reason.",
    )  # fmt: skip
    _add_currency(performers, required=True)
    performers.add_argument(
        "--window", choices=("1d", "5d", "30d", "ytd"), default="1d",
        help="sessions back, or from the last session of the year before (default: 1d)",
    )  # fmt: skip
    performers.add_argument("--losers", action="store_true", help="the worst first")
    performers.add_argument("--limit", type=words.count, default=10, metavar="N", help="(default: 10)")
    performers.add_argument(
        "--on", type=words.day, metavar="D", help="as of this day (default: the newest stored session)"
    )
    _add_adjust(performers)
    words.add_conversion(performers)
    words.add_format(performers)

    screen = command(
        commands, "screen", _screen, "List what costs at least so much and at most so much, in one currency.",
        "What has no price of the last 10 sessions, or no rate, is listed with the reason.",
    )  # fmt: skip
    _add_currency(screen, required=True)
    screen.add_argument("--min-price", type=words.number, metavar="X", help="at least this much")
    screen.add_argument("--max-price", type=words.number, metavar="X", help="at most this much")
    screen.add_argument("--on", type=words.day, metavar="D", help="the day (default: today, UTC)")
    words.add_conversion(screen)
    words.add_format(screen)

    summary = command(
        commands, "summary", _summary, "Sum up a day by exchange and currency: risers, fallers, turnover."
    )
    _add_currency(summary)
    summary.add_argument("--on", type=words.day, metavar="D", help="the day (default: today, UTC)")
    _add_adjust(summary)
    words.add_conversion(summary)
    words.add_format(summary)

    indicators = command(
        commands, "indicators", _indicators, "Show averages, volatility and other indicators of one symbol.",
        "They are computed over all that is stored; --from only cuts what is shown.",
    )  # fmt: skip
    indicators.add_argument("symbol", metavar="SYMBOL", help="such as AAPL, VOD.L or 7203.T")
    indicators.add_argument(
        "--names", metavar="A,B,...",
        help="sma:N, ema:N, rsi:N, macd[:FAST:SLOW:SIGNAL], volatility:N, volatility_annual:N, drawdown, "
        "beta:SYMBOL:N, bollinger:N[:WIDTH], volume:N "
        "(default: sma:20,ema:12,rsi:14,macd,volatility:30,drawdown)",
    )  # fmt: skip
    _add_currency(indicators)
    words.add_range(indicators)
    indicators.add_argument(
        "--adjust", choices=("none", "splits", "all"), default="splits",
        help="for splits, or for splits and dividends (default: splits)",
    )  # fmt: skip
    words.add_conversion(indicators)
    words.add_format(indicators)


def _add_currency(to: argparse.ArgumentParser, required: bool = False) -> None:
    to.add_argument(
        "--in", dest="currency", metavar="CUR", required=required,
        help="currency or price unit, such as GBP or GBX" + ("" if required else " (default: the listing's)"),
    )  # fmt: skip


def _add_adjust(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--adjust", choices=("splits", "all"), default="splits",
        help="returns for splits, or for splits and dividends (default: splits)",
    )  # fmt: skip


def _performers(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.performers import performers

    with session.reading() as opened, session.Progress() as progress:
        progress("ranking")
        found = performers(
            opened.connection, currency=arguments.currency, window=arguments.window, limit=arguments.limit,
            on=arguments.on, adjust=arguments.adjust, kind="losers" if arguments.losers else "gainers",
            known_at=arguments.known_at, policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    _show(arguments, found)
    return 0


def _screen(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.screen import screen

    with session.reading() as opened:
        found = screen(
            opened.connection, currency=arguments.currency, min_price=arguments.min_price,
            max_price=arguments.max_price, on=arguments.on, known_at=arguments.known_at,
            policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    _show(arguments, found)
    return 0


def _summary(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.summary import summary

    with session.reading() as opened:
        found = summary(
            opened.connection, currency=arguments.currency, on=arguments.on, adjust=arguments.adjust,
            known_at=arguments.known_at, policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    _show(arguments, found)
    if output.form(arguments) == "table":
        output.say("", "all of them")
        output.facts({name: value for name, value in found.head["whole"].items() if value is not None})
    return 0


def _indicators(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.indicators import NAMES, indicators

    names = arguments.names.split(",") if arguments.names is not None else NAMES
    with session.reading() as opened, session.Progress() as progress:
        progress("computing indicators")
        found = indicators(
            opened.connection, arguments.symbol, names=names, currency=arguments.currency, first=arguments.first,
            last=arguments.last, adjust=arguments.adjust, known_at=arguments.known_at,
            policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    _show(arguments, found)
    return 0


def _show(arguments: argparse.Namespace, found: Result) -> None:
    match output.form(arguments):
        case "json":
            output.json(found.as_dict())
            return  # what was left out is in it
        case "csv":
            output.csv(*found.flat())
        case _:
            facts = {name: value for name, value in found.head.items() if name not in ("left_out", "whole")}
            output.say(
                ", ".join(
                    f"{name} {output.plain(value)}" for name, value in facts.items() if value is not None
                )
            )
            output.table(found.columns, found.rows)
    output.tell(*found.notes)
