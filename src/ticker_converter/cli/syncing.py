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
    from ticker_converter.db import Connection
    from ticker_converter.planner import Plan, Planner
    from ticker_converter.settings import Settings


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    sync = command(
        commands, "sync", _sync, "Fetch what is missing of the watch list, and the ECB's rates.",
        "What a run that was stopped had fetched is loaded first. A symbol or provider that is named is asked for even "
        "if it was refused before.",
    )  # fmt: skip
    sync.add_argument(
        "symbols", nargs="*", metavar="SYMBOL", help="these only (default: the whole watch list)"
    )
    backfill = command(
        commands, "backfill", _sync, "Fetch the history that is missing of symbols.",
        "What the quotas do not allow now is left, and it is said when the last can be fetched; the same words again "
        "go on from there.",
    )  # fmt: skip
    backfill.add_argument("symbols", nargs="+", metavar="SYMBOL", help="symbols of the watch list")
    for one, history in ((sync, False), (backfill, True)):
        one.add_argument("--provider", metavar="P", help="calls to this provider only")
        one.add_argument("--since", type=words.day, metavar="D", required=history, help="from this day on")
        one.add_argument("--until", type=words.day, metavar="D", help="up to this day")
        one.add_argument(
            "--dry-run", action="store_true", help="print the calls it would make, and make none"
        )
        words.add_format(one)
        one.set_defaults(history=history)
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
    from ticker_converter.cli import pacing, session
    from ticker_converter.ops import turn
    from ticker_converter.pipeline import Run

    name = "backfill" if arguments.history else "sync"
    with session.writing() as opened, session.Progress() as progress:
        conn, settings = opened.connection, opened.settings
        if arguments.dry_run:
            desk, _ = _desk(arguments, conn, settings)
            return _show(arguments, desk, desk.plan())
        told = {
            "symbols": arguments.symbols, "provider": arguments.provider,
            "since": str(arguments.since or ""), "until": str(arguments.until or ""),
        }  # fmt: skip
        _desk(arguments, conn, settings)  # an unknown symbol or provider ends here, before a run begins
        with turn.syncing(conn, progress), Run(conn, name, told, progress) as run:
            run.replay(None, None, waiting_only=True)
            desk, seen = _desk(arguments, conn, settings)
            found = desk.plan()
            run.progress = pacing.Calls(progress, found.calls, desk.room)
            run.fetch_all(
                found.calls, settings.provider_settings, instead=desk.instead, later=found.later, seen=seen
            )
    output.tell(*found.notes)
    for left in run.report.left:
        about = " ".join(str(left[word]) for word in ("provider", "kind", "symbol") if left[word])
        output.tell(f"remains: {about}: {left['why']}")
    done = sum(run.report.calls.values()) > len(run.report.failed)
    code = finish(arguments, run.report, run.report.failed)
    if run.report.failed:
        return 3 if done or run.report.remaining else run.report.failed[0].exit_code
    return code


def _desk(arguments: argparse.Namespace, conn: Connection, settings: Settings) -> tuple[Planner, int]:
    """Who decides what to fetch, and the last delivery that was known then."""
    from ticker_converter import coverage
    from ticker_converter.planner import Planner
    from ticker_converter.records import Window

    window = Window(arguments.since, arguments.until)
    stored = coverage.stored(conn, arguments.symbols, history=window if arguments.history else None)
    desk = Planner(
        stored, settings, window, provider=arguments.provider, named=bool(arguments.symbols),
        history=arguments.history, room=coverage.rooms(conn, settings),
    )  # fmt: skip
    return desk, stored.seen


def _show(arguments: argparse.Namespace, desk: Planner, found: Plan) -> int:
    columns = ("provider", "kind", "symbol", "why", "url")
    rows = [{name: getattr(call, name) for name in columns} for call in found.calls]
    numbers = Counter(call.provider for call in found.calls)
    left = {name: desk.room[name].left for name in found.providers}
    match output.form(arguments):
        case "json":
            later = [{name: getattr(call, name) for name in columns} for call in found.later]
            told = {"calls": rows, "spends": dict(numbers), "left": left}
            output.json(told | {"later": later, "finish": dict(found.finish)})
        case "csv":
            output.csv(columns, ([*row.values()] for row in rows))
        case _:
            output.table(columns, [list(row.values()) for row in rows])
    for name, number in numbers.items():
        line = f"{name}: {number} call{'' if number == 1 else 's'}"
        line += "" if left[name] is None else f", {left[name]} left today"
        if (slow := desk.room[name].a_minute) and number > slow:
            line += f", about {-(-number // slow)} minutes at {slow} a minute"
        output.tell(line)
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
