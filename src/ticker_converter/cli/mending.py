"""correct, edit, check: a person's corrections, and the rules over what is stored."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Usage

FIELDS = ("open", "high", "low", "close", "volume")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    correct = command(
        commands, "correct", _correct, "Correct a stored bar; no import changes it until it is released.",
        "`correct SYMBOL D --close X --reason TEXT`, and `correct release SYMBOL D`.",
    )  # fmt: skip
    correct.add_argument(
        "words", nargs="+", metavar="SYMBOL D", help="the bar; after `release`, the bar let go"
    )
    for field in FIELDS:
        correct.add_argument(
            f"--{field}", type=words.number, metavar="X", help=f"the right {field} (default: as stored)"
        )
    correct.add_argument("--reason", metavar="TEXT", help="why; kept with the correction")
    words.add_format(correct)

    edit = command(
        commands, "edit", _edit, "Mend a wrong unit, exchange or name, or change the order of providers.",
        "What is stored stays readable as it was known.",
    )  # fmt: skip
    edit.add_argument("symbol", metavar="SYMBOL", help="such as AAPL, VOD.L or 7203.T")
    edit.add_argument("--unit", metavar="U", help="the unit its numbers are really in, such as GBX")
    edit.add_argument("--mic", metavar="M", help="its exchange, such as XLON")
    edit.add_argument("--name", metavar="N", help="its name")
    edit.add_argument(
        "--providers", metavar="P1,P2", help="in order of preference: the first that states a bar stands"
    )
    edit.add_argument(
        "--shadow", metavar="P1,P2",
        help="fetched beside the first provider and compared by `check`, never used; '' ends it",
    )  # fmt: skip
    edit.add_argument(
        "--from", dest="valid_from", type=words.day, metavar="D",
        help="with --unit, --providers, --symbol or --symbol-at: from this day on; what is before stays as it is",
    )  # fmt: skip
    edit.add_argument("--symbol", dest="new", metavar="NEW", help="its symbol from D on (--from): a rename")
    edit.add_argument(
        "--symbol-at", action="append", metavar="PROVIDER=TICKER",
        help="what a provider calls it, from D on (--from) or always; may be given several times",
    )  # fmt: skip
    edit.add_argument("--delisted", type=words.day, metavar="D", help="its last day; its history stays")
    edit.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the change")
    words.add_format(edit)

    check = command(
        commands, "check", _check, "Run the rules over what is stored.",
        "Unit jumps are judged again along every series; large moves, sources that disagree and gaps are findings.",
    )  # fmt: skip
    words.add_format(check)


def _correct(arguments: argparse.Namespace) -> int:
    given, letting_go = list(arguments.words), arguments.words[0] == "release"
    if letting_go:
        given.pop(0)
    if len(given) != 2:
        raise Usage("`correct SYMBOL D --close X --reason TEXT` or `correct release SYMBOL D` is expected")
    symbol, text = given
    try:
        day = words.day(text)
    except argparse.ArgumentTypeError as error:
        raise Usage(str(error)) from None
    fields = {name: getattr(arguments, name) for name in FIELDS if getattr(arguments, name) is not None}
    if letting_go and fields:
        raise Usage("`correct release` takes no prices: it lets the providers' own stand again")
    if not letting_go and not fields:
        raise Usage("nothing to correct: give --close, --open, --high, --low or --volume")
    if not letting_go and not arguments.reason:
        raise Usage("--reason TEXT is needed: it is kept with the correction")
    from ticker_converter import acts
    from ticker_converter.cli.session import author

    told = {"symbol": symbol, "day": str(day), "release": letting_go} | {
        name: str(x) for name, x in fields.items()
    }
    if letting_go:
        reason = arguments.reason or "released"
        return _act(
            arguments, "correct", told, lambda run: acts.release(run, symbol, day, reason, author=author())
        )
    return _act(
        arguments, "correct", told,
        lambda run: acts.correct(run, symbol, day, fields, arguments.reason, author=author()),
    )  # fmt: skip


def _edit(arguments: argparse.Namespace) -> int:
    from ticker_converter import acts
    from ticker_converter.cli.session import author

    if arguments.new or arguments.symbol_at or arguments.delisted:
        return _rename(arguments)
    names = ("unit", "mic", "name", "providers", "shadow", "valid_from")
    told = {name: str(getattr(arguments, name)) for name in names if getattr(arguments, name) is not None}
    order, shadows = (
        [name.strip() for name in given.split(",") if name.strip()] if given is not None else None
        for given in (arguments.providers, arguments.shadow)
    )
    if order == []:
        raise Usage("--providers needs at least one provider: `files` is one that is never fetched")
    return _act(
        arguments, "edit", {"symbol": arguments.symbol, **told},
        lambda run: acts.edit(
            run, arguments.symbol, arguments.reason, author=author(), unit=arguments.unit, mic=arguments.mic,
            name=arguments.name, providers=order, shadows=shadows, valid_from=arguments.valid_from,
        ),
    )  # fmt: skip


def _rename(arguments: argparse.Namespace) -> int:
    from ticker_converter import acts
    from ticker_converter.cli.session import author

    others = ("unit", "mic", "name", "providers", "shadow")
    if any(getattr(arguments, name) is not None for name in others):
        raise Usage(
            "a name over time is edited by itself: --symbol, --symbol-at and --delisted take --from alone"
        )
    at: dict[str, str] = {}
    for pair in arguments.symbol_at or ():
        provider, equals, ticker = pair.partition("=")
        if not (provider and equals and ticker):
            raise Usage(f"--symbol-at {pair!r}: PROVIDER=TICKER is expected, such as tiingo=META")
        at[provider] = ticker
    told = {"symbol": arguments.symbol, "new": arguments.new, "symbol_at": at, "from": arguments.valid_from,
            "delisted": arguments.delisted}  # fmt: skip
    return _act(
        arguments, "edit", {name: value if value == at else str(value) for name, value in told.items() if value},
        lambda run: acts.rename(
            run, arguments.symbol, arguments.reason, author=author(), new=arguments.new, names_at=at,
            delisted=arguments.delisted, since=arguments.valid_from,
        ),
    )  # fmt: skip


def undo(arguments: argparse.Namespace) -> int:
    """Take a run back: `import undo RUN_ID --reason TEXT`."""
    from ticker_converter import acts
    from ticker_converter.cli.session import author

    return _act(
        arguments, "import undo", {"run_id": arguments.run_id},
        lambda run: acts.undo(run, arguments.run_id, arguments.reason, author=author()),
    )  # fmt: skip


def _check(arguments: argparse.Namespace) -> int:
    from ticker_converter import acts
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run
    from ticker_converter.queries.quality import findings, gaps

    with (
        session.writing() as opened,
        session.Progress() as progress,
        Run(opened.connection, "check", {}, progress) as run,
    ):
        found: dict[str, Any] = {
            "run_id": run.report.run_id,
            "new": acts.check(run, opened.settings.fx_sources),
        }
    with session.reading() as opened:
        found["findings"] = findings(opened.connection)
        found["gaps"] = gaps(opened.connection)
    match output.form(arguments):
        case "json":
            output.json(found)
        case "csv":
            names = ("rule", "subject", "day", "evidence", "run_id")
            output.csv(names, ([line[name] for name in names] for line in found["findings"]))
        case _:
            output.facts(
                {"run_id": found["run_id"], **{f"new {rule}": n for rule, n in found["new"].items()}}
            )
            for name in ("findings", "gaps"):
                if found[name]:
                    output.say("", name)
                    output.table(list(found[name][0]), [list(line.values()) for line in found[name]])
    output.tell(*run.report.messages)
    return 0


def _act(arguments: argparse.Namespace, name: str, told: dict[str, Any], act: Callable[[Any], object]) -> int:
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run

    with (
        session.writing() as opened,
        session.Progress() as progress,
        Run(opened.connection, name, told, progress) as run,
    ):
        act(run)
    report = run.report.as_dict()
    if output.form(arguments) == "table":
        output.facts(report)
    else:
        output.objects(arguments, [report], list(report), one=True)
    output.tell(*run.report.messages)
    return 0
