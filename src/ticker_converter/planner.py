"""Which calls a sync makes, in which order: decided from what is stored, before anything is fetched.

`plan` is a pure function; `stored` and `left` read what it and a person need to know. A provider says which calls bring
what (`calls`); here it is decided for what to ask, and what not to spend a call on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ticker_converter import providers, sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.landing import quota
from ticker_converter.market import symbols
from ticker_converter.records import Call, Window
from ticker_converter.settings import Settings
from ticker_converter.warehouse import instruments

ACTIONS_AFTER = timedelta(days=30)
"Whole lists of splits and dividends are asked for again after this time."


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an instrument: its last session, or None."""

    symbol: str
    mic: str | None
    providers: tuple[str, ...]
    last_session: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is stored of all that may be asked for; `loaded` tells when each request last brought something."""

    instruments: Sequence[Stored]
    rates_until: Mapping[str, date] = field(default_factory=dict)
    loaded: Mapping[tuple[str, str], datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls in order, the providers they concern, and what a person should know."""

    calls: Sequence[Call]
    providers: Sequence[str]
    notes: Sequence[str] = ()


def plan(
    stored: Coverage, settings: Settings, window: Window, *, provider: str | None = None, named: bool = False,
    now: datetime | None = None,
) -> Plan:  # fmt: skip
    """Rates first (they cost no quota and every conversion needs them), then prices, the most behind first, then the
    lists of actions. Usage for an unknown provider."""
    now = now or datetime.now(UTC)
    if provider is not None:
        providers.provider(provider)
    made = {
        name: providers.provider(name)(settings.provider_settings(name))
        for name in providers.names()
        if provider in (None, name)
    }
    rates: list[Call] = []
    for name in settings.fx_sources:
        if name in made:
            rates += made[name].calls("rates", None, window, stored.rates_until.get(name))
    prices: list[Call] = []
    actions: list[Call] = []
    notes: list[str] = []
    for one in sorted(stored.instruments, key=lambda one: (one.last_session or date.min, one.symbol)):
        found = False
        for name in one.providers:
            if name not in made:
                continue
            try:
                spelled = symbols.to_provider(one.symbol, name, one.mic)
            except Usage as error:
                notes.append(str(error))
                continue
            if calls := made[name].calls("prices", spelled, window, one.last_session):
                found = True
                prices += calls
                actions += [
                    call
                    for call in made[name].calls("actions", spelled, window, None)
                    if (last := stored.loaded.get((name, call.url))) is None or now - last > ACTIONS_AFTER
                ]
                break
        if named and not found and provider is None:
            notes.append(f"{one.symbol} is imported by hand: nothing is fetched for it")
    calls = [*rates, *prices, *actions]
    return Plan(calls, list(dict.fromkeys(call.provider for call in calls)), notes)


def stored(conn: Connection, wanted: Sequence[str] = ()) -> Coverage:
    """What is stored of the watch list, or of the instruments named; UnknownSymbol for one that is not on the list."""
    last: dict[str, date | None] = dict(conn.execute(sql.load("warehouse/last_sessions")).fetchall())
    listed = [instruments.get(conn, symbol) for symbol in dict.fromkeys(wanted)] or instruments.listed(conn)
    return Coverage(
        [Stored(one.symbol, one.mic, one.providers, last.get(one.symbol)) for one in listed],
        dict(conn.execute(sql.load("warehouse/last_rates")).fetchall()),
        {(row[0], row[1]): row[2] for row in conn.execute(sql.load("landing/requests_loaded")).fetchall()},
    )


def left(conn: Connection, provider: str, settings: Settings) -> int | None:
    """Calls that the provider's day still allows; None without a limit."""
    given = settings.provider_settings(provider)
    limits = providers.provider(provider)(given).quota()
    allowed = quota.Limits(limits.per_second, limits.per_minute, limits.per_day, limits.time_zone)
    return quota.left(conn, provider, quota.key_id(str(given.get("api_key") or "")), allowed)[0]
