"""Airflow at work: from an exchange's close to a publish, killed in the middle, and on workers of Celery."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import psycopg

from tests.airflow.conftest import SYMBOLS, Install, answers
from tests.support.airflow import Airflow
from tests.support.provider import KEY, FakeProvider, Play
from tests.support.redisserver import RedisServer
from tests.support.writing import snapshot


def started(airflow: Airflow) -> None:
    """The four programs run, and every DAG has been read."""
    for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
        airflow.start(name)
    airflow.wait(lambda: airflow.ask("SELECT count(*) FROM serialized_dag")[0][0] == 8, 120, "eight DAGs")


def unpause(airflow: Airflow, *dags: str) -> None:
    """Let the scheduler run them."""
    with psycopg.connect(airflow.metadata) as conn:
        conn.execute("UPDATE dag SET is_paused = false WHERE dag_id = ANY(%s)", (list(dags),))


def runs(airflow: Airflow, dag: str) -> list[tuple[str, str]]:
    """The runs of a DAG, oldest first, each with its state."""
    return airflow.ask("SELECT run_id, state FROM dag_run WHERE dag_id = %s ORDER BY id", dag)  # type: ignore[return-value]


def done(airflow: Airflow, dag: str, number: int = 1) -> list[str]:
    """Wait until so many runs have ended; their ids."""
    found = airflow.wait(
        lambda: (
            len(ended := [one for one in runs(airflow, dag) if one[1] in ("success", "failed")]) >= number and ended
        ),
        150, f"{number} runs of {dag}",
    )  # fmt: skip
    assert {state for _, state in found} == {"success"}, airflow.log(dag)[-3000:]
    return [run_id for run_id, _ in found]


def held(airflow: Airflow, state: str, task: str = "load") -> list[tuple[int, int]]:
    """Process and number of tries of the tasks in a state."""
    return airflow.ask(
        "SELECT pid, try_number FROM task_instance WHERE task_id = %s AND state = %s", task, state
    )  # type: ignore[return-value]


def parent(pid: int) -> int:
    """The process that watches over another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_close_leads_to_a_publish_and_a_killed_worker_changes_nothing(
    install: Install, fake: FakeProvider, reference: str
) -> None:
    airflow, conn = install()
    slow = fake.answers["TIME_SERIES_DAILY", "CCC"]
    assert isinstance(slow, Play)
    fake.answers["TIME_SERIES_DAILY", "CCC"] = [replace(slow, before=20.0), slow]
    fake.answers["eurofxref-hist.zip"] = replace(_one(fake, "eurofxref-hist.zip"), before=0.0)
    started(airflow)
    unpause(airflow, "daily_prices", "daily_rates", "publish")
    airflow.wait(lambda: fake.count("TIME_SERIES_DAILY", "CCC"), 120, "the call that does not answer")
    ((task, first),) = held(airflow, "running")
    for victim in (parent(task), task):
        os.kill(victim, signal.SIGKILL)
    done(airflow, "daily_prices")
    done(airflow, "daily_rates")
    done(airflow, "publish")
    assert airflow.ask("SELECT max(try_number) FROM task_instance WHERE task_id = 'load'")[0][0] > first
    with psycopg.connect(reference) as other:
        assert snapshot(conn, exact=False) == snapshot(other, exact=False)
    assert fake.count("TIME_SERIES_DAILY", "CCC") == 2, "the call in flight, and its repetition"
    assert fake.count("TIME_SERIES_DAILY", "AAA") == 1, "what was landed is not asked for again"

    asked, before, published = len(fake.asked), snapshot(conn), len(runs(airflow, "publish"))
    airflow.run("dags", "trigger", "daily_prices")
    again = done(airflow, "daily_prices", 2)[-1]
    assert airflow.states("daily_prices", again) == {"due": "success", "load": "skipped"}
    assert (len(fake.asked), snapshot(conn)) == (asked, before)
    assert len(runs(airflow, "publish")) == published


def _one(fake: FakeProvider, name: str) -> Play:
    found = fake.answers[name]
    assert isinstance(found, Play)
    return found


def test_two_celery_workers_spend_no_more_than_the_quota_and_the_rest_waits_in_the_triggerer(
    install: Install, fake: FakeProvider, tmp_path: Path
) -> None:
    redis = RedisServer(tmp_path)
    answers(fake, before=0.5)
    limit = 3 * len(SYMBOLS) - 2
    fake.per_day = limit
    airflow, conn = install(
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor", CELERY_BROKER_URL=redis.url, ALPHA_VANTAGE_RATE_LIMIT="60",
        ALPHA_VANTAGE_BURST="3", ALPHA_VANTAGE_DAILY_LIMIT=str(limit), AIRFLOW__CELERY__WORKER_CONCURRENCY="1",
        AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER="1",
    )  # fmt: skip
    try:
        started(airflow)
        for name in ("one", "two"):
            airflow.start(
                name,
                "celery",
                "worker",
                "--skip-serve-logs",
                "--celery-hostname",
                f"{name}@%h",
                "--without-mingle",
            )
        unpause(airflow, "daily_prices", "daily_rates", "publish")
        done(airflow, "daily_rates")
        airflow.wait(lambda: held(airflow, "deferred"), 150, "a task that waits for the quota")
        airflow.wait(
            lambda: not held(airflow, "running") and not held(airflow, "queued"), 60, "the other tasks"
        )
        assert fake.count(key=KEY) == limit
        assert fake.refused == 0
        stored = conn.execute("SELECT count(DISTINCT instrument_id) FROM warehouse.fact_price").fetchone()
        assert stored == (len(SYMBOLS),)
        logs = {name: (airflow.home / f"{name}.log").read_text() for name in ("one", "two")}
        assert any("received" in text for text in logs.values())

        fake.per_day = (
            None  # the window opens: the ledger's clock moves on by a day, and the trigger's moment has come
        )
        conn.execute("UPDATE landing.quota_use SET called_at = called_at - interval '2 days'")
        with psycopg.connect(airflow.metadata) as meta:
            triggers = meta.execute("SELECT classpath FROM trigger").fetchall()
        assert set(triggers) == {("ticker_converter.orchestration.window.QuotaWindow",)}
    finally:
        airflow.stop()
        redis.kill()
