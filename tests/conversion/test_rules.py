"""Every answer of the SQL against the rules written a second time (reference.py), over small invented histories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.conversion.reference import Answer, Published, Question, World, answers
from tests.conversion.store import Store, close, walked
from tests.support.tally import SHORT, checked, histories
from ticker_converter.errors import NoRate
from ticker_converter.queries import conversion
from ticker_converter.queries.result import Policy

PIVOTS = {"files": None, "ecb": "EUR", "alpha_vantage": "USD", "mybank": None}
OWN = frozenset({"files", "mybank"})
SPAN = 20

#: A first day and the currencies to play with: plain weeks, changeovers, redenominations, pegs that begin and end.
SCENES: dict[str, tuple[date, list[str]]] = {
    "plain": (date(2019, 3, 1), ["EUR", "USD", "GBP", "JPY", "KRW", "IDR", "KWD"]),
    "peg": (date(2019, 3, 1), ["EUR", "USD", "AED", "BAM", "XOF", "SAR", "NPR", "INR"]),
    "lira": (date(2004, 12, 24), ["EUR", "USD", "TRL", "TRY", "GBP"]),
    "leu": (date(2005, 6, 22), ["EUR", "USD", "ROL", "RON", "JPY"]),
    "kuna": (date(2022, 12, 23), ["EUR", "USD", "HRK", "GBP", "BAM"]),
    "lev": (date(2025, 12, 22), ["EUR", "USD", "BGN", "BGL", "JPY"]),
    "kroon": (date(2010, 12, 22), ["EUR", "USD", "EEK", "DEM", "LVL"]),
    "euro": (date(1998, 12, 22), ["EUR", "USD", "DEM", "FRF", "XEU", "XAF", "KMF"]),
    "guilder": (date(2025, 3, 21), ["USD", "EUR", "ANG", "XCG", "AWG"]),
}

digits = st.integers(1, 10**7)
scales = st.integers(0, 9)
rates = st.builds(lambda number, scale: Decimal(number).scaleb(-scale), digits, scales)


@dataclass(frozen=True)
class Case:
    """A world and a question to ask of every day of a span."""

    world: World
    first: date
    asked: Question
    before: int = 0
    "Days before the first that are asked for too: a long series is read from the rates filled per day."

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(n) for n in range(SPAN)]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    first, codes = SCENES[draw(st.sampled_from(sorted(SCENES)))]
    published: dict[tuple[str, str, str, date], Decimal] = {}
    named = st.sampled_from(codes)
    for _ in range(draw(st.integers(2, 8))):
        source = draw(st.sampled_from(sorted(PIVOTS)))
        base = draw(st.just(PIVOTS[source]) if PIVOTS[source] and draw(st.integers(0, 5)) else named)
        quote = draw(st.sampled_from([code for code in codes if code != base]))
        days = draw(st.sets(st.integers(-9, SPAN - 1), min_size=3, max_size=10))
        both = draw(st.integers(0, 3)) == 0
        swapped = draw(st.integers(0, 3)) == 0
        for day in days:
            on = first + timedelta(day)
            published[(source, quote, base, on) if swapped else (source, base, quote, on)] = draw(rates)
            if both:
                published[(source, base, quote, on) if swapped else (source, quote, base, on)] = draw(rates)
    world = World(tuple(Published(*key, Fraction(rate)) for key, rate in published.items()), PIVOTS, OWN)
    origin = draw(st.sampled_from(codes))
    goal = draw(st.sampled_from([code for code in codes if code != origin] * 3 + [origin]))
    sources = draw(st.permutations(sorted(PIVOTS)))[: draw(st.sampled_from([4, 3, 2, 1]))]
    max_age, lag = draw(st.sampled_from([7, 3, 0, 10])), draw(st.sampled_from([0, 0, 0, 1, 2]))
    asked = Question(origin, goal, first, tuple(sources), max_age, lag, draw(st.booleans()))
    return Case(world, first, asked, draw(st.sampled_from((0, 0, 60))))


def put(store: Store, published: tuple[Published, ...]) -> None:
    store.empty()
    store.rates(
        (row.source, row.base, row.quote, row.on, Decimal(row.rate.numerator) / Decimal(row.rate.denominator))
        for row in published
    )


def whole(store: Store, case: Case, asked: Question, last: date, legs: bool = True) -> list[Any]:
    """The days up to one, of a series that may begin long before them."""
    rows = series(store, asked, case.days[0] - timedelta(case.before), last, legs)
    return rows[case.before :]


def series(store: Store, asked: Question, first: date, last: date, legs: bool = True) -> list[Any]:
    return store.conn.execute(
        "SELECT * FROM mart.fx_rates(%s, %s, %s, %s, %s, %s, NULL, %s, %s, %s) ORDER BY day",
        [
            asked.origin,
            asked.goal,
            first,
            last,
            list(asked.sources),
            asked.max_age,
            asked.lag,
            asked.pegs,
            legs,
        ],
    ).fetchall()


def agrees(row: Any, right: Answer) -> bool:
    _, rate, rate_date, source, missing, _ = row
    if (rate_date, source, missing) != (right.rate_date, right.source, right.missing):
        return False
    return rate is None if right.rate is None else rate is not None and close(rate, right.rate)


@given(cases(), st.integers(0, SPAN - 1))
@histories(short=250)
def test_rates_of_every_history_are_as_the_rules_say(module_store: Store, case: Case, cut: int) -> None:
    """Of each history three things: every day is what the rules say, with a receipt that gives it; there and back again
    is one; and without what was published later, no earlier day is another (no look-ahead)."""
    put(module_store, case.world.published)
    rows = whole(module_store, case, case.asked, case.days[-1])
    check_days(case, rows)
    check_back(case, rows, module_store)
    check_no_look_ahead(case, rows, cut, module_store)
    checked()


def check_days(case: Case, rows: list[Any]) -> None:
    """Each is as the rules say when they are worked out a second time."""
    assert [row[0] for row in rows] == case.days
    for row in rows:
        asked = replace(case.asked, on=row[0])
        right = answers(case.world, asked)
        event(str(right[0].missing or right[0].source))
        assert any(agrees(row, one) for one in right), (asked, row, right)
        check_receipt(asked, row)


def check_back(case: Case, rows: list[Any], store: Store) -> None:
    """rate(A,B) x rate(B,A) = 1, within 1e-18."""
    back = replace(case.asked, origin=case.asked.goal, goal=case.asked.origin)
    for row, returned in zip(rows, whole(store, case, back, case.days[-1], legs=False), strict=True):
        assert (row[2], row[4]) == (returned[2], returned[4])
        if row[1] is not None:
            assert close(Fraction(row[1]) * Fraction(returned[1]), Fraction(1))


def check_no_look_ahead(case: Case, rows: list[Any], cut: int, store: Store) -> None:
    """Up to a day, what was published after it changes nothing."""
    day = case.days[cut]
    store.conn.execute(
        "DELETE FROM warehouse.fact_fx_rate WHERE rate_date > %s", [day - timedelta(case.asked.lag)]
    )
    assert whole(store, case, case.asked, day) == rows[: cut + 1]


def check_receipt(asked: Question, row: Any) -> None:
    """The legs give the rate, each is of a day and a source that may answer, and the last is as old as is said."""
    _, rate, rate_date, source, missing, legs = row
    if missing is not None:
        assert rate is None and legs is None
        return
    assert close(rate, walked(legs, asked.origin, asked.goal))
    market = [leg for leg in legs if leg["use"] in ("direct", "inverse")]
    days = [date.fromisoformat(leg["date"]) for leg in market]
    assert (min(days) if days else None) == rate_date
    assert all(day <= asked.newest_allowed and (asked.on - day).days <= asked.max_age for day in days)
    if market:
        assert [name for name in asked.sources if name in {leg["source"] for leg in market}] == source.split(
            "+"
        )
    else:
        assert source in ("identity", "legal", "peg")
    assert all(
        leg["use"] in ("legal", "peg") and leg["revision"] is None for leg in legs if leg not in market
    )
    assert asked.pegs or not any(leg["use"] == "peg" for leg in legs)


@given(cases(), st.integers(0, SPAN - 1), st.decimals("-1e9", "1e9", allow_nan=False, places=4))
@settings(max_examples=4 * SHORT)
def test_one_conversion_is_that_day_of_the_series(
    module_store: Store, case: Case, cut: int, amount: Decimal
) -> None:
    put(module_store, case.world.published)
    asked = replace(case.asked, on=case.days[cut])
    policy = Policy(asked.sources, asked.pegs, asked.max_age)
    (row,) = series(module_store, asked, asked.on, asked.on)
    try:
        made = conversion.convert(
            module_store.conn,
            amount,
            asked.origin,
            asked.goal,
            on=asked.on,
            policy=policy,
            rate_lag=asked.lag,
        )
    except NoRate as error:
        assert row[4] is not None and row[4] in str(error)
        return
    exact = Fraction(amount) * walked(row[5], asked.origin, asked.goal)
    assert abs(Fraction(made.result) - exact) <= max(Fraction(1, 2 * 10**6), abs(exact) / 10**18)
    assert {name: made.receipt[name] for name in ("rate_date", "source", "legs", "on")} == {
        "rate_date": row[2], "source": row[3], "legs": row[5], "on": asked.on,
    }  # fmt: skip
    assert made.receipt["age_days"] == ((asked.on - row[2]).days if row[2] else None)
    assert close(made.receipt["rate"], Fraction(row[1]), Fraction(1, 2 * 10**11))
    if asked.lag == 0:
        listed = conversion.rates(
            module_store.conn, asked.origin, asked.goal, first=asked.on, last=asked.on, policy=policy
        ).rows
        shown = (made.receipt["rate"], row[2], made.receipt["age_days"], row[3], None)
        assert [tuple(one[1:]) for one in listed] == [shown]


def test_the_reference_is_not_blind() -> None:
    """A few days worked out by hand from DESIGN section 4, so that both sides cannot be wrong in the same way."""

    def of(published: list[tuple[str, str, str, str, str]], asked: Question) -> Answer:
        rows = tuple(
            Published(source, base, quote, date.fromisoformat(on), Fraction(rate))
            for source, base, quote, on, rate in published
        )
        return answers(World(rows, PIVOTS, OWN), asked)[0]

    every = ("files", "ecb", "alpha_vantage")
    ecb = [("ecb", "EUR", "USD", "2022-12-30", "1.0666"), ("ecb", "EUR", "GBP", "2022-12-29", "0.88")]
    usd = Question("HRK", "USD", date(2023, 1, 2), every)
    assert of(ecb, usd) == Answer(Fraction("1.0666") / Fraction("7.5345"), date(2022, 12, 30), "ecb")
    assert of(ecb, replace(usd, on=date(2022, 12, 31))).missing == "no_rate"
    assert of(ecb, replace(usd, on=date(2023, 1, 7))).missing == "rate_too_old"
    assert of(ecb, replace(usd, goal="EUR")) == Answer(1 / Fraction("7.5345"), None, "legal")
    assert of(ecb, replace(usd, origin="GBP")).missing == "no_rate", "the legs are of two days"
    own = [*ecb, ("files", "EUR", "USD", "2022-12-29", "2")]
    assert of(own, replace(usd, origin="EUR")).rate == Fraction("1.0666"), (
        "a file's rate is not carried past a newer"
    )
    assert of(own, replace(usd, origin="EUR", on=date(2022, 12, 29))).rate == 2
    dirham = Question("AED", "EUR", date(2022, 12, 30), every, pegs=True)
    assert of(ecb, dirham).rate == 1 / (Fraction("1.0666") * Fraction("3.6725"))
    assert of(ecb, replace(dirham, pegs=False)).missing == "no_rate"
    joined = [*ecb, ("files", "GBP", "KES", "2022-12-28", "150")]
    shilling = Question("USD", "KES", date(2022, 12, 30), every)
    assert of(joined, shilling).missing == "no_rate", "the ECB has no one day with pounds and dollars"
    joined += [("ecb", "EUR", "USD", "2022-12-29", "1.06")]
    assert of(joined, shilling) == Answer(
        Fraction("0.88") / Fraction("1.06") * 150, date(2022, 12, 28), "files+ecb"
    )
