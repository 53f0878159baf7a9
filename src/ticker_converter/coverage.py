"""What a plan is made from: what is stored, what providers said last, and what their quotas leave. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ticker_converter import fetching, providers, sql
from ticker_converter.db import Connection
from ticker_converter.landing import refusals
from ticker_converter.landing.refusals import Refusal
from ticker_converter.market import sessions
from ticker_converter.records import Window
from ticker_converter.settings import Settings
from ticker_converter.warehouse import instruments, names
from ticker_converter.warehouse.names import Today

ANNOUNCED = timedelta(days=3)
"Lists of actions are also asked for again once in these days before an announced ex-date."


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an instrument: its first and last session, or None. `missing`: the span of sessions that a
    backfill lacks; `ex_date`: of the next action that was announced; `place`: its place on the list."""

    symbol: str
    mic: str | None
    providers: tuple[str, ...]
    last_session: date | None = None
    first_session: date | None = None
    shadows: tuple[str, ...] = ()
    missing: tuple[date, date] | None = None
    ex_date: date | None = None
    place: int = 0
    today: Today = Today()
    "What providers call it today, where that was recorded."


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is stored of all that may be asked for. `loaded`: when each request last brought something; `answered`:
    when a provider last answered to a kind of call about a symbol; `refused`: what providers said no to; `seen`: the
    last delivery."""

    instruments: Sequence[Stored]
    rates_until: Mapping[str, date] = field(default_factory=dict)
    loaded: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    answered: Mapping[tuple[str, str, str], datetime] = field(default_factory=dict)
    refused: Sequence[Refusal] = ()
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """Calls that a provider's keys still allow (None: no limit), when more are free, and how many a day brings."""

    left: int | None = None
    resets: datetime | None = None
    a_day: int | None = None
    a_minute: int | None = None


def stored(conn: Connection, wanted: Sequence[str] = (), *, history: Window | None = None) -> Coverage:
    """What is stored of the watch list, or of the instruments named; UnknownSymbol for one that is not on the list.
    `history`: also which sessions of this window are missing."""
    spans = {row[0]: row[1:] for row in conn.execute(sql.load("warehouse/stored_spans")).fetchall()}
    soon: dict[str, date] = dict(
        conn.execute(sql.load("warehouse/announced"), {"days": ANNOUNCED.days}).fetchall()
    )
    listed = [instruments.get(conn, symbol) for symbol in dict.fromkeys(wanted)] or instruments.listed(conn)
    found, called = [], names.today(conn)
    for one in listed:
        place, first, last, shadows = spans[one.symbol]
        missing = _missing(conn, one.symbol, one.mic, last, history) if history else None
        ex_date = soon.get(one.symbol)
        found.append(
            Stored(
                one.symbol,
                one.mic,
                one.providers,
                last,
                first,
                tuple(shadows),
                missing,
                ex_date,
                place,
                called.get(one.symbol, Today()),
            )
        )
    return Coverage(
        found,
        dict(conn.execute(sql.load("warehouse/last_rates")).fetchall()),
        {(row[0], row[1]): row[2] for row in conn.execute(sql.load("landing/requests_loaded")).fetchall()},
        {
            (row[0], row[1], row[2]): row[3]
            for row in conn.execute(sql.load("landing/requests_answered")).fetchall()
        },
        refusals.remembered(conn),
        refusals.seen(conn),
    )


def _missing(
    conn: Connection, symbol: str, mic: str | None, last: date | None, window: Window
) -> tuple[date, date] | None:
    """The span of a window's sessions that are not stored: up to the last stored one, which a sync goes on from."""
    until = window.until or last or datetime.now(UTC).date() - timedelta(days=1)
    since = window.since or date.min
    known = [day for day, _ in sessions.sessions(mic, since, until)] if mic else []
    if not known:  # no calendar: every weekday may have been one
        first = max(since, date(1970, 1, 1))
        days = (date.fromordinal(n) for n in range(first.toordinal(), until.toordinal() + 1))
        known = [day for day in days if day.isoweekday() < 6]
    row = conn.execute(
        sql.load("warehouse/sessions_missing"), {"symbol": symbol, "sessions": known}
    ).fetchone()
    assert row is not None
    return None if row[0] is None else (row[0], row[1])


def room(conn: Connection, provider: str, settings: Settings) -> Room:
    """What the provider's keys together still allow."""
    given = settings.provider_settings(provider)
    each = fetching.rooms(conn, provider, given)
    stated = fetching.limits(provider, given)
    lefts = [one.left for one in each.values()]
    left = None if any(n is None for n in lefts) else sum(n or 0 for n in lefts)
    a_day = min(
        (n for n in (stated.per_day, stated.per_hour and stated.per_hour * 24) if n is not None), default=None
    )
    return Room(
        left, min(one.resets for one in each.values()), a_day and a_day * len(each), stated.per_minute
    )


def rooms(conn: Connection, settings: Settings) -> dict[str, Room]:
    """Of each provider that is fetched from."""
    return {name: room(conn, name, settings) for name in providers.names() if name != "files"}


def ledger(conn: Connection, provider: str, settings: Settings) -> dict[str, object]:
    """A provider's quota as `status` shows it: calls left over all keys (None: no limit), sent since its midnight, when
    more are free, how many keys it has, and what it has closed, in its own words."""
    given = settings.provider_settings(provider)
    each = fetching.rooms(conn, provider, given)
    total = room(conn, provider, settings)
    stated = fetching.limits(provider, given)
    words = {"provider": provider, "time_zone": stated.time_zone}
    (sent,) = conn.execute(sql.load("landing/quota_sent"), words).fetchone() or (0,)
    return {
        "provider": provider, "calls_left": total.left, "calls_today": sent, "keys": len(each),
        "resets": total.resets if total.left is not None else None,
        "closed": "; ".join(dict.fromkeys(one.message for one in each.values() if one.message)) or None,
    }  # fmt: skip


def ledgers(conn: Connection, settings: Settings) -> list[dict[str, object]]:
    """Of each provider that is asked."""
    return [
        ledger(conn, name, settings)
        for name in providers.names()
        if name not in ("files", "lean") and _asked(name, settings)
    ]


def _asked(name: str, settings: Settings) -> bool:
    """Whether a provider is asked at all: one that takes a key has one, one that is off by default is on."""
    given = settings.provider_settings(name)
    if name in settings.unofficial_sources or given.get("api_key"):
        return True
    facts = getattr(providers.provider(name), "facts", None)
    return not hasattr(settings, f"{name}_api_key") and (facts is None or facts.official)
