"""Writes src/ticker_converter/market/data/sessions/*.txt from the exchange-calendars package.

Run by hand after an upgrade of that package (`python tools/calendars.py`); the files are committed, so that the
program needs neither it nor pandas. It refuses to write a calendar that does not read back equal.

exchange-calendars applies today's rules backwards without end. FIRST says from when a calendar is taken: a day that
the calendar wrongly calls closed would hold back a good bar, so a late start is better than a wrong one.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import date, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import exchange_calendars
import pandas as pd
from pandas.tseries.holiday import AbstractHolidayCalendar

from ticker_converter.market import sessions

OUT = Path(__file__).parents[1] / "src/ticker_converter/market/data/sessions"
LAST = date(2027, 12, 31)

#: Histories that the package keeps with dated rules, or as lists of past days, back to the date given.
FIRST = {
    "XNYS": date(1962, 1, 1),  # after Saturday trading (to 1952); weather and funeral closings listed
    "XTSE": date(1990, 1, 1),
    "XLON": date(1990, 1, 1),
    "XHKG": date(1990, 1, 1),  # listed day by day, typhoons included
    "XSES": date(1990, 1, 1),  # listed day by day
    "XKRX": date(1990, 1, 1),  # listed day by day, Saturday sessions to 1998-12 included
    "XSHG": date(1990, 12, 19),  # first session of the exchange; listed day by day
    "XTKS": date(1997, 1, 1),  # the package's own bound
    "XBOM": date(1999, 1, 1),  # listed day by day, but 1998 has four days only
    "XJSE": date(1996, 1, 1),  # the Public Holidays Act of 1994 in force since 1995
    "XETR": date(2002, 1, 1),
    "XFRA": date(2002, 1, 1),
    "XTAI": date(2002, 1, 1),  # Saturday trading to 2000 is not in the package
    "XSAU": date(2021, 1, 1),  # the package's own bound
}
#: Elsewhere: holidays that exchanges have since given up (Ascension, Whit Monday, 31 December) are not all there.
FIRST_ELSEWHERE = date(2003, 1, 1)

#: Where the package has lunar holidays as a list, the last year that is complete.
LAST_LISTED = {"XIDX": date(2025, 12, 31), "XKAR": date(2025, 12, 31), "XPHS": date(2026, 12, 31)}

#: Days that the package (4.13.2) has as sessions and that were none.
SHUT = {
    "XHKG": {date(2023, 9, 1), date(2023, 9, 8)},  # typhoon Saola; black rainstorm warning all day
    "XTAE": {date(2024, 2, 27)},  # local elections; Yahoo has no bar of KEN.TA either
}

CALENDARS = """
    ASEX BVMF XAMS XASX XBKK XBOG XBOM XBRU XBSE XBUD XBUE XCSE XDUB XDUS XETR XFRA XHAM XHEL XHKG XICE XIDX XIST
    XJSE XKAR XKLS XKRX XLIM XLIS XLIT XLON XLUX XMAD XMEX XMIL XMOS XNYS XNZE XOSL XPAR XPHS XPRA XRIS XSAU XSES
    XSGO XSHG XSTO XSTU XSWX XTAE XTAI XTAL XTKS XTSE XWAR XWBO
""".split()  # noqa: SIM905

CUT_SHORT = timedelta(days=1)


#: Calendars that exchange-calendars 4.13.2 gets wrong, or cannot make, with pandas 3.1: special weeks, Orthodox Easter.
WRONG_WITH_PANDAS_3 = {"XBOM", "XKRX", "XMOS", "XTAE"} | {"ASEX", "XBSE"}


def calendar(name: str) -> Any:
    """The package's calendar from its start here to LAST, or as far as it goes."""
    cls = exchange_calendars.calendar_utils._default_calendar_factories[name]
    first, last = FIRST.get(name, FIRST_ELSEWHERE), LAST_LISTED.get(name, LAST)
    if (bound := cls.bound_min()) is not None:
        first = max(first, bound.date())
    if (bound := cls.bound_max()) is not None:
        last = min(last, bound.date())
    # pandas expands holiday rules from this date only, 1970 by default.
    AbstractHolidayCalendar.start_date = pd.Timestamp("1960-01-01")
    return cls(start=pd.Timestamp(first), end=pd.Timestamp(last)), first, last


def closes(found: Any) -> dict[date, time]:
    """Every session with its close on the exchange's own clock."""
    local = found.closes.dt.tz_convert(found.tz)
    kept = {}
    for day, close in local.items():
        if close.date() != day.date() or close.second:
            raise SystemExit(f"{found.name} {day.date()}: closes at {close}, which the files cannot hold")
        kept[day.date()] = close.time()
    return {day: close for day, close in kept.items() if day not in SHUT.get(found.name, ())}


def expected(found: Any) -> list[sessions.Session]:
    """What a file must read back as."""
    return [
        (day.date(), close.to_pydatetime())
        for day, close in found.closes.items()
        if day.date() not in SHUT.get(found.name, ())
    ]


def weeks(found: Any, first: date, last: date) -> list[tuple[date, str]]:
    """The days of the week with sessions, from a date on: the package's, else what each year shows."""
    changes = [(first, found.weekmask)]
    for start, end, mask in found.special_weekmasks if hasattr(found, "special_weekmasks") else []:
        begin = first if start is None else max(first, start.date())
        after = last if end is None else end.date() + CUT_SHORT
        if begin > last or after <= first:
            continue
        changes = [change for change in changes if change[0] != begin] + [(begin, mask)]
        if after <= last:
            changes = [change for change in changes if change[0] != after] + [(after, found.weekmask)]
    return sorted(changes)


def text(name: str) -> str:
    """One calendar as a file."""
    found, first, last = calendar(name)
    kept = closes(found)
    masks = weeks(found, first, last)
    regular = sorted(
        (first if start is None else max(first, start.date()), close)
        for start, close in found.close_times
        if start is None or start.date() <= last
    )
    lines = [
        f"# {name}: sessions and closing times, from exchange-calendars {version('exchange-calendars')}"
        " (Apache-2.0) by tools/calendars.py",
        f"zone {found.tz.key}",
        f"covers {first} {last}",
        *(f"week {start} {mask}" for start, mask in masks),
        *(f"close {start} {close:%H:%M}" for start, close in dict(regular).items()),
    ]
    notes: dict[tuple[str, int], list[str]] = defaultdict(list)
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        mask = [mask for start, mask in masks if start <= day][-1]
        usual = [close for start, close in regular if start <= day][-1]
        if day in kept and mask[day.weekday()] == "0":
            notes["open", day.year].append(f"{day:%m%d}")
        if day not in kept and mask[day.weekday()] == "1":
            notes["shut", day.year].append(f"{day:%m%d}")
        if day in kept and kept[day] != usual:
            notes[f"at {kept[day]:%H:%M}", day.year].append(f"{day:%m%d}")
    lines += [f"{verb} {year} {' '.join(days)}" for (verb, year), days in sorted(notes.items())]
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    if pd.__version__ >= "3":
        sys.exit("exchange-calendars 4.13.2 makes six calendars wrong with pandas 3: run this with pandas 2")
    OUT.mkdir(parents=True, exist_ok=True)
    for name in names or CALENDARS:
        path = OUT / f"{name}.txt"
        path.write_text(text(name), encoding="ascii")
        read = sessions.read(name)
        found, _, _ = calendar(name)
        if read != expected(found):
            raise SystemExit(f"{name}: the file does not read back equal")
        print(f"{name} {len(read)} sessions, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
