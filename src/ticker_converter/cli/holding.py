"""quarantine and calendar: what was held back and why, and a person's answer."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command, group
from ticker_converter.errors import Usage

STATES = ("held", "accepted", "rejected", "rescaled", "superseded")
_COLUMNS = ("id", "symbol", "date", "reason", "state", "values", "run_id")
_ANSWERS = {
    "accept": ("accepted", "Take a held row as it is."),
    "reject": ("rejected", "Leave a held row out for good."),
    "rescale": ("rescaled", "Take a held row with its prices multiplied by FACTOR."),
}


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    quarantine = group(commands, "quarantine", "Show what was held back, and answer it.")
    listing = command(quarantine, "list", _list, "List the rows that were held back, with the evidence.")
    listing.add_argument("--state", choices=STATES, help="those in this state only")
    listing.add_argument("--symbol", metavar="S", help="those of this symbol (or pair, such as EUR/USD) only")
    listing.add_argument("--reason", metavar="R", help="those held for this reason only")
    listing.add_argument(
        "--run", dest="run_id", type=words.count, metavar="RUN_ID", help="those of this run only"
    )
    words.add_format(listing)
    show = command(
        quarantine, "show", _show, "Show one row that was held back, with all that is known of it."
    )
    show.add_argument("id", type=words.count, metavar="ID", help="its number in `quarantine list`")
    words.add_format(show)
    for name, (state, told) in _ANSWERS.items():
        answer = command(quarantine, name, _answer, told)
        if name == "rescale":
            answer.add_argument(
                "words", nargs="+", metavar="ID FACTOR", help="the row, and for example 0.01 or 100"
            )
        else:
            answer.add_argument("words", nargs="*", metavar="ID", help="its number in `quarantine list`")
        answer.add_argument(
            "--all-like", nargs="?", const="", metavar="ID",
            help="the same for every held row like it: same symbol, provider, reason and change of unit",
        )  # fmt: skip
        answer.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the answer")
        words.add_format(answer)
        answer.set_defaults(state=state)
    calendar = group(commands, "calendar", "Mend what is known of an exchange's sessions.")
    admit = command(
        calendar,
        "admit",
        _admit,
        "Say that an exchange did trade on a day: the bars held for it are released.",
    )
    admit.add_argument("mic", metavar="MIC", help="market identifier code, such as XNYS")
    admit.add_argument("day", type=words.day, metavar="DATE", help="the day")
    admit.add_argument(
        "--reason", default="the exchange traded", metavar="TEXT", help="why; kept with the answer"
    )
    words.add_format(admit)


def _list(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.quarantine import quarantine

    with session.reading() as opened:
        found = quarantine(
            opened.connection, state=arguments.state, symbol=arguments.symbol, reason=arguments.reason,
            run_id=arguments.run_id,
        )  # fmt: skip
    _print(arguments, found)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.queries.quarantine import entry

    with session.reading() as opened:
        found = entry(opened.connection, arguments.id)
    match output.form(arguments):
        case "table":
            output.facts(found)
        case "json":
            output.json(found)
        case _:
            output.csv(list(found), [list(found.values())])
    return 0


def _print(arguments: argparse.Namespace, found: list[dict[str, Any]]) -> None:
    if output.form(arguments) != "table":
        output.objects(
            arguments, found, ("id", "symbol", "date", "reason", "evidence", "payload", "run_id", "state")
        )
        return
    output.table(
        _COLUMNS, [[{**row, "values": _values(row["evidence"])}[name] for name in _COLUMNS] for row in found]
    )


def _values(evidence: dict[str, Any]) -> str:
    """The row as published, in short."""
    row = evidence["content"]
    skipped = {"symbol", "date", "base", "quote"}
    return " ".join(
        f"{name} {output.plain(value)}"
        for name, value in row.items()
        if value is not None and name not in skipped
    )


def _answer(arguments: argparse.Namespace) -> int:
    given = list(arguments.words)
    factor = None
    if arguments.state == "rescaled":
        factor = words.exact(given.pop())
        if factor <= 0 or factor == 1:
            raise Usage(f"FACTOR {factor}: a number above 0 other than 1 is expected, such as 0.01")
    if arguments.all_like:
        given.append(arguments.all_like)
    ids = {_id(word) for word in given}
    if len(ids) != 1:
        raise Usage("one row is answered at a time: name its ID, and with --all-like those like it follow")
    return _decide(arguments, ids.pop(), factor)


def _decide(arguments: argparse.Namespace, quarantine_id: int, factor: Decimal | None) -> int:
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run

    told = {
        "id": quarantine_id, "state": arguments.state, "all_like": arguments.all_like is not None,
        "factor": None if factor is None else str(factor),
    }  # fmt: skip
    with (
        session.writing() as opened,
        session.Progress() as progress,
        Run(opened.connection, "quarantine", told, progress) as run,
    ):
        decided = run.decide(
            quarantine_id, arguments.state, arguments.reason, author=session.author(),
            all_like=arguments.all_like is not None, factor=factor,
        )  # fmt: skip
    return _decided(arguments, run, decided)


def _admit(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run

    told = {"mic": arguments.mic, "day": str(arguments.day)}
    with (
        session.writing() as opened,
        session.Progress() as progress,
        Run(opened.connection, "calendar admit", told, progress) as run,
    ):
        decided = run.admit(arguments.mic, arguments.day, arguments.reason, author=session.author())
    return _decided(arguments, run, decided)


def _decided(arguments: argparse.Namespace, run: Any, decided: list[int]) -> int:
    found = {"run_id": run.report.run_id, "decided": decided, **_counts(run.report.as_dict())}
    if output.form(arguments) == "table":
        output.facts(found)
    else:
        output.objects(arguments, [found], list(found), one=True)
    output.tell(*run.report.messages)
    return 0


def _counts(report: dict[str, Any]) -> dict[str, Any]:
    return {name: report[name] for name in ("inserted", "unchanged", "revised", "outranked")}


def _id(word: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 9:
        raise Usage(f"{word!r} is no ID: `ticker-converter quarantine list` shows them")
    return int(word)
