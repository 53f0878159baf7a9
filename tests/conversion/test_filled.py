"""The rates filled per day give what the facts give, and are always what a rebuild would make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversion.store import Store
from tests.conversion.test_rules import PIVOTS, Case, cases, put, rates, series

EXAMPLES = 8 * settings.default.max_examples


def from_first_day(store: Store) -> None:
    """Let the shortest series be read from the filled rates."""
    store.conn.execute(
        "CREATE OR REPLACE FUNCTION mart.fx_quick_from() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 0"
    )


def filled(store: Store) -> dict[str, list[Any]]:
    return {
        "pairs": store.conn.execute("SELECT t.* FROM mart.fx_pair AS t ORDER BY t.*").fetchall(),
        "filled": store.conn.execute("SELECT t.* FROM mart.fx_filled AS t ORDER BY t.*").fetchall(),
    }


IDS = "source_id = (SELECT source_id FROM warehouse.dim_source WHERE source = %s)"
ROW = f"{IDS} AND base = %s AND quote = %s AND rate_date = %s"
DELETE = f"DELETE FROM warehouse.fact_fx_rate WHERE {ROW}"  # noqa: S608
CHANGE = f"UPDATE warehouse.fact_fx_rate SET rate = rate * 2 WHERE {ROW}"  # noqa: S608


@given(cases())
@settings(max_examples=EXAMPLES)
def test_a_series_from_the_filled_rates_is_that_from_the_facts(module_store: Store, case: Case) -> None:
    put(module_store, case.world.published)
    from_first_day(module_store)
    first, last = case.days[0] - timedelta(3), case.days[-1] + timedelta(12)
    quick = series(module_store, case.asked, first, last, legs=False)
    exact = series(module_store, case.asked, first, last)
    assert [row[:5] for row in quick] == [row[:5] for row in exact]


@given(cases(), st.data())
@settings(max_examples=EXAMPLES // 4)
def test_rates_that_come_change_and_go_leave_what_a_rebuild_makes(
    module_store: Store, case: Case, data: st.DataObject
) -> None:
    put(module_store, case.world.published)
    conn = module_store.conn
    for _ in range(data.draw(st.integers(1, 5))):
        row = data.draw(st.sampled_from(case.world.published))
        key = (row.source, row.base, row.quote, row.on + timedelta(data.draw(st.integers(-15, 15))))
        match data.draw(st.sampled_from(["delete", "change", "put"])):
            case "delete":
                conn.execute(DELETE, key)
            case "change":
                conn.execute(CHANGE, key)
            case "put":
                conn.execute(DELETE, key)
                module_store.rates([(*key, data.draw(rates))])
    kept = filled(module_store)
    conn.execute("SELECT warehouse.fx_refill()")
    assert kept == filled(module_store)
    from_first_day(module_store)
    asked = replace(case.asked, sources=tuple(PIVOTS))
    quick = series(module_store, asked, case.days[0], case.days[-1], legs=False)
    assert [row[:5] for row in quick] == [
        row[:5] for row in series(module_store, asked, case.days[0], case.days[-1])
    ]


def test_a_long_gap_is_filled_for_ten_days_and_answered_as_before(store: Store) -> None:
    store.rates(
        [("ecb", "EUR", "USD", "2020-01-02", Decimal("1.1")), ("ecb", "EUR", "USD", "2020-06-01", "1.2")]
    )
    assert [str(row[3]) for row in filled(store)["filled"]][9:12] == [
        "2020-01-11",
        "2020-01-12",
        "2020-06-01",
    ]
    found = store.conn.execute(
        "SELECT missing, count(*) FROM mart.fx_rates('EUR', 'USD', %s, %s, '{ecb}', 7)"
        " GROUP BY 1 ORDER BY 1 NULLS FIRST",
        [date(2019, 12, 1), date(2020, 6, 5)],
    ).fetchall()
    assert found == [(None, 8 + 5), ("no_rate", 32), ("rate_too_old", 143)]


def test_a_source_that_tells_its_pivot_again_has_nothing_filled_anew(store: Store) -> None:
    store.rates([("ecb", "EUR", "USD", "2020-01-02", "1.1"), ("boe", "GBP", "USD", "2020-01-02", "1.3")])
    written = "SELECT source_id, ctid::text FROM mart.fx_filled ORDER BY 1, day"
    before = store.conn.execute(written).fetchall()
    told = store.conn.execute(
        "SELECT source_id, pivot FROM warehouse.dim_source WHERE source = 'ecb'"
    ).fetchone()
    assert told is not None
    ecb, pivot = told
    change = "UPDATE warehouse.dim_source SET pivot = %s WHERE source = 'ecb'"
    store.conn.execute(change, [pivot])
    store.conn.execute(change + " AND pivot IS DISTINCT FROM %s", [pivot, pivot])
    assert store.conn.execute(written).fetchall() == before
    store.conn.execute(change, ["USD" if pivot == "EUR" else "EUR"])
    after = store.conn.execute(written).fetchall()
    assert {row for row in before if row[0] != ecb} == {row for row in after if row[0] != ecb}
    assert {row[1] for row in before if row[0] == ecb}.isdisjoint(row[1] for row in after if row[0] == ecb)


def test_two_directions_of_a_pair_are_chosen_anew_when_the_pivot_changes(store: Store) -> None:
    store.rates([("ecb", "EUR", "USD", "2020-01-02", "1.1"), ("ecb", "USD", "EUR", "2020-01-02", "0.9")])
    kept = filled(store)
    store.conn.execute(
        "UPDATE warehouse.dim_source SET pivot = CASE pivot WHEN 'EUR' THEN 'USD' ELSE 'EUR' END WHERE source = 'ecb'"
    )
    changed = filled(store)
    assert changed["filled"] != kept["filled"]
    store.conn.execute("SELECT warehouse.fx_refill()")
    assert changed == filled(store)
