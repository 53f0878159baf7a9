"""An Airflow of its own for each module, a warehouse with a watch list, and a provider on loopback.

Run by `make test-airflow`, which makes the environment; without it nothing here is collected, so that `make test` needs
no Airflow and reports no skipped test as if it had passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support import airflow, postgres, provider
from tests.support.airflow import Airflow
from tests.support.provider import FakeProvider, Play
from tests.support.writing import listed
from ticker_converter.market import sessions

collect_ignore_glob = [] if airflow.NAMED else ["test_*.py"]

SYMBOLS = ["AAA", "BBB", "CCC", "DDD"]
Install = Callable[..., tuple[Airflow, psycopg.Connection]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker("slow")


def closed(mic: str) -> list[date]:
    """The last three sessions that ended more than five hours ago, so that every mark for them has passed."""
    before = datetime.now(UTC) - timedelta(hours=5)
    found = sessions.sessions(mic, before.date() - timedelta(days=14), before.date())
    return [day for day, close in found if close < before][-3:]


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    """The ECB's fixings and four shares, as of the last sessions."""
    with provider.serving() as made:
        answers(made)
        yield made


def answers(made: FakeProvider, before: float = 0.0) -> None:
    """What the provider says; each answer about a share comes after `before` seconds."""
    rates = "".join(f"{day},1.19{n}5,0.8946{n},\n" for n, day in enumerate(reversed(closed("TARGET"))))
    for name in ("eurofxref-hist.zip", "eurofxref-hist-90d.xml", "eurofxref-daily.xml"):
        made.answers[name] = Play(f"Date,USD,GBP,\n{rates}".encode())
    for n, symbol in enumerate(SYMBOLS):
        days = [str(day) for day in closed("XNYS")]
        bars = provider.daily(symbol, *days, close=f"10{n}")
        made.answers["TIME_SERIES_DAILY", symbol] = replace(bars, before=before)
        for kind in ("SPLITS", "DIVIDENDS"):
            made.answers[kind, symbol] = replace(provider.whole(symbol), before=before)


def watch(url: str) -> None:
    """Put the shares on the list."""
    with psycopg.connect(url) as conn:
        for symbol in SYMBOLS:
            listed(conn, symbol, mic="XNYS", providers=["alpha_vantage"])


@pytest.fixture(scope="session")
def metadata(server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a metadata database that `airflow init` has prepared, to copy from."""
    server.drop("airflow_ready")
    url = server.create("airflow_ready")
    made = Airflow(tmp_path_factory.mktemp("airflow"), url, url, {})
    made.ours("airflow", "init")
    assert made.ask("SELECT username FROM ab_user") == [("admin",)]
    return "airflow_ready"


@pytest.fixture
def install(
    server: postgres.Server,
    metadata: str,
    new_database: Callable[..., str],
    fake: FakeProvider,
    tmp_path: Path,
) -> Iterator[Install]:
    """Make an Airflow with the provider's settings and a warehouse with the watch list; all is stopped afterwards."""
    made: list[tuple[Airflow, psycopg.Connection]] = []

    def make(**more: str) -> tuple[Airflow, psycopg.Connection]:
        warehouse = new_database()
        watch(warehouse)
        server.drop("airflow_test")
        url = server.create("airflow_test", metadata)
        env = fake.env(ALPHA_VANTAGE_DAILY_LIMIT="1000", ALPHA_VANTAGE_TIMEOUT="30", FX_SOURCES="ecb")
        found = Airflow(tmp_path / "airflow", url, warehouse, env | more)
        made.append((found, psycopg.connect(warehouse, autocommit=True)))
        return made[-1]

    yield make
    for found, conn in made:
        found.stop()
        conn.close()
    server.drop("airflow_test")


@pytest.fixture
def reference(new_database: Callable[..., str], cli: object, fake: FakeProvider) -> str:
    """A warehouse that the command line filled in one clean run, to compare with; its calls are not counted."""
    url = new_database()
    watch(url)
    done = cli("sync", env=fake.env(DATABASE_URL=url, ALPHA_VANTAGE_DAILY_LIMIT="1000", FX_SOURCES="ecb"))  # type: ignore[operator]
    assert done.code == 0, done.stderr
    fake.asked.clear()
    return url
