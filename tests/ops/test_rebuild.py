"""Every row of the warehouse comes again from what is recorded, with the same ids and the same times of knowing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from tests.support.command import Cli
from tests.support.writing import actions, at, bars, closes, conn, held, listed, rates, snapshot
from tests.warehouse.test_providers import dividend, fetched, split, whole
from ticker_converter import acts
from ticker_converter.errors import Usage
from ticker_converter.ops.rebuild import rebuild
from ticker_converter.pipeline import Run
from ticker_converter.warehouse import instruments

__all__ = ["conn"]
FACTS = (
    "fact_price", "fact_price_revision", "fact_price_outranked", "fact_fx_rate", "fact_fx_rate_revision",
    "fact_corporate_action", "fact_corporate_action_revision", "coverage",
)  # fmt: skip


def history(conn: psycopg.Connection) -> None:
    """A life of a warehouse with every act there is."""
    listed(conn, "IBM", mic="XNYS", providers=["alpha_vantage", "files"])
    listed(conn, "VOD.L", "GBX", "XLON")
    for close in ("10", "11", "12"):
        bars(conn, [f"A,2024-01-03,{close}", "A,2024-01-04,13", "A,2024-01-05,-1", "A,2024-01-08,1300"])
        rates(conn, [f"EUR,USD,2024-01-03,1.{close}", "EUR,USD,2024-01-04,-1"])
        fetched(conn, close)
        bars(conn, [f"IBM,2024-01-03,2{close}", "IBM,2024-01-04,30", "IBM,2024-01-05,31"])
        actions(conn, [f"A,2024-01-03,dividend,{close}"])
    for data in ([split("1999-05-27", "2"), split("1997-05-28", "2")], [split("1999-05-27", "2")]):
        whole(conn, "SPLITS", data)
    whole(conn, "DIVIDENDS", [dividend("2024-02-08", "1.66")])
    bars(conn, ["A,2024-01-03,7"], known_at=at("2024-02-01"))
    with pytest.raises(Usage):
        bars(conn, ["A;B"], header="nothing;here")
    bars(conn, ["VOD.L,2024-01-03,70", "VOD.L,2024-01-04,71", "VOD.L,2024-01-01,69"], unit="GBX", mic="XLON")
    wrong = bars(conn, ["A,2024-01-09,99", "IBM,2024-01-03,98", "C,2024-01-09,5"])
    (first, *_) = (row[0] for row in conn.execute("SELECT quarantine_id FROM landing.quarantine ORDER BY 1"))
    jump = conn.execute("SELECT quarantine_id FROM landing.quarantine WHERE reason = 'unit_jump'").fetchone()
    with Run(conn, "quarantine", {}) as run:
        run.decide(first, "rejected", "no such price", author="me")
        if jump:
            run.decide(jump[0], "rescaled", "pence", author="me", factor=Decimal("0.01"))
    with Run(conn, "correct", {}) as run:
        acts.correct(
            run, "A", date(2024, 1, 4), {"close": Decimal("14"), "high": Decimal(15)}, "typo", author="me"
        )
        acts.correct(run, "IBM", date(2024, 1, 4), {"close": Decimal("30.00")}, "seen", author="me")
        acts.release(run, "IBM", date(2024, 1, 4), "not needed", author="me")
    with Run(conn, "import undo", {}) as run:
        acts.undo(run, wrong.run_id, "the wrong file", author="me")
    with Run(conn, "edit", {}) as run:
        acts.edit(run, "VOD.L", "pounds", author="me", unit="GBP", name="Vodafone")
        acts.edit(
            run,
            "IBM",
            "a cut-over",
            author="me",
            providers=["files", "alpha_vantage"],
            valid_from=date(2024, 1, 4),
        )
        acts.edit(run, "IBM", "beside", author="me", shadows=["ecb"])
    fetched(conn, "33", day="2024-01-04")
    with Run(conn, "calendar admit", {}) as run:
        run.admit("XLON", date(2024, 1, 1), "it traded", author="me")
    with Run(conn, "check", {}) as run:
        acts.check(run, ["files", "ecb"])
    with Run(conn, "replay", {}) as run:
        run.replay(None, None)
    instruments.remove(conn, "A")
    bars(conn, ["A,2024-01-10,15"], known_at=at("2024-02-01") + timedelta(1))


def test_a_dropped_warehouse_comes_again_row_by_row(conn: psycopg.Connection) -> None:
    history(conn)
    before = snapshot(conn)
    loads = conn.execute("SELECT * FROM landing.load ORDER BY load_id").fetchall()
    assert rebuild(conn, lambda text: None, apply=False) == []
    assert snapshot(conn) == before, "without `apply` nothing is changed"
    conn.execute(f"TRUNCATE {', '.join(f'warehouse.{name}' for name in FACTS)}")
    lost = rebuild(conn, lambda text: None, apply=True)
    assert {one.table.removeprefix("warehouse.") for one in lost} == set(FACTS)
    assert all(one.gone == 0 for one in lost)
    after = snapshot(conn)
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]}.keys() == {
        "warehouse.state"
    }, "the version of the data alone has moved on"
    assert conn.execute("SELECT * FROM landing.load ORDER BY load_id").fetchall() == loads
    assert conn.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'rebuild%'").fetchone() == (0,)
    bars(conn, ["A,2024-01-11,16"])
    assert len(held(conn, None)) >= 3 and rebuild(conn, lambda text: None, apply=False) == []


def test_the_command_compares_and_puts_back(conn: psycopg.Connection, cli: Cli) -> None:
    bars(conn, ["A,2024-01-03,10", "A,2024-01-04,11"])
    assert cli("db", "rebuild").code == 0
    conn.execute("DELETE FROM warehouse.fact_price WHERE session = '2024-01-04'")
    shown = cli("db", "rebuild")
    assert shown.code == 1 and "nothing was changed" in shown.stderr
    assert shown.json == [{"table": "warehouse.fact_price", "new": 1, "gone": 0}]
    assert cli("db", "rebuild", "--apply").code == 0
    assert closes(conn, "A") == {"2024-01-03": "10", "2024-01-04": "11"}
    assert cli("db", "rebuild").json == []


def test_what_cannot_be_done_again_changes_nothing(conn: psycopg.Connection) -> None:
    from ticker_converter.errors import Permanent

    history(conn)
    conn.execute(
        "UPDATE landing.load SET act = jsonb_set(act, '{act}', '\"dance\"') WHERE act->>'act' = 'edit'"
    )
    before = snapshot(conn)
    with pytest.raises(Permanent, match="cannot be done again, nothing was changed: no such act: dance"):
        rebuild(conn, lambda text: None, apply=True)
    assert snapshot(conn) == before
