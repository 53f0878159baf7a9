"""A provider on loopback, and a sync as the command makes it, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from tests.support import provider
from tests.support.provider import FakeProvider
from tests.support.writing import conn as conn
from tests.support.writing import listed
from ticker_converter import coverage, fetching
from ticker_converter.pipeline import Report, Run
from ticker_converter.planner import Plan, Planner
from ticker_converter.records import Window
from ticker_converter.settings import load

#: An ECB file that is up to no date: what is due is asked for once.
ECB = provider.Play(b"Date,USD,GBP,\n2020-08-28,1.1915,0.89468,\n")


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    """The provider, which knows IBM and the ECB's files."""
    with provider.serving() as made:
        for name in ("eurofxref-hist.zip", "eurofxref-hist-90d.xml", "eurofxref-daily.xml"):
            made.answers[name] = ECB
        made.answers |= {
            "TIME_SERIES_DAILY": provider.daily("IBM", "2020-08-28"), "SPLITS": provider.whole("IBM"),
            "DIVIDENDS": provider.whole("IBM"),
        }  # fmt: skip
        yield made


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Second tries come within a hundredth of a second, and a minute is not waited for."""
    monkeypatch.setattr(fetching, "FIRST", 0.01)
    monkeypatch.setattr(fetching, "PATIENCE", 3.0)


class Syncing:
    """`sync` and `plan` over one database, with the settings that lead to the provider."""

    def __init__(self, given: psycopg.Connection, env: dict[str, str]) -> None:
        self.conn, self.env = given, env

    def desk(self, *symbols: str, since: str | None = None, history: bool = False) -> tuple[Planner, int]:
        settings = load({"TICKER_CONVERTER_HOME": "/nonexistent", **self.env})
        window = Window(date.fromisoformat(since) if since else None)
        stored = coverage.stored(self.conn, symbols, history=window if history else None)
        desk = Planner(
            stored, settings, window, named=bool(symbols), history=history,
            room=coverage.rooms(self.conn, settings),
        )  # fmt: skip
        return desk, stored.seen

    def plan(self, *symbols: str, **given: object) -> Plan:
        return self.desk(*symbols, **given)[0].plan()  # type: ignore[arg-type]

    def __call__(self, *symbols: str, **given: object) -> Report:
        settings = load({"TICKER_CONVERTER_HOME": "/nonexistent", **self.env})
        with Run(self.conn, "sync", {}) as run:
            run.replay(None, None, waiting_only=True)
            desk, seen = self.desk(*symbols, **given)  # type: ignore[arg-type]
            found = desk.plan()
            run.fetch_all(
                found.calls, settings.provider_settings, instead=desk.instead, later=found.later, seen=seen
            )
        assert run.report.counts.balanced()
        return run.report


@pytest.fixture
def sync(conn: psycopg.Connection, fake: FakeProvider) -> Syncing:  # noqa: F811
    """A sync of the test's database from the provider; IBM is on the list."""
    listed(conn, "IBM", mic="XNYS", providers=["alpha_vantage"])
    return Syncing(conn, fake.env())


def later(conn: psycopg.Connection, days: int = 0, hours: int = 0) -> None:  # noqa: F811
    """The ledger and all that was fetched are so much older: as if the clock had moved on."""
    span = f"{days} days {hours} hours"
    for table, columns in {
        "landing.quota_use": ("called_at",), "landing.quota_closed": ("until",),
        "landing.refusal": ("refused_at", "until"), "landing.delivery": ("fetched_at",),
    }.items():  # fmt: skip
        moved = ", ".join(f"{column} = {column} - %(span)s::interval" for column in columns)
        conn.execute(f"UPDATE {table} SET {moved}", {"span": span})  # noqa: S608
