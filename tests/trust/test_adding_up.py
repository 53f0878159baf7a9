"""Returns and explanations over invented histories: equal to their definitions, adding up to the last digit.

Ten histories share a transaction; hypothesis draws each by itself, and each counts as one example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import psycopg
from hypothesis import event, given
from hypothesis import strategies as st

from tests.conversion.store import LOADED, Store
from tests.support.tally import Batch, batches, checked, histories
from tests.trust import numbers
from tests.trust.given import SECOND, rolled_back
from tests.trust.histories import DAYS, places, scenes
from tests.trust.numbers import Belief, Undecided
from ticker_converter.errors import NoBars, NoRate
from ticker_converter.queries import explain
from ticker_converter.queries.result import Policy
from ticker_converter.queries.returns import returns

TOGETHER = 10
amounts = st.builds(lambda n, s: Decimal(n).scaleb(-s), st.integers(1, 10**7), st.integers(0, 8))
ratios = st.sampled_from([(2, 1), (4, 1), (1, 3), (7, 1), (3, 2), (20, 1)])


@dataclass(frozen=True)
class Told:
    """What is believed at first and later, and what is asked: two days, an adjustment, a currency or a minor unit."""

    before: Belief
    after: Belief
    days: tuple[date, date]
    adjust: str
    to: str


@st.composite
def told(draw: st.DrawFn) -> Told:
    scene = draw(scenes)
    closes = {scene.day(n): draw(amounts) for n in sorted(draw(st.sets(places, min_size=2, max_size=7)))}
    rates = {}
    for source, base, quote in scene.rates:
        for n in draw(st.sets(st.integers(-1, DAYS - 1), min_size=2, max_size=7)):
            rates[source, base, quote, scene.day(n)] = draw(amounts)
    splits = {scene.day(n): draw(ratios) for n in draw(st.sets(places, max_size=2))}
    dividends = {scene.day(n): draw(amounts) for n in draw(st.sets(places, max_size=2))}
    before = Belief(scene, closes, rates, splits, dividends)
    later: dict[str, Any] = {}
    if draw(st.booleans()):
        later["closes"] = closes | {draw(st.sampled_from(sorted(closes))): draw(amounts)}
    if draw(st.booleans()):
        later["rates"] = rates | {draw(st.sampled_from(sorted(rates))): draw(amounts)}
    if draw(st.booleans()):
        later["splits"] = splits | {scene.day(draw(places)): draw(ratios)}
    if draw(st.booleans()):
        later["dividends"] = dividends | {scene.day(draw(places)): draw(amounts)}
    first, last = sorted((draw(places), draw(places)))
    to = draw(st.sampled_from([scene.to, scene.to, "GBX" if scene.to == "GBP" else scene.to, scene.paid]))
    return Told(
        before, replace(before, **later), (scene.day(first), scene.day(last)),
        draw(st.sampled_from(("none", "splits", "all"))), to,
    )  # fmt: skip


def put(store: Store, all_told: list[Told]) -> None:
    """The first beliefs as known at LOADED, and what differs of the second as known since SECOND."""
    conn = store.conn
    loads = {LOADED: store.load(LOADED), SECOND: store.load(SECOND)}
    unit_ids = dict(conn.execute("SELECT unit, unit_id FROM warehouse.dim_price_unit").fetchall())
    sources = {"files": store.source("files")}
    for n in range(len(all_told)):
        sources |= {f"a{n}": store.source(f"a{n}"), f"b{n}": store.source(f"b{n}", "EUR", handmade=False)}
    ids = dict(
        conn.execute(
            "INSERT INTO warehouse.dim_instrument (symbol, providers) SELECT 'S' || n, '{files}'"
            " FROM generate_series(0, %s) AS n RETURNING symbol, instrument_id", [len(all_told) - 1],
        ).fetchall()
    )  # fmt: skip
    tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    for n, one in enumerate(all_told):
        i, scene = ids[f"S{n}"], one.before.scene
        tables["instrument_unit"].append((i, "-infinity", unit_ids[scene.unit]))
        unit = {day: unit_ids[scene.unit_on(day)] for day in one.after.closes}
        kept(tables, "fact_price", one.before.closes, one.after.closes, loads,
             lambda day, close, load, i=i, unit=unit: (
            i, day, load, sources["files"], unit[day], "r", close))  # fmt: skip
        kept(tables, "fact_fx_rate", one.before.rates, one.after.rates, loads, lambda key, rate, load, n=n: (
            sources[f"{key[0]}{n}"], *key[1:], rate, load))  # fmt: skip
        for kind in ("split", "dividend"):
            parts = [
                {
                    day: (value[0], value[1], None, None) if kind == "split"
                    else (None, None, value, unit_ids[scene.paid])
                    for day, value in (belief.splits if kind == "split" else belief.dividends).items()
                }
                for belief in (one.before, one.after)
            ]  # fmt: skip
            kept(tables, "fact_corporate_action", parts[0], parts[1], loads, lambda day, value, load, i=i, kind=kind: (
                i, sources["files"], kind, day, "", "infinity", "r", *value, load))  # fmt: skip
    for name, rows in tables.items():
        with conn.cursor().copy(f"COPY warehouse.{name} ({COLUMNS[name]}) FROM STDIN") as copy:  # noqa: S608
            for row in rows:
                copy.write_row(row)


COLUMNS = {
    "instrument_unit": "instrument_id, valid_from, unit_id",
    "fact_price": "instrument_id, session, load_id, source_id, unit_id, basis, close",
    "fact_price_revision": "instrument_id, session, load_id, source_id, unit_id, basis, close, known_from, known_to,"
    " closed_by",
    "fact_fx_rate": "source_id, base, quote, rate_date, rate, load_id, known_from",
    "fact_fx_rate_revision": "source_id, base, quote, rate_date, rate, load_id, known_from, known_to, closed_by",
    "fact_corporate_action": "instrument_id, source_id, kind, ex_date, type, pay_date, basis, new, old, amount,"
    " unit_id, load_id, known_from",
    "fact_corporate_action_revision": "instrument_id, source_id, kind, ex_date, type, pay_date, basis, new, old,"
    " amount, unit_id, load_id, known_from, known_to, closed_by",
}


def kept(
    tables: dict[str, list[tuple[Any, ...]]], name: str, before: Mapping[Any, Any], after: Mapping[Any, Any],
    loads: dict[Any, int], row: Callable[..., tuple[Any, ...]],
) -> None:  # fmt: skip
    """What stands goes into a table, and what it replaced into that of revisions."""
    for key, value in after.items():
        known = LOADED if before.get(key) == value else SECOND
        tables[name].append((*row(key, value, loads[known]), *(() if name == "fact_price" else (known,))))
        if known == SECOND and key in before:
            tables[f"{name}_revision"].append(
                (*row(key, before[key], loads[LOADED]), LOADED, SECOND, loads[SECOND])
            )


def adds_up(found: dict[str, Any], parts: dict[str, Fraction], one: Told) -> None:
    """Every part is the exact one, within a unit of the last digit shown or four for the one that takes the rest; and
    the parts are the change, to the last digit."""
    coarser = max(abs(found["from"]["value"]), abs(found["to"]["value"]))
    unit = Fraction(1, 10 ** max(6, 9 - coarser.adjusted()))
    for name, part in found["parts"].items():
        wanted = parts.get(name, Fraction(0))
        # rates and factors carry 40 decimals
        assert abs(Fraction(part) - wanted) <= 4 * unit + abs(wanted) / 10**18, (
            name,
            part,
            float(wanted),
            one,
        )
    with localcontext(prec=200):
        assert sum(found["parts"].values(), Decimal(0)) == found["change"], one
        assert found["change"] == found["to"]["value"] - found["from"]["value"], one


def asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (NoRate, NoBars) as refused:
        event(type(refused).__name__)
        return None


@given(batches(told(), TOGETHER))
@histories(TOGETHER, short=150)
def test_differences_and_returns_add_up_to_the_last_digit(module_store: Store, batch: Batch) -> None:
    """Of each history three things: the parts between two dates, those between two knowledge times, and the returns."""
    with rolled_back(module_store) as store:
        put(store, batch.histories)
        for n, one in enumerate(batch.histories):
            policy = Policy((f"a{n}", f"b{n}"), one.before.pegs, 7)
            try:
                for check in (two_dates, two_beliefs, all_returns):
                    check(store.conn, one, f"S{n}", policy)
            except Undecided:
                event("the rules leave two rates open")
                continue
            checked()


def two_dates(conn: psycopg.Connection, one: Told, symbol: str, policy: Policy) -> None:
    first, last = one.days
    right = numbers.between_dates(one.after, first, last, one.to, one.adjust)
    found = asked(
        lambda: explain.between_dates(
            conn, symbol, currency=one.to, first=first, last=last, adjust=one.adjust, policy=policy
        )
    )
    assert (right is None) == (found is None), (right, found, one)
    if right is not None:
        event("dates explained")
        adds_up(found, right, one)


def two_beliefs(conn: psycopg.Connection, one: Told, symbol: str, policy: Policy) -> None:
    on = one.days[1]
    right = numbers.between_beliefs(one.before, one.after, on, one.to, one.adjust)
    found = asked(
        lambda: explain.between_beliefs(
            conn, symbol, currency=one.to, on=on, known_at=(LOADED, SECOND), adjust=one.adjust, policy=policy
        )
    )
    assert (right is None) == (found is None), (right, found, one)
    if right is not None:
        event("beliefs explained")
        adds_up(found, right, one)


def all_returns(conn: psycopg.Connection, one: Told, symbol: str, policy: Policy) -> None:
    adjust = "all" if one.adjust == "all" else "splits"
    to = "GBP" if one.to == "GBX" else one.to
    right = numbers.returns(one.after, to, adjust)
    found = asked(lambda: returns(conn, symbol, currency=to, adjust=adjust, policy=policy))
    if right is None or right[1][0] is None:
        assert found is None, (found, one)
        return
    assert found is not None, one
    event("returned")
    steps, whole = right
    parts = found.head["attribution"]
    with localcontext(prec=200):
        assert parts["price"] + parts["fx"] + parts["cross"] == parts["total"], one
    assert near(parts["price"], parts["fx"], parts["total"], whole), (parts, one)
    assert len(found.rows) == len(steps), one
    for (_, local, fx, total, missing), step in zip(found.rows, steps, strict=True):
        assert near(local, fx, total, step), (local, fx, total, step, one)
        assert (missing is None) == (None not in step), (missing, step, one)


def near(
    local: Decimal | None,
    fx: Decimal | None,
    total: Decimal | None,
    right: tuple[Fraction | None, Fraction | None],
) -> bool:
    """Each rounded once, to 8 decimals."""
    price, rate = right
    both = None if price is None or rate is None else (1 + price) * (1 + rate) - 1
    return all(
        (shown is None) == (exact is None)
        and (shown is None or exact is None
             or abs(Fraction(shown) - exact) <= Fraction(1, 2 * 10**8) + abs(exact) / 10**18)
        for shown, exact in ((local, price), (fx, rate), (total, both))
    )  # fmt: skip
