"""When a schedule of exchange sessions has something to do: some time after each close, and never between. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ticker_converter.market import sessions
from ticker_converter.market.tables import rows

STEP = timedelta(minutes=15)
"Exchanges that close within this time share a run."
HORIZON = timedelta(days=30)
"No exchange is closed for longer; one without a calendar for these days has no mark."


def exchanges() -> tuple[str, ...]:
    """One exchange for each calendar there is."""
    return tuple(dict.fromkeys(row["calendar"] for row in rows("exchange") if row["calendar"]))


def after(moment: datetime, mics: Sequence[str], delays: Sequence[timedelta]) -> datetime | None:
    """The first mark after a moment; None where no calendar reaches."""
    found = [mark for mark in _marks(mics, delays, moment - STEP, moment + HORIZON) if mark > moment]
    return min(found, default=None)


def until(moment: datetime, mics: Sequence[str], delays: Sequence[timedelta]) -> datetime | None:
    """The last mark at or before a moment; None where no calendar reaches."""
    found = [mark for mark in _marks(mics, delays, moment - HORIZON, moment) if mark <= moment]
    return max(found, default=None)


def _marks(
    mics: Sequence[str], delays: Sequence[timedelta], first: datetime, last: datetime
) -> set[datetime]:
    span = timedelta(days=1) + max(delays)
    return {
        _rounded(close + delay)
        for mic in mics
        for _, close in sessions.sessions(mic, (first - span).date(), (last + span).date())
        for delay in delays
    }


def _rounded(moment: datetime) -> datetime:
    """Up to the next full quarter of an hour."""
    over = (moment - datetime(2000, 1, 1, tzinfo=UTC)) % STEP
    return moment + (STEP - over if over else over)
