"""Whatever the order in which bars arrive, the same ones are held in the end."""

from __future__ import annotations

import itertools

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.tally import SHORT
from tests.support.writing import at, bars, closes, held, weekdays

NOW, DAYS = at("2024-12-01"), weekdays("2024-01-02", 100)
_examples = itertools.count(1)

SERIES = st.lists(
    st.tuples(st.sampled_from([1, 1, 2, 9, 10, 11]), st.sampled_from([10, 11, 1000, 1100, 0.01])),
    min_size=2,
    max_size=9,
).flatmap(lambda given: st.tuples(st.just(given), st.permutations(range(len(given))), st.integers(1, 3)))


@settings(
    max_examples=SHORT, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(SERIES)
def test_the_order_of_arrival_does_not_matter(
    conn: psycopg.Connection, given: tuple[list[tuple[int, float]], list[int], int]
) -> None:
    steps, order, size = given
    n, whole, pieces = next(_examples), [], f"P{next(_examples)}"
    at_once, day = f"W{n}", -1
    for step, close in steps:  # steps of up to eleven sessions: ten are looked back
        day += step
        whole.append((DAYS[day], close))
    bars(conn, [f"{at_once},{when},{close}" for when, close in whole], fetched_at=NOW)
    for first in range(0, len(order), size):
        rows = [whole[place] for place in sorted(order[first : first + size])]
        bars(conn, [f"{pieces},{when},{close}" for when, close in rows], fetched_at=NOW)
    waiting = {symbol: [row[1] for row in held(conn) if row[0] == symbol] for symbol in (at_once, pieces)}
    assert waiting[pieces] == waiting[at_once]
    assert closes(conn, pieces) == closes(conn, at_once)
