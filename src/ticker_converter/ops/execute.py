"""What each act of ops.request does: from its arguments, as the API checked them, to a call of the pipeline.

A short act and the end of its request are one transaction: killed at any instant, it is done once or not at all. A
sync ends its request afterwards, because it may be run again (P7) and must not be one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ticker_converter import acts, coverage
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.ops import request, turn, watch
from ticker_converter.ops.request import Taken
from ticker_converter.pipeline import Run
from ticker_converter.planner import Planner
from ticker_converter.queries import instruments
from ticker_converter.records import Window
from ticker_converter.settings import Settings

Progress = Callable[[str], None]
Begun = Callable[[int], None]

ANSWERS = {"accept": "accepted", "reject": "rejected", "rescale": "rescaled"}


class Lost(BaseException):
    """The request is another worker's now, or cancelled: what is under way ends; no handler of errors catches it."""


def execute(conn: Connection, settings: Settings, taken: Taken, progress: Progress, begun: Begun) -> None:
    """Do what a request asks for and write how it ended; `begun` is told the run's id. Errors are the caller's."""
    match taken.act:
        case "sync":
            _sync(conn, settings, taken, progress, begun)
        case "add":
            _add(conn, settings, taken, progress)
        case "answer":
            _answer(conn, taken, progress, begun)
        case _:
            _correct(conn, taken, progress, begun)


def _sync(conn: Connection, settings: Settings, taken: Taken, progress: Progress, begun: Begun) -> None:
    told = taken.arguments
    wanted: list[str] = list(told.get("symbols") or [])
    window = Window(_day(told.get("since")), _day(told.get("until")))
    provider = told.get("provider")

    def desk() -> tuple[Planner, int]:
        stored = coverage.stored(conn, wanted)
        made = Planner(
            stored,
            settings,
            window,
            provider=provider,
            named=bool(wanted),
            room=coverage.rooms(conn, settings),
        )
        return made, stored.seen

    desk()  # an unknown symbol or provider ends here, before a run begins
    with turn.syncing(conn, progress), Run(conn, "sync", {**told, "author": taken.author}, progress) as run:
        begun(run.report.run_id)
        run.replay(None, None, waiting_only=True)
        planner, seen = desk()
        found = planner.plan()
        run.fetch_all(
            found.calls, settings.provider_settings, instead=planner.instead, later=found.later, seen=seen
        )
    report = run.report
    state = "partly" if report.remaining or report.failed else "done"
    messages = [*found.notes, *report.messages, *map(str, report.failed)]
    result = {**report.as_dict(), "messages": messages[:100], "left": list(report.left)[:100]}
    _finish(conn, taken, state, report.run_id, msgspec.to_builtins(result))


def _add(conn: Connection, settings: Settings, taken: Taken, progress: Progress) -> None:
    told = taken.arguments
    watch.add(
        conn, settings, [told["symbol"]], told.get("provider") or "alpha_vantage", mic=told.get("mic"),
        unit=told.get("unit"), name=told.get("name"), progress=progress,
    )  # fmt: skip
    row = instruments.instrument(conn, told["symbol"])
    del row["instrument_id"]
    _finish(conn, taken, "done", None, msgspec.to_builtins(row))


def _answer(conn: Connection, taken: Taken, progress: Progress, begun: Begun) -> None:
    told = taken.arguments
    factor = Decimal(told["factor"]) if told.get("factor") is not None else None
    if (told["answer"] == "rescale") != (factor is not None):
        raise Usage("a factor goes with the answer rescale, and rescale with a factor such as 0.01 or 100")
    with Run(conn, "quarantine", told, progress) as run:
        begun(run.report.run_id)
        with conn.transaction():
            decided = run.decide(
                int(told["id"]), ANSWERS[told["answer"]], told["reason"], author=taken.author,
                all_like=bool(told.get("all_like")), factor=factor,
            )  # fmt: skip
            report = run.report.as_dict()
            counts = {name: report[name] for name in ("inserted", "unchanged", "revised", "outranked")}
            _finish(
                conn,
                taken,
                "done",
                run.report.run_id,
                {"run_id": run.report.run_id, "decided": decided, **counts},
            )


def _correct(conn: Connection, taken: Taken, progress: Progress, begun: Begun) -> None:
    told = taken.arguments
    symbol, day, reason = told["symbol"], date.fromisoformat(told["date"]), told["reason"]
    fields = {name: Decimal(text) for name, text in told["fields"].items()}
    with Run(conn, "correct", told, progress) as run:
        begun(run.report.run_id)
        with conn.transaction():
            if told.get("release"):
                acts.release(run, symbol, day, reason, author=taken.author)
            else:
                acts.correct(run, symbol, day, fields, reason, author=taken.author)
            _finish(conn, taken, "done", run.report.run_id, run.report.as_dict())


def _finish(
    conn: Connection, taken: Taken, state: str, run_id: int | None, result: Mapping[str, Any]
) -> None:
    if not request.finish(conn, taken, state, run_id=run_id, result=result):
        raise Lost


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
