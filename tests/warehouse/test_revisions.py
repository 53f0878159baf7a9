"""What was believed when: revisions, late knowledge in its place, and a naive model beside the warehouse."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.tally import SHORT
from tests.support.writing import actions, at, bars, closes, counts, listed, rates, snapshot
from ticker_converter.errors import Usage

JAN, FEB, MAR, APR = (at(f"2024-0{month}-10") for month in (1, 2, 3, 4))
DAY = "2024-01-03"


def test_a_changed_value_is_a_revision(conn: psycopg.Connection) -> None:
    before = datetime.now(UTC)
    assert counts(bars(conn, [f"A,{DAY},10"])) == {"inserted": 1}
    between = datetime.now(UTC)
    assert counts(bars(conn, [f"A,{DAY},11"])) == {"revised": 1}
    assert closes(conn, "A") == {DAY: "11"}
    assert closes(conn, "A", between) == {DAY: "10"}
    assert closes(conn, "A", before) == {}
    row = conn.execute(
        "SELECT r.close, r.known_from = l.known_from, r.known_to = c.known_from "
        "FROM warehouse.fact_price_revision AS r JOIN landing.load AS l USING (load_id) "
        "JOIN landing.load AS c ON c.load_id = r.closed_by"
    ).fetchone()
    assert row is not None and (int(row[0]), row[1], row[2]) == (10, True, True)


@pytest.mark.parametrize("field", [3, 4, 5, 6, 2])
def test_each_field_of_a_bar_counts(conn: psycopg.Connection, field: int) -> None:
    cells = ["A", DAY, "10", "12", "8", "10", "100"]
    bars(conn, [",".join(cells)])
    cells[field] = {2: "9", 3: "13", 4: "7", 5: "11", 6: ""}[field]
    assert counts(bars(conn, [",".join(cells)])) == {"revised": 1}
    assert counts(bars(conn, [",".join(cells)])) == {"unchanged": 1}


def test_the_same_number_with_more_zeros_is_no_revision(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"])
    rates(conn, [f"EUR,USD,{DAY},1.1"])
    before = snapshot(conn)
    assert counts(bars(conn, [f"A,{DAY},10.000"])) == {"unchanged": 1}
    assert counts(rates(conn, [f"EUR,USD,{DAY},1.10"])) == {"unchanged": 1}
    assert snapshot(conn) == before


def test_late_knowledge_goes_into_its_place(conn: psycopg.Connection) -> None:
    for known, value in ((JAN, 10), (MAR, 12)):
        bars(conn, [f"A,{DAY},{value}"], known_at=known)
    assert counts(bars(conn, [f"A,{DAY},11"], known_at=FEB)) == {"inserted": 1}
    assert [closes(conn, "A", known).get(DAY) for known in (JAN, FEB, MAR, APR, None)] == [
        "10",
        "11",
        "12",
        "12",
        "12",
    ]
    assert closes(conn, "A", JAN - timedelta(1)) == {}
    before = snapshot(conn)
    for known, value in ((FEB, 11), (JAN, 10), (MAR, 12)):
        assert counts(bars(conn, [f"A,{DAY},{value}"], known_at=known)) == {"unchanged": 1}
    assert snapshot(conn) == before


def test_what_was_said_again_later_stands_against_what_is_learned_of_before(conn: psycopg.Connection) -> None:
    bars(conn, [f"A,{DAY},10"], known_at=JAN)
    assert counts(bars(conn, [f"A,{DAY},10"], known_at=MAR)) == {"unchanged": 1}
    bars(conn, [f"A,{DAY},11"], known_at=FEB)
    assert [closes(conn, "A", known)[DAY] for known in (JAN, FEB, MAR)] == ["10", "11", "10"]
    rates(conn, [f"EUR,USD,{DAY},1.1"], known_at=JAN)
    rates(conn, [f"EUR,USD,{DAY},1.1"])
    rates(conn, [f"EUR,USD,{DAY},1.2"], known_at=FEB)
    assert rate(conn, FEB) == "1.2" and rate(conn, None) == "1.1"


def test_knowledge_of_the_same_moment_is_replaced_by_what_is_said_last(conn: psycopg.Connection) -> None:
    for value in (10, 11):
        bars(conn, [f"A,{DAY},{value}"], known_at=JAN)
    assert closes(conn, "A", JAN) == {DAY: "11"} and closes(conn, "A", JAN - timedelta(1)) == {}


def test_nothing_is_known_before_it_can_be(conn: psycopg.Connection) -> None:
    with pytest.raises(Usage, match="known"):
        bars(conn, [f"A,{DAY},10"], known_at=datetime.now(UTC) + timedelta(minutes=1))
    assert conn.execute("SELECT count(*) FROM landing.delivery").fetchone() == (0,)


def test_the_time_known_stands_for_the_time_fetched(conn: psycopg.Connection) -> None:
    assert counts(bars(conn, ["A,2024-01-04,10"], mic="XNYS", known_at=at("2024-01-04T20:00"))) == {
        "quarantined": 1
    }


def test_a_publish_is_never_known_before_the_last(conn: psycopg.Connection) -> None:
    conn.execute(
        "UPDATE warehouse.state SET published_at = clock_timestamp() + interval '1 hour'"
    )  # a clock set back
    bars(conn, [f"A,{DAY},10"])
    row = conn.execute("SELECT known_from > clock_timestamp() FROM landing.load").fetchone()
    assert row == (True,)


def rate(conn: psycopg.Connection, known: datetime | None) -> str | None:
    row = conn.execute(
        "SELECT rate FROM mart.fx_rate_known(%s) WHERE base = 'EUR' AND rate_date = %s", (known, DAY)
    ).fetchall()
    assert len(row) <= 1
    return str(row[0][0]) if row else None


def dividends(conn: psycopg.Connection, known: datetime | None, symbol: str = "A") -> list[str]:
    rows = conn.execute(
        "SELECT a.amount FROM mart.instrument AS i, mart.actions(i.instrument_id, %s) AS a WHERE i.symbol = %s "
        "ORDER BY a.ex_date",
        (known, symbol),
    ).fetchall()
    return [str(row[0]) for row in rows]


def test_late_knowledge_of_an_action_goes_into_its_place(conn: psycopg.Connection) -> None:
    listed(conn, "A")
    for known, value in ((JAN, 1), (MAR, 3), (FEB, 2)):
        actions(conn, [f"A,{DAY},dividend,{value}"], known_at=known)
    assert [dividends(conn, known) for known in (JAN - timedelta(1), JAN, FEB, MAR, None)] == [
        [], ["1"], ["2"], ["3"], ["3"]
    ]  # fmt: skip


_examples = itertools.count(1)
STATEMENTS = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=3, unique_by=lambda s: s[0]),
    min_size=1, max_size=9,
).flatmap(
    lambda files: st.tuples(st.just(files), st.lists(st.integers(0, 7), min_size=len(files), max_size=len(files)))
)  # fmt: skip


def believed(files: list[list[tuple[int, int]]], hours: list[int], hour: int) -> dict[int, int]:
    """The naive model: per day, of all that was said, what has the greatest known time until then, the last said."""
    found: dict[int, tuple[int, int, int]] = {}
    for n, (rows, known) in enumerate(zip(files, hours, strict=True)):
        for day, value in rows:
            if known <= hour and (day not in found or (known, n) > found[day][:2]):
                found[day] = (known, n, value)
    return {day: value for day, (_, _, value) in found.items()}


@settings(
    max_examples=SHORT, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(STATEMENTS)
def test_belief_is_what_a_naive_model_says(
    conn: psycopg.Connection, given: tuple[list[list[tuple[int, int]]], list[int]]
) -> None:
    files, hours = given
    name = f"S{next(_examples)}"  # one database for all examples
    listed(conn, name)
    for rows, hour in zip(files, hours, strict=True):
        known = JAN + timedelta(hours=hour)
        bars(conn, [f"{name},2023-11-0{day + 1},{value}" for day, value in rows], known_at=known)
        rates(
            conn, [f"EUR,USD,2023-11-0{day + 1},{value}" for day, value in rows], known_at=known, source=name
        )
        actions(conn, [f"{name},2023-11-0{day + 1},dividend,{value}" for day, value in rows], known_at=known)
    for hour in range(-1, 8):
        moment = JAN + timedelta(hours=hour)
        model = {
            f"2023-11-0{day + 1}": str(value) for day, value in sorted(believed(files, hours, hour).items())
        }
        assert closes(conn, name, moment) == model
        published = conn.execute(
            "SELECT rate_date::text, rate::text FROM mart.fx_rate_known(%s) JOIN mart.source USING (source_id) "
            "WHERE source = %s",
            (moment, name),
        ).fetchall()
        assert dict(published) == model and len(published) == len(model)
        assert dividends(conn, moment, name) == list(model.values())
    assert closes(conn, name) == closes(conn, name, JAN + timedelta(hours=8))
