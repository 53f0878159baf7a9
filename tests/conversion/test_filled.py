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
