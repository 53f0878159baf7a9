"""The rules of conversion a second time, in fractions, from the rules' text; it has no SQL and is slow on purpose.

A question is asked of a world: what each source published. The answer is an exact fraction. It knows nothing of
calendars, ranges or receipts: one day at a time, every source and every route anew. Where the rules leave a choice open
(which common currency a pivotless source crosses at, which join or peg of several), the choice is the one that
the migration's comments state, and marked `open` here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import permutations

from ticker_converter.market import currencies

UNLIMITED = 10**6


@dataclass(frozen=True)
class Published:
    """One `base` is `rate` `quote`, said `source` of the day `on`."""

    source: str
    base: str
    quote: str
    on: date
    rate: Fraction


@dataclass(frozen=True)
class Answer:
    """`rate` None: `missing` says why."""

    rate: Fraction | None
    rate_date: date | None
    source: str | None
    missing: str | None = None


@dataclass(frozen=True)
class World:
    """What was published; `pivots` has every source, with None for one that crosses through any common currency;
    `own` are a person's own sources."""

    published: tuple[Published, ...]
    pivots: dict[str, str | None]
    own: frozenset[str]

    @cached_property
    def by_day(self) -> dict[tuple[str, date], list[Published]]:
        days: dict[tuple[str, date], list[Published]] = {}
        for row in self.published:
            # from a changeover or redenomination on, what is still published of the old code is not believed
            if all(row.on < replaced_on(code) for code in (row.base, row.quote)):
                days.setdefault((row.source, row.on), []).append(row)
        return days

    @cached_property
    def dates(self) -> dict[str, list[date]]:
        found: dict[str, set[date]] = {}
        for source, on in self.by_day:
            found.setdefault(source, set()).add(on)
        return {source: sorted(days, reverse=True) for source, days in found.items()}

    @cached_property
    def monies(self) -> set[str]:
        return {newest(code)[0] for row in self.published for code in (row.base, row.quote)}


@dataclass(frozen=True)
class Question:
    """What F to T was on D, and by which policy."""

    origin: str
    goal: str
    on: date
    sources: Sequence[str]
    max_age: int = 7
    lag: int = 0
    pegs: bool = False

    @property
    def newest_allowed(self) -> date:
        return self.on - timedelta(self.lag)


def replaced_on(code: str) -> date:
    law = currencies.legal_factor(code)
    return law.effective if law else date.max


def newest(code: str, on: date = date.min) -> tuple[str, Fraction]:
    """The newest code of the same money and how many `code` one of it is: through redenominations whenever, through a
    changeover from its day on."""
    per = Fraction(1)
    while (law := currencies.legal_factor(code)) and (law.kind == "redenomination" or law.effective <= on):
        per *= Fraction(law.factor)
        code = law.new
    return code, per


def leg(rows: Iterable[Published], x: str, y: str, pivot: str | None) -> Fraction | None:
    """What one x is in y by what one source published on one day, through no third currency."""
    found = []
    for row in rows:
        (base, base_per), (quote, quote_per) = newest(row.base), newest(row.quote)
        if {base, quote} == {x, y} and base != quote:
            rate = row.rate * base_per / quote_per  # one new base in new quotes
            # both directions published: the pivot's, else the alphabetically first; open: of an old and a new code of
            # one money the old one, which was the money until its last day
            first = (base != pivot, base, replaced_on(row.base), replaced_on(row.quote))
            found.append((first, rate if base == x else 1 / rate))
    return min(found)[-1] if found else None


def routed(world: World, source: str, x: str, y: str, on: date) -> Fraction | None:
    """What one x is in y by one source on one day: direct or inverse, else a cross through the pivot."""
    rows = world.by_day.get((source, on), [])
    pivot = world.pivots[source]
    direct = leg(rows, x, y, pivot)
    if direct is not None:
        return direct
    through = [pivot] if pivot else sorted(world.monies, key=preference)
    for middle in through:
        if middle not in (x, y):
            near, far = leg(rows, x, middle, middle), leg(rows, middle, y, middle)
            if near is not None and far is not None:
                return near * far
    return None


def preference(code: str) -> tuple[bool, bool, str]:
    """open: the euro, then the dollar, then the alphabet."""
    return code != "EUR", code != "USD", code


def by_source(world: World, source: str, x: str, y: str, asked: Question) -> Answer | None:
    """The latest date on which the source published every leg, if that is not too old."""
    for on in world.dates.get(source, []):
        if on > asked.newest_allowed:
            continue
        if (asked.on - on).days > asked.max_age:
            return None
        rate = routed(world, source, x, y, on)
        if rate is not None:
            return Answer(rate, on, source)
    return None


def by_one_source(world: World, x: str, y: str, asked: Question) -> Answer | None:
    able = [found for source in asked.sources if (found := by_source(world, source, x, y, asked))]
    for place, found in enumerate(able):
        newer = any(later.rate_date > found.rate_date for later in able[place + 1 :])
        if found.source not in world.own or not newer:
            return found
    return None


def by_join(world: World, x: str, y: str, asked: Question) -> Answer | None:
    """Two sources joined at one currency. open: the sources' order, the newer date, fewer legs, the preferred currency;
    fewer legs is not decided here, so several rates may be right: see `joins`."""
    found = joins(world, x, y, asked)
    return found[0] if found else None


def joins(world: World, x: str, y: str, asked: Question) -> list[Answer]:
    """The joins that share the best pair of sources and the best date."""
    found = []
    for first, second in permutations(asked.sources, 2):
        order = sorted([asked.sources.index(first), asked.sources.index(second)])
        for middle in sorted(
            world.monies | {pivot for pivot in world.pivots.values() if pivot}, key=preference
        ):
            pivots = {world.pivots[first], world.pivots[second]}
            if middle in (x, y) or not pivots & {None, middle}:
                continue
            near = by_source(world, first, x, middle, asked)
            far = by_source(world, second, middle, y, asked)
            if near and far:
                older = min(near.rate_date, far.rate_date)
                name = "+".join(asked.sources[place] for place in order)
                found.append(((order, -older.toordinal()), Answer(near.rate * far.rate, older, name)))
    best = min((key for key, _ in found), default=None)
    return [answer for key, answer in found if key == best]


def pegged_to(code: str, asked: Question) -> list[tuple[str, Fraction, bool]]:
    """What a code may be read as: itself, and the anchor of a peg that its money has on the day; with how many of the
    money's newest code one anchor is."""
    money, _ = newest(code, asked.on)
    anchors = [
        (peg.anchor, Fraction(peg.rate) / newest(peg.currency, asked.on)[1], True)
        for peg in currencies.pegs()
        if newest(peg.currency, asked.on)[0] == money
        and peg.valid_from <= asked.on <= (peg.valid_to or date.max)
    ]
    return [(money, Fraction(1), False), *anchors]


def by_peg(world: World, asked: Question) -> list[Answer]:
    """The answers through the fewest pegs; open: that of the alphabetically later before the other's."""
    found = []
    for origin, origin_per, used in pegged_to(asked.origin, asked):
        for goal, goal_per, used_too in pegged_to(asked.goal, asked):
            if used or used_too:
                for market in answers(world, replace(asked, origin=origin, goal=goal, pegs=False)):
                    if market.rate is not None:
                        source = "peg" if market.rate_date is None else market.source
                        rate = market.rate * goal_per / origin_per
                        kept = used if asked.origin < asked.goal else used_too
                        found.append(((used + used_too, kept), Answer(rate, market.rate_date, source)))
    best = min((key for key, _ in found), default=None)
    return [answer for key, answer in found if key == best]


def answers(world: World, asked: Question) -> list[Answer]:
    """The right answers: one, or several where the rules leave open which join is taken."""
    if asked.origin == asked.goal:
        return [Answer(Fraction(1), None, "identity")]
    (x, x_per), (y, y_per) = newest(asked.origin, asked.on), newest(asked.goal, asked.on)
    if x == y:
        return [Answer(y_per / x_per, None, "legal")]
    one = by_one_source(world, x, y, asked)
    market = [one] if one else joins(world, x, y, asked)
    if market:
        return [replace(found, rate=found.rate * y_per / x_per) for found in market]
    if asked.pegs and (pegged := in_codes(by_peg(world, asked), x_per, y_per)):
        return pegged
    if asked.max_age < UNLIMITED and answers(world, replace(asked, max_age=UNLIMITED))[0].rate is not None:
        return [Answer(None, None, None, "rate_too_old")]
    return [Answer(None, None, None, "no_rate")]


def in_codes(found: list[Answer], x_per: Fraction, y_per: Fraction) -> list[Answer]:
    """Rates between the newest codes, turned into rates between the codes asked for."""
    return [replace(answer, rate=answer.rate * y_per / x_per) for answer in found]
