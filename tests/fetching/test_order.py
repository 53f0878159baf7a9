"""Several providers of one instrument: the next one is asked where the first cannot, a shadow is only compared, and a
cut-over keeps the history before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from tests.fetching.conftest import Syncing, later
from tests.support.command import Cli
from tests.support.provider import FakeProvider, Play, daily, notice
from tests.support.second import ENTRY, Second
from tests.support.writing import closes, load
from ticker_converter import acts
from ticker_converter.market import symbols
from ticker_converter.pipeline import Run
from ticker_converter.records import Payload

DAILY = "TIME_SERIES_DAILY"
DAYS = ("2020-08-26", "2020-08-27", "2020-08-28")


def second(close: str = "200", *days: str) -> Play:
    """Bars of the second provider, whose address ends in `prices`."""
    return Play("\n".join(f"IBM,{day},{close}" for day in days or DAYS).encode())


@pytest.fixture
def both(
    sync: Syncing,
    fake: FakeProvider,
    conn: psycopg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """IBM has two providers; the second one is another package's."""
    about = tmp_path / "second-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: second\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(Second, "base_url", fake.url)
    if "second" not in symbols.PROVIDERS:
        monkeypatch.setattr(symbols, "PROVIDERS", (*symbols.PROVIDERS, "second"))
        monkeypatch.setattr(symbols, "_SAME", {*symbols._SAME, "second"})
    fake.answers |= {DAILY: daily("IBM", *DAYS), "prices": second()}

    def edit(**given: object) -> None:
        with Run(conn, "edit", {}) as run:
            acts.edit(run, "IBM", "so", author="me", **given)  # type: ignore[arg-type]

    return edit


def test_the_next_provider_is_asked_where_the_first_cannot(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, both: Callable[..., None]
) -> None:
    both(providers=["alpha_vantage", "second"])
    for play in (notice("bad symbol"), notice("premium"), notice("bad key"), notice("day"), Play(b"", 503)):
        conn.execute(
            "TRUNCATE warehouse.fact_price, warehouse.coverage, landing.refusal, landing.quota_closed"
        )
        later(conn, days=40)
        asked = fake.count("prices")
        fake.answers[DAILY] = play
        report = sync()
        assert fake.count("prices") == asked + 1 and set(closes(conn, "IBM").values()) == {"200"}, play
        assert any("asked instead: second" in said for said in report.messages), report.messages


def test_a_known_refusal_and_a_spent_quota_are_planned_around(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, both: Callable[..., None]
) -> None:
    def asked() -> list[str]:
        return [call.provider for call in sync.plan(since="2020-08-01").calls if call.kind == "prices"]

    both(providers=["alpha_vantage", "second"])
    assert asked() == ["alpha_vantage"]
    sync.env["ALPHA_VANTAGE_DAILY_LIMIT"] = "0"
    assert asked() == ["second"]
    sync.env["ALPHA_VANTAGE_DAILY_LIMIT"] = "25"
    fake.answers[DAILY] = notice("bad symbol")
    sync()
    assert asked() == ["second"] and fake.count(DAILY) == 1


def test_an_answer_without_news_is_no_reason_to_ask_the_next(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, both: Callable[..., None]
) -> None:
    both(providers=["alpha_vantage", "second"])
    sync()
    later(conn, days=8)
    sync()
    assert fake.count(DAILY) == 2 and fake.count("prices") == 0


def test_a_shadow_is_stored_compared_and_never_stands(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, both: Callable[..., None]
) -> None:
    both(shadows=["second"])
    fake.answers["prices"] = second("100.2", *DAYS, "2020-08-31")
    report = sync()
    assert fake.count("prices") == 1 and report.counts.outranked == 4
    assert closes(conn, "IBM") == dict.fromkeys(DAYS, "100"), "nor where nothing else is known of the day"
    with Run(conn, "check", {}) as run:
        assert acts.check(run, [])["provider_difference"] == 3
        assert acts.check(run, [])["provider_difference"] == 0
    row = conn.execute(
        "SELECT subject, evidence FROM landing.finding WHERE rule = 'provider_difference' LIMIT 1"
    ).fetchone()
    assert row is not None and row[0] == "IBM alpha_vantage second"
    assert float(row[1]["second"]) == 100.2 and float(row[1]["gap_percent"]) == 0.1996
    both(providers=["second", "alpha_vantage"], valid_from=date(2020, 8, 28))
    assert closes(conn, "IBM") == {
        "2020-08-26": "100", "2020-08-27": "100", "2020-08-28": "100.2", "2020-08-31": "100.2",
    }  # fmt: skip


def test_a_cut_over_keeps_the_history_whoever_speaks_later(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, both: Callable[..., None]
) -> None:
    both(providers=["alpha_vantage", "second"])
    sync()
    known = conn.execute("SELECT clock_timestamp()").fetchone()
    both(providers=["second", "alpha_vantage"], valid_from=date(2020, 8, 28))
    sync(since="2020-08-01")
    assert closes(conn, "IBM") == {"2020-08-26": "100", "2020-08-27": "100", "2020-08-28": "200"}
    body, url = (
        daily("IBM", *DAYS, close="101").body,
        "https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol=IBM",
    )
    load(conn, Payload("alpha_vantage", url, datetime.now(UTC), body, symbol="IBM"))
    assert closes(conn, "IBM") == {"2020-08-26": "101", "2020-08-27": "101", "2020-08-28": "200"}
    assert known is not None and closes(conn, "IBM", known[0]) == dict.fromkeys(DAYS, "100")
    assert conn.execute("SELECT count(*) FROM warehouse.fact_price_outranked").fetchone() == (3,)


def test_what_makes_no_cut_over_is_refused(sync: Syncing, cli: Cli) -> None:
    for words, says in (
        (("--providers", "nobody"), "unknown provider 'nobody'"), (("--shadow", "nobody"), "unknown provider"),
        (("--providers", ""), "needs at least one provider"), (("--from", "2020-01-01"), "nothing to edit"),
        (("--providers", "files", "--from", "2999-01-01"), "from today or a day past on"),
        (("--name", "X", "--from", "2020-01-01"), "--from goes with --unit or --providers"),
    ):  # fmt: skip
        done = cli("edit", "IBM", *words, "--reason", "so")
        assert done.code == 2 and says in done.stderr, done.stderr
