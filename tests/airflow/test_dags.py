"""Each DAG: reading it does nothing, and running it alone does what it says."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.airflow.conftest import SYMBOLS, Install, closed
from tests.support.airflow import ROOT, VENV, Airflow
from tests.support.provider import FakeProvider, notice
from tests.support.writing import snapshot
from ticker_converter.ops import scheduled

DAGS = sorted((ROOT / "dags").glob("*.py"))

#: Run in Airflow's environment: what reading a DAG loads, opens and asks.
READ = """
import json, runpy, socket, sys, time
from airflow.sdk import DAG, BaseOperator
opened, connected, before = [], [], set(sys.modules)
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else
                 connected.append(str(args[1])) if event == "socket.connect" else None)
began = time.perf_counter()
runpy.run_path(sys.argv[1])
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "connected": connected,
    "opened": [name for name in opened if not name.endswith((".py", ".pyc", ".so", "exchange.csv", ".csv"))
               and "site-packages" not in name and "/lib/python" not in name],
    "ours": sorted(name for name in set(sys.modules) - before if name.startswith("ticker_converter"))}))
"""


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_reading_a_dag_opens_nothing_and_loads_nothing_that_works(path: Path, tmp_path: Path) -> None:
    env = {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [str(VENV / "bin" / "python"), "-c", READ, str(path)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    print(path.name, f"{told['seconds']:.2f} s")  # noqa: T201
    assert told["connected"] == []
    heavy = ("settings", "db", "connection", "pipeline", "ops", "providers", "queries", "warehouse")
    assert not [name for name in told["ours"] if name.split(".")[1:2] and name.split(".")[1] in heavy]


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_each_step_that_a_dag_calls_is_there(path: Path) -> None:
    called = [
        node.value.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "call" and isinstance(node.value, ast.Constant)
    ]
    assert all(callable(getattr(scheduled, str(name))) for name in called)


def alone(airflow: Airflow, dag: str, *words: str, check: bool = True) -> dict[str, str]:
    """Run a DAG by `airflow dags test`; how its tasks ended."""
    airflow.run("dags", "test", dag, *words, check=check)
    run_id = airflow.ask("SELECT run_id FROM dag_run WHERE dag_id = %s ORDER BY id DESC LIMIT 1", dag)[0][0]
    return airflow.states(dag, run_id)


def test_prices_rates_publish_and_quality_alone(install: Install, fake: FakeProvider, reference: str) -> None:
    airflow, conn = install()
    assert alone(airflow, "daily_prices") == {"due": "success", "load[0]": "success"}
    assert fake.count("TIME_SERIES_DAILY") == len(SYMBOLS)
    assert fake.count("eurofxref-hist.zip") == 0
    assert alone(airflow, "daily_rates") == {"load": "success", "published": "success"}
    assert alone(airflow, "publish") == {"publish": "success"}
    with psycopg.connect(reference) as other:
        assert snapshot(conn, exact=False) == snapshot(other, exact=False)

    asked, before = len(fake.asked), snapshot(conn)
    assert alone(airflow, "daily_prices") == {"due": "success", "load": "skipped"}
    assert alone(airflow, "daily_rates") == {"load": "success", "published": "success"}
    assert alone(airflow, "publish") == {"publish": "success"}
    assert len(fake.asked) == asked
    assert snapshot(conn) == before

    quality = alone(airflow, "quality", check=False)
    assert quality == {"rules": "success", "gaps": "success", "freshness": "success"}


def test_quality_says_what_is_wrong_and_what_to_do(install: Install, fake: FakeProvider) -> None:
    airflow, conn = install()
    first = closed("XNYS")[0]
    alone(airflow, "daily_prices")
    conn.execute("DELETE FROM warehouse.fact_price WHERE session > %s", (first,))
    conn.execute("UPDATE warehouse.coverage SET last_session = %s", (first,))
    done = airflow.run("dags", "test", "quality", check=False)
    told = done.stdout + done.stderr + airflow.log("quality")
    assert "behind their exchanges: AAA by" in told
    assert "ticker-converter status" in told


def test_a_backfill_asks_once_for_what_is_missing(install: Install, fake: FakeProvider) -> None:
    airflow, conn = install()
    words = ("--conf", json.dumps({"symbols": ["AAA"], "since": str(closed("XNYS")[0])}))
    assert alone(airflow, "backfill", *words) == {"history": "success", "load[0]": "success"}
    assert fake.count("TIME_SERIES_DAILY", "AAA") == 1
    before = snapshot(conn)
    assert alone(airflow, "backfill", *words) == {"history": "success", "load": "skipped"}
    assert fake.count("TIME_SERIES_DAILY", "AAA") == 1
    assert snapshot(conn) == before


def test_what_is_refused_for_good_is_not_tried_again(install: Install, fake: FakeProvider) -> None:
    airflow, _ = install()
    fake.answers["TIME_SERIES_DAILY", "BBB"] = notice("bad symbol")
    states = alone(airflow, "daily_prices", check=False)
    assert states == {"due": "success", "load[0]": "failed"}
    assert fake.count("TIME_SERIES_DAILY", "BBB") == 1
    assert airflow.ask("SELECT try_number FROM task_instance WHERE task_id = 'load'") == [(1,)]


@pytest.mark.parametrize("dag", ["backup", "restore_drill", "retention"])
def test_what_operates_runs_its_command(install: Install, dag: str, tmp_path: Path) -> None:
    airflow, conn = install()
    done = airflow.run("dags", "test", dag, check=False)
    told = done.stdout + done.stderr + airflow.log(dag)
    states = {state for (state,) in airflow.ask("SELECT state FROM task_instance WHERE dag_id = %s", dag)}
    missing = "this release has no such command" in told
    nothing_to_drill = dag == "restore_drill" and "`ticker-converter backup drill` ended with" in told
    assert states == {"success"} or missing or nothing_to_drill, told[-3000:]
