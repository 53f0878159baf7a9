"""When exchanges are open: which days are sessions, and when each closes, so that gaps, freshness and the judging of
bars need no guess. Knows only what the files in `data/sessions/` say; outside a file's dates, or for an exchange
without one, it answers None and never assumes Monday to Friday.

Names are MICs; exchanges that share a calendar share its file (XNAS reads XNYS, by the column `calendar` of
exchange.csv). The pseudo exchange TARGET has the days on which the ECB publishes reference rates.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from ticker_converter.market.tables import DATA, rows

Session = tuple[date, datetime]


@dataclass(frozen=True, slots=True)
class _Calendar:
    first: date
    last: date
    days: list[date]
    closes: list[datetime]


def covered(mic: str) -> tuple[date, date] | None:
    """The first and last day on which `sessions` and `is_session` know the exchange; None: it has no calendar."""
    calendar = _calendar(mic)
    return (calendar.first, calendar.last) if calendar else None


def sessions(mic: str, first: date, last: date) -> list[Session]:
    """Sessions from first to last, both included, each with its close in UTC. Days outside `covered` yield none."""
    calendar = _calendar(mic)
    if calendar is None:
        return []
    window = slice(bisect_left(calendar.days, first), bisect_right(calendar.days, last))
    return list(zip(calendar.days[window], calendar.closes[window], strict=True))


def is_session(mic: str, day: date) -> bool | None:
    """Whether the exchange had a session on that day; None where no calendar covers it."""
    calendar = _calendar(mic)
    if calendar is None or not calendar.first <= day <= calendar.last:
        return None
    place = bisect_left(calendar.days, day)
    return place < len(calendar.days) and calendar.days[place] == day


def close(mic: str, day: date) -> datetime | None:
    """When the session of that day closes, in UTC; None if it is no session or not covered."""
    calendar = _calendar(mic)
    if calendar is None or not is_session(mic, day):
        return None
    return calendar.closes[bisect_left(calendar.days, day)]


def last_closed(mic: str | None, now: datetime) -> tuple[date, datetime] | None:
    """The last session that has closed, and when; by weekdays where no calendar covers now."""
    today = now.astimezone(UTC).date()
    known = covered(mic) if mic else None
    if mic and known and known[0] <= today <= known[1]:
        past = [one for one in sessions(mic, today - timedelta(days=20), today) if one[1] <= now]
        return past[-1] if past else None
    day = today - timedelta(days=1)
    while day.isoweekday() > 5:
        day -= timedelta(days=1)
    return day, datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)


def behind(mic: str | None, last: date, now: datetime) -> int:
    """Sessions that have closed since `last`."""
    closed = last_closed(mic, now)
    if closed is None or last >= closed[0]:
        return 0
    known = sessions(mic, last + timedelta(days=1), closed[0]) if mic else []
    return len(known) or max(1, (closed[0] - last).days * 5 // 7)


def back(mic: str | None, last: date, number: int) -> date:
    """The session that is `number` sessions back, the last one counted; a calendar's, else by calendar days."""
    known = sessions(mic, last - timedelta(days=60), last) if mic else []
    return known[-number][0] if len(known) >= number else last - timedelta(days=number + 5)


def calendar_name(mic: str) -> str | None:
    """The calendar that an exchange follows (XNAS: XNYS), or None."""
    if mic == "TARGET":
        return mic
    return _calendar_names().get(mic)


@cache
def _calendar_names() -> dict[str, str]:
    return {row["mic"]: row["calendar"] for row in rows("exchange") if row["calendar"]}


def _calendar(mic: str) -> _Calendar | None:
    name = calendar_name(mic)
    return _load(name) if name else None


@cache
def _load(name: str) -> _Calendar:
    """A file's lines: `zone`, `covers FIRST LAST`, `week SINCE MASK` (Monday first), `close SINCE HH:MM` (local), and
    per year `shut` and `open` (exceptions to the week) and `at HH:MM` (another close), each with its days as MMDD."""
    weeks: list[tuple[int, list[bool]]] = []
    regular: list[tuple[int, time]] = []
    shut: set[int] = set()
    extra: set[int] = set()
    other: dict[int, time] = {}
    zone: tzinfo = UTC
    first = last = date.min
    for line in (DATA / "sessions" / f"{name}.txt").read_text(encoding="ascii").splitlines():
        match line.split():
            case ["zone", key]:
                zone = ZoneInfo(key)
            case ["covers", since, until]:
                first, last = date.fromisoformat(since), date.fromisoformat(until)
            case ["week", since, mask]:
                weeks.append((date.fromisoformat(since).toordinal(), [digit == "1" for digit in mask]))
            case ["close", since, clock]:
                regular.append((date.fromisoformat(since).toordinal(), time.fromisoformat(clock)))
            case ["shut", year, *days]:
                shut.update(_ordinals(year, days))
            case ["open", year, *days]:
                extra.update(_ordinals(year, days))
            case ["at", clock, year, *days]:
                other.update(dict.fromkeys(_ordinals(year, days), time.fromisoformat(clock)))
    end = last.toordinal() + 1
    numbers = set(extra)
    for (begin, trading), stop in zip(weeks, [number for number, _ in weeks[1:]] + [end], strict=True):
        for weekday in (n for n in range(7) if trading[n]):
            # Ordinal 1 is a Monday.
            numbers.update(range(begin + (weekday + 1 - begin) % 7, stop, 7))
    found, closes = [], []
    changes = iter([*regular[1:], (end, time.min)])
    usual, (change, upcoming) = regular[0][1], next(changes)
    for number in sorted(numbers - shut):
        while number >= change:
            usual, (change, upcoming) = upcoming, next(changes)
        day = date.fromordinal(number)
        found.append(day)
        closes.append(datetime.combine(day, other.get(number, usual), zone).astimezone(UTC))
    return _Calendar(first, last, found, closes)


def _ordinals(year: str, days: list[str]) -> list[int]:
    return [date(int(year), int(day[:2]), int(day[2:])).toordinal() for day in days]


def read(name: str) -> list[Session]:
    """A whole calendar by its own name, for the generator and its test."""
    calendar = _load(name)
    return list(zip(calendar.days, calendar.closes, strict=True))
