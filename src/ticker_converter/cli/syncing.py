"""sync and replay: fetch what is missing within the quotas, or read again what has been fetched."""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from ticker_converter.cli import output, words
from ticker_converter.cli.importing import finish
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Usage

if TYPE_CHECKING:
    from ticker_converter.planner import Plan


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    sync = command(
        commands, "sync", _sync, "Fetch what is missing of the watch list, and the ECB's rates.",
        "What a run that was stopped had fetched is loaded first.",
    )  # fmt: skip
    sync.add_argument(
        "symbols", nargs="*", metavar="SYMBOL", help="these only (default: the whole watch list)"
    )
    sync.add_argument("--provider", metavar="P", help="calls to this provider only")
    sync.add_argument("--since", type=words.day, metavar="D", help="from this day on")
    sync.add_argument("--until", type=words.day, metavar="D", help="up to this day")
    sync.add_argument("--dry-run", action="store_true", help="print the calls it would make, and make none")
    words.add_format(sync)
    replay = command(
        commands, "replay", _replay, "Read what was landed again with today's parsers; no call is made."
    )
    replay.add_argument("--provider", metavar="P", help="payloads of this provider only")
    replay.add_argument(
        "--since", type=words.day, metavar="D", help="payloads that came on this day or later"
    )
    words.add_format(replay)


def _sync(arguments: argparse.Namespace) -> int:
    if arguments.since and arguments.until and arguments.since > arguments.until:
        raise Usage(f"--since {arguments.since} is after --until {arguments.until}")
    from ticker_converter import planner
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run
    from ticker_converter.records import Window

    with session.writing() as opened, session.Progress() as progress:
        conn, settings = opened.connection, opened.settings
        window = Window(arguments.since, arguments.until)

        def planned() -> Plan:
            return planner.plan(
                planner.stored(conn, arguments.symbols), settings, window, provider=arguments.provider,
                named=bool(arguments.symbols),
            )  # fmt: skip

        if arguments.dry_run:
            found = planned()
            left = {name: planner.left(conn, name, settings) for name in found.providers}
            return _show(arguments, found, left)
        told = {
            "symbols": arguments.symbols, "provider": arguments.provider,
            "since": str(arguments.since or ""), "until": str(arguments.until or ""),
        }  # fmt: skip
        planned()  # an unknown symbol or provider ends here, before a run begins
        with Run(conn, "sync", told, progress) as run:
            run.replay(None, None, waiting_only=True)
            found = planned()
            run.fetch_all(found.calls, settings.provider_settings)
    output.tell(*found.notes)
    done = sum(run.report.calls.values()) > len(run.report.failed)
    code = finish(arguments, run.report, run.report.failed)
    if run.report.failed:
        return 3 if done or run.report.remaining else run.report.failed[0].exit_code
    return code


def _show(arguments: argparse.Namespace, found: Plan, left: dict[str, int | None]) -> int:
    columns = ("provider", "kind", "symbol", "why", "url")
    rows = [{name: getattr(call, name) for name in columns} for call in found.calls]
    numbers = Counter(call.provider for call in found.calls)
    match output.form(arguments):
        case "json":
            output.json({"calls": rows, "spends": dict(numbers), "left": left})
        case "csv":
            output.csv(columns, ([*row.values()] for row in rows))
        case _:
            output.table(columns, [list(row.values()) for row in rows])
    for name, number in numbers.items():
        room = "" if left[name] is None else f", {left[name]} left today"
        output.tell(f"{name}: {number} call{'' if number == 1 else 's'}{room}")
    output.tell(*found.notes)
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from ticker_converter import providers
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run

    if arguments.provider is not None:
        providers.provider(arguments.provider)
    since = datetime.combine(arguments.since, time(), UTC) if arguments.since else None
    told = {"provider": arguments.provider, "since": str(arguments.since or "")}
    with (
        session.writing() as opened,
        session.Progress() as progress,
        Run(opened.connection, "replay", told, progress) as run,
    ):
        run.replay(arguments.provider, since)
    return finish(arguments, run.report, run.report.failed)
