"""The steps that a scheduler runs, one function a task: what is due, fetch it, publish, judge the quality, backfill.

Each takes an open connection, the settings and the interval it is run for, and returns what JSON can hold. Run again,
each finds its work done and does nothing; killed, the next try goes on. None waits for a quota: a step whose calls are
spent says until when (`waits`), and whoever scheduled it comes back then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ticker_converter import acts, coverage, fetching
from ticker_converter.coverage import Coverage, Stored
from ticker_converter.db import Connection
from ticker_converter.errors import (
    NotThere,
    Permanent,
    ProviderBusy,
    ProviderUnavailable,
    QuotaSpent,
    TickerConverterError,
)
from ticker_converter.market import sessions
from ticker_converter.pipeline import Run
from ticker_converter.planner import Planner
from ticker_converter.queries import clock, quality, status
from ticker_converter.records import Call, Kind, Window
from ticker_converter.settings import Settings

log = logging.getLogger(__name__)

SOON, LATER = timedelta(hours=1), timedelta(hours=4)
"After an exchange's close a provider is asked after an hour, or after four where it publishes late."
LATE = {"eodhd", "polygon", "stooq", "tiingo"}
"Providers whose day is there, or is final, hours after the close (each adapter's `facts.published`)."
BATCH = 20
"Symbols of one task, unless a provider's calls a minute are fewer."
PATIENCE = 3.0
"Seconds that a step sleeps for a window; a longer wait is the scheduler's."
RECENT = timedelta(days=30)
"Gaps that ended before this are known and complain no more."


@dataclass(frozen=True, slots=True)
class Interval:
    """The time a step is run for: what was closed or published by `until` is its work."""

    since: datetime
    until: datetime


Step = Callable[..., Any]


# ---- prices ----


def due(conn: Connection, settings: Settings, interval: Interval) -> list[dict[str, Any]]:
    """The symbols whose exchange has closed, whose provider has published and whose session is not stored, in batches
    that fit a minute's calls; no batch when nothing is due."""
    stored = coverage.stored(conn)
    wanted = replace(
        stored, instruments=[one for one in stored.instruments if _published(one, interval.until)]
    )
    if not wanted.instruments:
        return []
    return _batches(settings, *_planned(conn, settings, wanted, Window(), kinds=("prices", "actions")))


def prices(
    conn: Connection, settings: Settings, interval: Interval, *, symbols: Sequence[str]
) -> dict[str, Any]:
    """Fetch and load what is missing of these symbols."""

    def plan() -> tuple[Planner, list[Call], list[Call], int]:
        stored = coverage.stored(conn, symbols)
        return (*_planned(conn, settings, stored, Window(), kinds=("prices", "actions")), stored.seen)

    return _sync(conn, settings, "sync", {"symbols": [*symbols]}, plan)


def _published(one: Stored, until: datetime) -> bool:
    """Whether a session that is not stored had closed, and been published, by then."""
    name = next((name for name in one.providers if name != "files"), None)
    if name is None or one.today.listed_to is not None:
        return False
    closed = sessions.last_closed(one.mic, until - (LATER if name in LATE else SOON))
    return closed is not None and (one.last_session is None or one.last_session < closed[0])


# ---- rates ----


def rates(conn: Connection, settings: Settings, interval: Interval) -> dict[str, Any]:
    """Fetch and load the fixings that are missing, of every source of FX_SOURCES."""

    def plan() -> tuple[Planner, list[Call], list[Call], int]:
        stored = coverage.stored(conn)
        return (
            *_planned(conn, settings, replace(stored, instruments=()), Window(), kinds=("rates",)),
            stored.seen,
        )

    return _sync(conn, settings, "sync", {"kind": "rates"}, plan)


# ---- backfill ----


def history(
    conn: Connection, settings: Settings, interval: Interval, *, symbols: Sequence[str] | None = None,
    since: str, until: str | None = None, provider: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The symbols (default: the whole list) that lack a session of the range, in batches; each can be run again."""
    window = _window(since, until)
    stored = coverage.stored(conn, symbols or (), history=window)
    found = _planned(conn, settings, stored, window, kinds=("prices",), provider=provider, history=True)
    told = {"since": since, "until": until, "provider": provider}
    return [batch | told for batch in _batches(settings, *found)]


def backfill(
    conn: Connection, settings: Settings, interval: Interval, *, symbols: Sequence[str], since: str,
    until: str | None = None, provider: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Fetch and load the sessions of the range that these symbols lack; what is stored is not asked for."""
    window = _window(since, until)

    def plan() -> tuple[Planner, list[Call], list[Call], int]:
        stored = coverage.stored(conn, symbols, history=window)
        found = _planned(conn, settings, stored, window, kinds=("prices",), provider=provider, history=True)
        return (*found, stored.seen)

    told = {"symbols": [*symbols], "provider": provider, "since": since, "until": until or ""}
    return _sync(conn, settings, "backfill", told, plan)


def _window(since: str, until: str | None) -> Window:
    return Window(date.fromisoformat(since), date.fromisoformat(until) if until else None)


# ---- after the loads ----


def publish(conn: Connection, settings: Settings, interval: Interval) -> dict[str, Any]:
    """Load what was landed by a run that was stopped, and say what readers see now."""
    with Run(conn, "publish", {"until": str(interval.until)}, log.info) as run:
        run.replay(None, None, waiting_only=True)
    _raise(run.report.failed)
    _, published_at, version = clock.state(conn)
    return {
        "version": version, "published_at": published_at.isoformat() if published_at else None, **run.report.as_dict(),
    }  # fmt: skip


def rules(conn: Connection, settings: Settings, interval: Interval) -> dict[str, Any]:
    """Run the quality rules over what is stored; NotThere when they find something new."""
    with Run(conn, "check", {"until": str(interval.until)}, log.info) as run:
        found = acts.check(run, settings.fx_sources)
    if new := {name: number for name, number in found.items() if number}:
        told = ", ".join(f"{name} {number}" for name, number in sorted(new.items()))
        raise NotThere(
            f"the rules found anew: {told}; `ticker-converter check` lists them, "
            "`ticker-converter quarantine list` what waits for an answer"
        )
    return found


def gaps(conn: Connection, settings: Settings, interval: Interval) -> dict[str, Any]:
    """NotThere when sessions of the last 30 days are missing. An exchange's newest session may be on its way for a
    day: more than one session late is what `freshness` tells."""
    first, newest = (interval.until - RECENT).date(), (interval.until - timedelta(days=1)).date()
    found = [
        one for one in quality.gaps(conn)
        if one["to"] >= first and not (one["symbol"] is None and one["sessions"] == 1 and one["to"] >= newest)
    ]  # fmt: skip
    if found:
        _complain(
            "sessions are missing",
            (f"{one['symbol'] or one['mic']} {one['from']} to {one['to']}" for one in found),
            "`ticker-converter backfill SYMBOL --since D` asks for them, `ticker-converter gaps` lists all",
        )
    return {"gaps": 0}


def freshness(conn: Connection, settings: Settings, interval: Interval) -> dict[str, Any]:
    """NotThere when an instrument that is fetched is more than one session behind."""
    rows = status.status(conn)["instruments"]
    late = [row for row in rows if (row["sessions_behind"] or 0) > 1 and set(row["providers"]) != {"files"}]
    if late:
        _complain(
            "behind their exchanges",
            (f"{row['symbol']} by {row['sessions_behind']} sessions" for row in late),
            "`ticker-converter status` shows quotas and the last runs, `ticker-converter sync` asks again",
        )
    return {"fresh": len(rows)}


def _complain(what: str, found: Iterable[str], do: str) -> None:
    lines = list(found)
    for line in lines:
        log.error("%s: %s", what, line)
    raise NotThere(f"{what}: {', '.join(lines[:5])}{' and more' if len(lines) > 5 else ''}; {do}")


# ---- what they share ----


def _planned(
    conn: Connection, settings: Settings, stored: Coverage, window: Window, *, kinds: Sequence[Kind],
    provider: str | None = None, history: bool = False,
) -> tuple[Planner, list[Call], list[Call]]:  # fmt: skip
    """Who decides, the calls of these kinds to make now, and those that no call is left for."""
    desk = Planner(
        stored, settings, window, provider=provider, named=history, history=history,
        room=coverage.rooms(conn, settings),
    )  # fmt: skip
    found = desk.plan()
    for note in found.notes:
        log.info("%s", note)
    return desk, [c for c in found.calls if c.kind in kinds], [c for c in found.later if c.kind in kinds]


def _batches(
    settings: Settings, desk: Planner, calls: Sequence[Call], later: Sequence[Call]
) -> list[dict[str, Any]]:
    """The symbols that calls are about, by provider, as many together as a minute has calls for."""
    cost: dict[str, dict[str, int]] = {}
    seen: set[str] = set()
    for call in (*calls, *later):
        symbol = desk.whose(call)
        if symbol is not None and (symbol not in seen or symbol in cost.get(call.provider, {})):
            seen.add(symbol)
            of = cost.setdefault(call.provider, {})
            of[symbol] = of.get(symbol, 0) + 1
    batches: list[dict[str, Any]] = []
    for provider, symbols in cost.items():
        a_minute = fetching.limits(provider, settings.provider_settings(provider)).per_minute or BATCH
        batch, spent = list[str](), 0
        for symbol, number in symbols.items():
            if batch and (spent + number > a_minute or len(batch) == BATCH):
                batches.append({"symbols": batch})
                batch, spent = [], 0
            batch.append(symbol)
            spent += number
        batches.append({"symbols": batch})
    return batches


def _sync(
    conn: Connection, settings: Settings, command: str, told: Mapping[str, object],
    plan: Callable[[], tuple[Planner, list[Call], list[Call], int]],
) -> dict[str, Any]:  # fmt: skip
    """Load what was landed before, then plan and fetch; `waits` names the provider whose quota is spent and until when.
    A failure is raised after everything else was tried: what may pass first, so that it is tried again."""
    with Run(conn, command, told, log.info) as run:
        run.replay(None, None, waiting_only=True)
        desk, calls, later, seen = plan()
        run.fetch_all(
            calls, settings.provider_settings, instead=desk.instead, later=later, seen=seen, patience=PATIENCE
        )
    report = run.report
    for message in report.messages:
        log.info("%s", message)
    failed = [error for error in report.failed if not isinstance(error, QuotaSpent | ProviderBusy)]
    _raise(failed)
    waits = None
    if report.left:
        opens = {one: _opens(conn, settings, one) for one in {str(left["provider"]) for left in report.left}}
        provider = min(opens, key=lambda name: opens[name])
        waits = {"provider": provider, "until": opens[provider].isoformat()}
    return report.as_dict() | {"waits": waits}


def _raise(failed: Sequence[TickerConverterError]) -> None:
    for error in failed:
        log.error("%s", error)
    for error in failed:
        if isinstance(error, Permanent):
            raise error
    if failed:
        raise failed[0]


def _opens(conn: Connection, settings: Settings, provider: str) -> datetime:
    """When a provider's next call may go, with any of its keys."""
    rooms = fetching.rooms(conn, provider, settings.provider_settings(provider)).values()
    now = datetime.now(UTC)
    return min(one.resets if one.left == 0 else now + timedelta(seconds=one.wait) for one in rooms)


def late_rates(conn: Connection, settings: Settings, interval: Interval) -> dict[str, Any]:
    """ProviderUnavailable while a fixing of the ECB that was due by the interval's end is not stored."""
    closed = sessions.last_closed("TARGET", interval.until - timedelta(minutes=30))
    stored = coverage.stored(conn).rates_until.get("ecb")
    if "ecb" in settings.fx_sources and closed is not None and (stored is None or stored < closed[0]):
        raise ProviderUnavailable(
            f"ecb: the rates of {closed[0]} are not there; the last stored are of {stored}: it is asked again later"
        )
    return {"until": str(stored)}
