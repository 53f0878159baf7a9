"""As we knew it: what was answered at a time is answered again for that time, whatever has arrived since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tally import SHORT
from tests.support.writing import actions, at, bars, closes, listed, rates
from tests.trust.acting import check, correct, decide, edit, emptied, release, undo
from tests.trust.test_undo import vendor
from ticker_converter.errors import NoRate, NotThere, TickerConverterError
from ticker_converter.pipeline import Report
from ticker_converter.queries.actions import actions as actions_of
from ticker_converter.queries.conversion import rates as rates_of
from ticker_converter.queries.explain import between_beliefs, between_dates
from ticker_converter.queries.prices import prices as prices_of
from ticker_converter.queries.result import Policy, Result
from ticker_converter.queries.returns import returns
from ticker_converter.queries.value import value

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04"]
ON = date(2024, 1, 4)


def clock(conn: psycopg.Connection) -> datetime:
    row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def answers(conn: psycopg.Connection, known: datetime) -> dict[str, Any]:
    """Every question that can be asked of a time of knowing, answered or refused."""
    first = date(2024, 1, 2)
    asked: dict[str, Callable[[], Any]] = {
        "rates": lambda: rates_of(conn, "USD", "GBP", first=first, last=ON, known_at=known),
        "value": lambda: value(
            conn, [("A", Decimal(3)), ("CASH:EUR", Decimal(7))], currency="GBP", on=ON, known_at=known
        ),
        "actions": lambda: actions_of(conn, "A", currency="GBP", known_at=known),
    }
    for adjust in ("none", "splits", "all"):
        asked |= {
            f"prices {adjust}": lambda adjust=adjust: prices_of(
                conn, "A", currency="GBP", adjust=adjust, known_at=known, receipts=True
            ),
            f"own prices {adjust}": lambda adjust=adjust: prices_of(conn, "A", adjust=adjust, known_at=known),
            f"explain {adjust}": lambda adjust=adjust: between_dates(
                conn, "A", currency="GBP", first=first, last=ON, adjust=adjust, known_at=known
            ),
            f"beliefs {adjust}": lambda adjust=adjust: between_beliefs(
                conn, "A", currency="GBP", on=ON, known_at=(known, known), adjust=adjust
            ),
        }
    for adjust in ("splits", "all"):
        asked[f"returns {adjust}"] = lambda adjust=adjust: returns(
            conn, "A", currency="GBP", adjust=adjust, known_at=known
        )
        asked[f"own returns {adjust}"] = lambda adjust=adjust: returns(
            conn, "A", adjust=adjust, known_at=known
        )
    return {name: _answer(ask) for name, ask in asked.items()}


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        found = ask()
    except TickerConverterError as error:
        return type(error).__name__
    return (found.head, [tuple(row) for row in found.rows]) if isinstance(found, Result) else found


days = st.sampled_from(DAYS)
numbers = st.sampled_from(["10", "11", "12", "1100"])
tables = st.dictionaries(days, numbers, min_size=1, max_size=3)
steps = st.one_of(
    st.tuples(st.sampled_from(["file", "file", "vendor", "rates", "rates", "dividends", "splits"]), tables),
    st.tuples(st.just("correct"), st.tuples(days, numbers)),
    st.tuples(st.just("release"), days),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("unit"), st.sampled_from(["USD", "GBX"])),
    st.tuples(st.just("decide"), st.sampled_from(["accepted", "rejected", "rescaled"])),
    st.tuples(st.just("check"), st.none()),
    st.tuples(st.just("order"), st.booleans()),
)


def act(conn: psycopg.Connection, step: tuple[str, Any], runs: list[int]) -> Report | None:
    """One step; what cannot be done (nothing to release, say) is passed over."""
    kind, what = step
    match kind:
        case "file":
            return bars(conn, [f"A,{day},{close}" for day, close in what.items()], unit="")
        case "vendor":
            return vendor(conn, "A", what)
        case "rates":
            rows = [f"EUR,USD,{day},{Decimal(rate) / 10}" for day, rate in what.items()]
            return rates(conn, rows + [f"EUR,GBP,{day},{Decimal(rate) / 12}" for day, rate in what.items()])
        case "dividends":
            return actions(conn, [f"A,{day},dividend,{amount}" for day, amount in what.items()])
        case "splits":
            return actions(conn, [f"A,{day},split,{amount}" for day, amount in what.items()])
        case "correct":
            correct(conn, "A", what[0], close=what[1], high="2000", low="1")
        case "release":
            release(conn, "A", what)
        case "undo":
            if runs:
                undo(conn, runs[what % len(runs)])
        case "unit":
            edit(conn, "A", unit=what)
        case "order":
            edit(conn, "A", providers=["files", "alpha_vantage"] if what else ["alpha_vantage", "files"])
        case "decide":
            row = conn.execute(
                "SELECT min(quarantine_id) FROM landing.quarantine WHERE state = 'held'"
            ).fetchone()
            if row is not None and row[0] is not None:
                more = {"factor": Decimal("0.01")} if what == "rescaled" else {}
                decide(conn, row[0], what, **more)
        case _:
            check(conn)
    return None


@given(st.lists(steps, min_size=2, max_size=8))
@settings(max_examples=SHORT // 2)
def test_every_command_answers_of_a_time_as_it_did(
    module_conn: psycopg.Connection, history: list[tuple[str, Any]]
) -> None:
    conn = module_conn
    emptied(conn)
    listed(conn, "A", providers=["alpha_vantage", "files"], mic=None)
    runs: list[int] = []
    told: list[tuple[datetime, dict[str, Any]]] = []
    for step in history:
        try:
            report = act(conn, step, runs)
        except NotThere:
            report = None
        if report is not None:
            runs.append(report.run_id)
        known = clock(conn)
        if step[0] != "order":  # knowledge time fixes data, not settings: the order of providers is one
            told.append((known, answers(conn, known)))
        else:
            told.clear()
    for known, before in told:
        assert answers(conn, known) == before


def test_past_deliveries_loaded_late_are_known_from_their_own_time(conn: psycopg.Connection) -> None:
    bars(conn, ["A,2024-01-02,10"], known_at=at("2024-01-03"), fetched_at=at("2024-06-01"))
    bars(conn, ["A,2024-01-02,12"], known_at=at("2024-03-03"), fetched_at=at("2024-06-01"))
    bars(conn, ["A,2024-01-02,11"], known_at=at("2024-02-03"), fetched_at=at("2024-06-01"))
    seen = {known: closes(conn, "A", at(known)).get("2024-01-02") for known in
            ("2024-01-02", "2024-01-03", "2024-02-03", "2024-03-02", "2024-03-03")}  # fmt: skip
    assert list(seen.values()) == [None, "10", "11", "11", "12"]
    assert closes(conn, "A") == {"2024-01-02": "12"}


def test_a_rate_joined_of_two_sources_is_known_after_one_of_them_was_taken_back(
    conn: psycopg.Connection,
) -> None:
    rates(conn, ["EUR,USD,2024-01-02,1.1"], source="bank")
    run = rates(conn, ["USD,GBP,2024-01-02,0.8"], source="broker")
    policy = Policy(("bank", "broker"))

    def ask(known: datetime | None) -> list[Any]:
        day = date(2024, 1, 2)
        return rates_of(conn, "EUR", "GBP", first=day, last=day, known_at=known, policy=policy).rows

    then = clock(conn)
    before = ask(then)
    assert before[0][1] == Decimal("0.88")
    undo(conn, run.run_id)
    assert ask(then) == before
    with pytest.raises(NoRate):
        ask(None)
