"""The words of the command line: parsers that speak in one line, and the types and options that commands share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from ticker_converter import times
from ticker_converter.errors import Usage

FORMATS = ("table", "json", "csv")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,2})?")


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is Usage: one line, exit 2."""

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message} (`{self.prog} --help` tells more)")


class Help(argparse.HelpFormatter):
    """Help whose examples stay one a line."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("examples:") else super()._fill_text(text, width, indent)


Commands = Any
"What add_subparsers returns; argparse keeps its class private."


def command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], told: str, more: str = ""
) -> argparse.ArgumentParser:
    """A command: `told` is its sentence in the list, `more` what its own help adds."""
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=told, description=f"{told} {more}".strip(), allow_abbrev=False
    )
    made.set_defaults(run=run)
    return made


def group(commands: Commands, name: str, told: str) -> Commands:
    """A command that only has commands of its own."""
    return commands.add_parser(name, help=told, description=told, allow_abbrev=False).add_subparsers(
        metavar="COMMAND", required=True
    )


def add_format(to: argparse.ArgumentParser) -> None:
    """--format, which every command that prints data has."""
    to.add_argument(
        "--format",
        choices=FORMATS,
        help="how data are printed (default: table on a terminal, json otherwise)",
    )


def add_range(to: argparse.ArgumentParser) -> None:
    """--from and --to."""
    to.add_argument(
        "--from", dest="first", type=day, metavar="D", help="first day (default: the first stored)"
    )
    to.add_argument("--to", dest="last", type=day, metavar="D", help="last day (default: the last stored)")


def add_conversion(to: argparse.ArgumentParser) -> None:
    """--known-at and --max-age-days."""
    to.add_argument(
        "--known-at", type=known, metavar="T",
        help="answer as this warehouse knew it then: a timestamp, or a date (its end, UTC)",
    )  # fmt: skip
    to.add_argument(
        "--max-age-days", type=count, default=7, metavar="N",
        help="age in calendar days past which a rate is no answer (default: 7)",
    )  # fmt: skip


def _told(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A type for argparse: our Usage becomes its complaint, so that the option is named."""

    def read_or_complain(text: str) -> Any:
        try:
            return read(text)
        except Usage as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read_or_complain


day: Callable[[str], date] = _told(times.day)
known: Callable[[str], datetime] = _told(times.known)
moment: Callable[[str], datetime] = _told(times.moment)


def exact(text: str) -> Decimal:
    """An exact decimal number; Usage if the text is none."""
    if not _NUMBER.fullmatch(text):
        raise Usage(f"{text!r} is no number such as 100, -12.50 or 1e6")
    return Decimal(text)


number: Callable[[str], Decimal] = _told(exact)


@_told
def count(text: str) -> int:
    """A whole number, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Usage(f"{text!r} is no whole number, 0 or more")
    return int(text)


@_told
def output(text: str) -> Path:
    """A file to write, whose ending tells its format."""
    path = Path(text)
    if path.suffix not in (".csv", ".parquet", ".arrow"):
        raise Usage(f"{text!r} ends with none of .csv, .parquet and .arrow")
    return path


def flat(text: str) -> str:
    """Text of others in one line that a terminal shows as it is: control characters are spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
