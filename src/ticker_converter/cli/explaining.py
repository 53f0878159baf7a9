"""returns, value, explain, actions, currencies, runs, gaps: what a number is made of, and what is known behind it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Unreadable, Usage

POSITIONS_LIMIT = 8 * 1024 * 1024
"Bytes of a positions file; a hundred thousand positions are three."


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    returns = command(
        commands, "returns", _returns, "Show returns per session, split exactly into price and currency.",
        "local is the listing's own, fx the currency's, total what a holder who counts in CUR made.",
    )  # fmt: skip
    returns.add_argument("symbol", metavar="SYMBOL", help="such as AAPL, VOD.L or 7203.T")
    _add_currency(returns)
    words.add_range(returns)
    returns.add_argument(
        "--adjust", choices=("splits", "all"), default="splits",
        help="for splits, or for splits and dividends (default: splits)",
    )  # fmt: skip
    words.add_conversion(returns)
    words.add_format(returns)

    value = command(
        commands, "value", _value, "Value positions in one currency, and say what was left out and why."
    )
    value.add_argument("file", type=Path, metavar="FILE.csv", help="symbol,quantity; CASH:USD is money")
    _add_currency(value)
    value.add_argument("--on", type=words.day, metavar="D", help="the day (default: today, UTC)")
    value.add_argument(
        "--max-price-age", type=words.count, default=10, metavar="N",
        help="sessions past which a close is too old to value with (default: 10)",
    )  # fmt: skip
    words.add_conversion(value)
    words.add_format(value)

    explain = command(
        commands, "explain", _explain, "Say why a number changed, in parts that add up.",
        "Between two dates (--from, --to), or between two times of knowing the same day (--on, --known-at twice).",
    )  # fmt: skip
    explain.add_argument("symbol", metavar="SYMBOL", help="such as AAPL, VOD.L or 7203.T")
    _add_currency(explain, required=True)
    words.add_range(explain)
    explain.add_argument("--on", type=words.day, metavar="D", help="the day, with --known-at given twice")
    explain.add_argument(
        "--adjust", choices=("none", "splits", "all"), default="none", help="(default: none)"
    )
    explain.add_argument(
        "--known-at", type=words.known, action="append", default=[], metavar="T",
        help="a timestamp, or a date (its end, UTC); twice with --on",
    )  # fmt: skip
    explain.add_argument("--max-age-days", type=words.count, default=7, metavar="N", help="(default: 7)")
    words.add_format(explain)

    actions = command(
        commands, "actions", _actions, "List splits and dividends, converted at the ex-date with --in."
    )
    actions.add_argument("symbol", metavar="SYMBOL", help="such as AAPL, VOD.L or 7203.T")
    _add_currency(actions)
    words.add_conversion(actions)
    words.add_format(actions)

    words.add_format(
        command(
            commands, "currencies", _currencies, "List currencies, their lives, and what is stored of each."
        )
    )
    runs = command(commands, "runs", _runs, "List past runs, the newest first.")
    runs.add_argument("--limit", type=words.count, default=50, metavar="N", help="how many (default: 50)")
    words.add_format(runs)
    gaps = command(
        commands,
        "gaps",
        _gaps,
        "List missing sessions, by the exchanges' calendars.",
        "Nothing is ever filled in.",
    )
    gaps.add_argument("symbol", nargs="?", metavar="SYMBOL", help="of this symbol only")
    words.add_format(gaps)


def _add_currency(to: argparse.ArgumentParser, required: bool = False) -> None:
    to.add_argument(
        "--in", dest="currency", metavar="CUR", required=required,
        help="currency or price unit, such as GBP or GBX",
    )  # fmt: skip


def _returns(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.returns import returns

    with session.reading() as opened:
        found = returns(
            opened.connection, arguments.symbol, currency=arguments.currency, first=arguments.first,
            last=arguments.last, adjust=arguments.adjust, known_at=arguments.known_at,
            policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    _result(arguments, found)
    if output.form(arguments) == "table":
        output.say("", f"from {found.head['base']}")
        output.facts(found.head["attribution"])
    return 0


def _actions(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.actions import actions, flat

    with session.reading() as opened:
        found = actions(
            opened.connection, arguments.symbol, currency=arguments.currency, known_at=arguments.known_at,
            policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    if output.form(arguments) == "csv":
        output.csv(*flat(found))
    else:
        _result(arguments, found)
    return 0


def _result(arguments: argparse.Namespace, found: Any) -> None:
    match output.form(arguments):
        case "json":
            output.json(found.as_dict())
        case "csv":
            output.csv(*found.flat())
        case _:
            output.table(found.columns, found.rows)


def _value(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.value import flat, value

    positions = positions_of(arguments.file)
    with session.reading() as opened:
        found = value(
            opened.connection, positions, currency=arguments.currency, on=arguments.on,
            known_at=arguments.known_at, max_price_age=arguments.max_price_age,
            policy=connection.policy(opened.settings, arguments.max_age_days),
        )  # fmt: skip
    match output.form(arguments):
        case "json":
            output.json(found)
        case "csv":
            output.csv(*flat(found))
        case _:
            for name in ("positions", "left_out"):
                if lines := found[name]:
                    output.say(name.replace("_", " "))
                    output.table(list(lines[0]), [list(line.values()) for line in lines])
                    output.say("")
            output.facts({name: found[name] for name in ("currency", "on", "total", "covered_share")})
    if found["left_out"]:
        output.tell(f"{len(found['left_out'])} of {len(positions)} positions are left out of the total")
    return 0


def positions_of(path: Path) -> list[tuple[str, Decimal]]:
    """The positions of a CSV file with the columns symbol and quantity; Usage names the line that is wrong."""
    import csv

    try:
        with path.open("rb") as file:
            data = file.read(POSITIONS_LIMIT + 1)
        if len(data) > POSITIONS_LIMIT:
            raise Unreadable(f"{path.name}: larger than {POSITIONS_LIMIT} bytes: no file of positions")
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name}: not UTF-8 text") from error
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise Unreadable(f"{path.name}: no CSV: {error}") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "symbol" not in header or "quantity" not in header:
        raise Usage(
            f"{path.name}: the columns symbol and quantity are needed, found: {', '.join(header) or 'none'}"
        )
    for name in ("symbol", "quantity"):
        if header.count(name) > 1:
            raise Usage(
                f"{path.name}: has {header.count(name)} columns {name}: which is meant cannot be known"
            )
    at = header.index("symbol"), header.index("quantity")
    return [
        _position(path.name, line, row, at)
        for line, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]


def _position(file: str, line: int, row: Sequence[str], at: tuple[int, int]) -> tuple[str, Decimal]:
    if len(row) <= max(at) or not row[at[0]].strip():
        raise Usage(f"{file}, line {line}: a symbol and a quantity are needed")
    try:
        return row[at[0]].strip(), words.exact(row[at[1]].strip())
    except Usage as error:
        raise Usage(f"{file}, line {line}: quantity {error}") from None


def _explain(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries.explain import between_beliefs, between_dates, flat

    known = arguments.known_at
    dates = (
        arguments.first is not None and arguments.last is not None and arguments.on is None and len(known) < 2
    )
    beliefs = arguments.on is not None and len(known) == 2 and arguments.first is arguments.last is None
    if not dates and not beliefs:
        raise Usage("give --from D --to D, or --on D --known-at T1 --known-at T2")
    with session.reading() as opened:
        common: dict[str, Any] = {
            "currency": arguments.currency, "adjust": arguments.adjust,
            "policy": connection.policy(opened.settings, arguments.max_age_days),
        }  # fmt: skip
        if dates:
            found = between_dates(
                opened.connection, arguments.symbol, first=arguments.first, last=arguments.last,
                known_at=known[0] if known else None, **common,
            )  # fmt: skip
        else:
            found = between_beliefs(
                opened.connection, arguments.symbol, on=arguments.on, known_at=(known[0], known[1]), **common
            )
    match output.form(arguments):
        case "json":
            output.json(found)
        case "csv":
            output.csv(*flat(arguments.symbol, found))
        case _:
            sides = [found["from"], found["to"]]
            output.table(list(sides[0]), [list(side.values()) for side in sides])
            output.say("")
            output.facts({"change": found["change"], **found["parts"]})
    return 0


def _currencies(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.actions import currencies

    with session.reading() as opened:
        found = currencies(opened.connection)
    columns = (
        "code",
        "name",
        "valid_from",
        "valid_to",
        "successor",
        "factor",
        "effective",
        "peg",
        "peg_rate",
        "sources",
    )
    output.objects(arguments, found, columns)
    return 0


def _runs(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.status import runs

    with session.reading() as opened:
        found = runs(opened.connection, arguments.limit)
    output.objects(arguments, found, ("run_id", "command", "started_at", "finished_at", "state", "message"))
    return 0


def _gaps(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.quality import gaps

    with session.reading() as opened:
        found = gaps(opened.connection, arguments.symbol)
    output.objects(arguments, found, ("symbol", "mic", "from", "to", "sessions", "held", "everyone"))
    return 0
