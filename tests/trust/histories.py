"""Invented histories of one listing each: who said what and when, and what a person did about it.

A scene fixes the money: the unit it is quoted in (a minor one, or one that a law replaced), the currency asked for,
that of its dividends, and what its two sources of rates publish. Two providers state its bars, with days missing,
revised, in the wrong unit from some day on, or delivered late with the time at which they would have been known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

DAYS = 16

#: The tick after all others.
LAST = 9

#: Knowledge times that a person gives to past deliveries; the clock's own come later.
LATE = tuple(datetime(2024, month, 1, tzinfo=UTC) for month in (3, 4, 5))


@dataclass(frozen=True)
class Scene:
    """The money of a listing. `rates` are pairs by source: `a` is a person's own without a pivot, `b` crosses through
    the euro; of each source they form a tree, so that no triangle can break."""

    name: str
    first: date
    unit: str
    to: str
    paid: str
    rates: tuple[tuple[str, str, str], ...]
    new_unit: str | None = None
    from_day: date | None = None

    def day(self, n: int) -> date:
        """The n-th weekday from the first on, a Monday."""
        return self.first + timedelta(days=n // 5 * 7 + n % 5)

    def unit_on(self, day: date) -> str:
        return self.new_unit if self.new_unit and self.from_day and day >= self.from_day else self.unit


SPRING = date(2019, 3, 4)
SCENES = (
    Scene("dollar", SPRING, "USD", "GBP", "EUR", (("a", "USD", "GBP"), ("b", "EUR", "USD"), ("b", "EUR", "GBP"))),
    Scene("pence", SPRING, "GBX", "USD", "USD", (("a", "USD", "GBP"), ("b", "EUR", "USD"), ("b", "EUR", "GBP"))),
    Scene("fils", SPRING, "KWF", "JPY", "KWD", (("a", "KWD", "JPY"), ("b", "EUR", "KWD"), ("b", "EUR", "JPY"))),
    Scene("peg", SPRING, "SAR", "EUR", "AED", (("a", "GBP", "USD"), ("b", "EUR", "USD"), ("b", "EUR", "GBP"))),
    Scene(
        "lira", date(2004, 12, 20), "TRL", "EUR", "USD",
        (("a", "USD", "TRL"), ("a", "USD", "TRY"), ("b", "EUR", "TRL"), ("b", "EUR", "TRY"), ("b", "EUR", "USD")),
        "TRY", date(2005, 1, 1),
    ),
    Scene(
        "kuna", date(2022, 12, 19), "HRK", "USD", "HRK",
        (("a", "HRK", "USD"), ("a", "EUR", "USD"), ("b", "EUR", "HRK"), ("b", "EUR", "USD")),
        "EUR", date(2023, 1, 1),
    ),
)  # fmt: skip
#: A rate through a peg takes thirty times as long to find as another: fewer of them.
scenes = st.sampled_from([scene for scene in SCENES for _ in range(1 if scene.name == "peg" else 3)])
#: TRL to TRY and HRK to EUR: a close of the new money beside one of the old.
SCALE = {"TRL": 1_000_000, "HRK": 7}


@dataclass(frozen=True)
class Step:
    """What happens at one tick. `rows` are what a file says; `late` counts LATE; `doomed` is the tick at which the run
    is taken back, or the correction released."""

    kind: str
    rows: tuple[str, ...] = ()
    day: str = ""
    text: str = ""
    late: int | None = None
    doomed: int | None = None
    number: int = 0

    def __repr__(self) -> str:
        shown = [self.kind, *self.rows, *filter(None, (self.day, self.text))]
        shown += [f"late {self.late}"] if self.late is not None else []
        shown += [f"until {self.doomed}"] if self.doomed is not None else []
        return f"<{' | '.join(shown)}>"


@dataclass(frozen=True)
class History:
    """A scene and its steps, one a tick; `preferred` is which provider is believed first."""

    scene: Scene
    steps: tuple[Step, ...] = field(default=())
    preferred: tuple[str, ...] = ("alpha_vantage", "files")

    def __repr__(self) -> str:
        return f"{self.scene.name} ({' before '.join(self.preferred)}): {' '.join(map(repr, self.steps))}"


places = st.integers(0, DAYS - 1)
closes = st.sampled_from((10, 11, 12, 9))
preferences = st.sampled_from((("alpha_vantage", "files"), ("files", "alpha_vantage")))


def close_text(scene: Scene, day: date, close: int, fault: bool) -> str:
    """A close in the unit of the day, or by mistake in one a hundred times smaller."""
    return str(close * SCALE.get(scene.unit_on(day), 1) * (100 if fault else 1))


@st.composite
def bar_rows(draw: st.DrawFn, scene: Scene, faults: bool = True) -> tuple[str, ...]:
    """`day,close` of one to four days; with a fault from one of them on."""
    chosen = sorted(draw(st.sets(places, min_size=1, max_size=4)))
    faulty = draw(st.sampled_from((99, 99, 99, 0, 1, 2))) if faults else 99
    return tuple(
        f"{day},{close_text(scene, day, draw(closes), n >= faulty)}"
        for n, day in enumerate(map(scene.day, chosen))
    )


@st.composite
def rate_rows(draw: st.DrawFn, scene: Scene) -> tuple[str, ...]:
    """`source,base,quote,day,rate` of one to four days."""
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(scene.rates), places), min_size=1, max_size=4, unique=True)
    )
    return tuple(
        f"{source},{base},{quote},{scene.day(n)},{draw(st.integers(5, 25)) / 10}"
        for (source, base, quote), n in pairs
        if scene.from_day is None or scene.day(n) < scene.from_day or scene.unit not in (base, quote)
    )


RATIOS = ("2", "3", "1/4", "1/3", "100", "1000")


@st.composite
def action_rows(draw: st.DrawFn, scene: Scene, ratios: Sequence[str] = RATIOS) -> tuple[str, ...]:
    """`day,kind,value,unit` of one or two splits or dividends."""
    found = {}
    for n, split in draw(st.lists(st.tuples(places, st.booleans()), min_size=1, max_size=2, unique=True)):
        day = scene.day(n)
        value = draw(st.sampled_from(ratios)) if split else str(draw(st.integers(1, 40)) / 10)
        found[day, split] = f"{day},{'split' if split else 'dividend'},{value},{scene.paid}"
    return tuple(found.values())


IMPORTS = ("file",) * 4 + ("rates",) * 2 + ("actions", "vendor")


@st.composite
def imports(draw: st.DrawFn, scene: Scene, *, late: bool, doomed: Sequence[int | None] = (None,)) -> Step:
    """One delivery."""
    kind = draw(st.sampled_from(IMPORTS))
    made = {"rates": rate_rows, "actions": action_rows}.get(kind, bar_rows)
    return Step(
        kind, draw(made(scene)), late=draw(st.sampled_from((None, None, None, 0, 1, 2))) if late else None,
        doomed=draw(st.sampled_from(doomed)),
    )  # fmt: skip


@st.composite
def eventful(draw: st.DrawFn) -> History:
    """Anything that may happen: for what must hold whatever happens."""
    scene = draw(scenes)
    steps = []
    for _ in range(draw(st.integers(2, 5))):
        kind = draw(
            st.sampled_from(("import",) * 9 + ("correct", "release", "undo", "decide", "unit", "check"))
        )
        if kind == "import":
            steps.append(draw(imports(scene, late=True)))
            continue
        day = scene.day(draw(places))
        text = {
            "correct": close_text(scene, day, draw(closes), False),
            "decide": draw(st.sampled_from(("accepted", "rejected", "rescaled"))),
            "unit": scene.paid,
        }.get(kind, "")
        steps.append(Step(kind, day=str(day), text=text, number=draw(st.integers(0, 3))))
    return History(scene, tuple(steps), draw(preferences))


@st.composite
def taken_back(draw: st.DrawFn) -> History:
    """Deliveries of which some are taken back later, corrections that are released later, and answers (`text`) to the
    rows that are held after a delivery; what is left is what there would have been without what was taken back."""
    scene = draw(scenes)
    number = draw(st.integers(2, 4))
    steps: list[Step] = []
    corrected: set[str] = set()
    for n in range(number):
        until: list[int | None] = [None, n, LAST]
        if draw(st.integers(0, 3)) == 0:
            day = str(scene.day(draw(places)))
            if day in corrected:
                continue
            corrected.add(day)
            text = close_text(scene, date.fromisoformat(day), draw(closes), False)
            steps.append(Step("correct", day=day, text=text, doomed=draw(st.sampled_from((n, LAST)))))
            continue
        verdict = draw(st.sampled_from(("", "", "", "accepted", "rejected", "rescaled")))
        steps.append(replace(draw(imports(scene, late=False, doomed=until)), text=verdict))
    return History(scene, tuple(steps), draw(preferences))


@dataclass(frozen=True)
class Heap:
    """What is to be loaded, with no order: rows by kind, each with the tick at which it comes the second time."""

    scene: Scene
    rows: tuple[tuple[str, str, int], ...]
    preferred: tuple[str, ...]
    faulty: bool

    def __repr__(self) -> str:
        return f"{self.scene.name} ({' before '.join(self.preferred)}): {'; '.join(map(str, self.rows))}"


TICKS = 4


@st.composite
def heaps(draw: st.DrawFn) -> Heap:
    """Days of bars of one or two providers, of rates and of actions; those of one alone from some day on perhaps in the
    wrong unit, or behind a split of 100 to 1 that is no split of the price."""
    scene = draw(scenes)
    tick = st.integers(0, TICKS - 1)
    rows: list[tuple[str, str, int]] = []
    faulty = False
    two = draw(st.sampled_from((False, False, True)))
    for kind in ("file", "vendor") if two else ("file",):
        chosen = sorted(draw(st.sets(places, min_size=1, max_size=7)))
        fault = 99 if two else draw(st.sampled_from((99, 99, 0, 1, 2, 3)))
        faulty = faulty or fault < len(chosen)
        for n, day in enumerate(map(scene.day, chosen)):
            rows.append((kind, f"{day},{close_text(scene, day, draw(closes), n >= fault)}", draw(tick)))
    rows += [("rates", row, draw(tick)) for row in dict.fromkeys(draw(rate_rows(scene)))]
    if draw(st.booleans()):
        rows += [
            ("actions", row, draw(tick)) for row in draw(action_rows(scene, RATIOS[:3] if two else RATIOS))
        ]
    return Heap(scene, tuple(rows), draw(preferences), faulty)
