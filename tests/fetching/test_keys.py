"""Several keys of one provider: one goes on where another is spent, refused or not entitled."""

from __future__ import annotations

import psycopg

from tests.fetching.conftest import Syncing, later
from tests.support.provider import FakeProvider, daily, notice, whole
from tests.support.writing import closes, listed

KEYS = ["FIRSTKEY11", "SECONDKEY2"]
DAILY = "TIME_SERIES_DAILY"


def given(sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, **more: str) -> None:
    sync.env |= {"ALPHA_VANTAGE_API_KEY": ",".join(KEYS)} | more
    for symbol in ("AAPL", "KO"):
        listed(conn, symbol, mic="XNYS", providers=["alpha_vantage"])
    for symbol in ("IBM", "AAPL", "KO"):
        fake.answers |= {
            (DAILY, symbol): daily(symbol, "2020-08-28"), ("SPLITS", symbol): whole(symbol),
            ("DIVIDENDS", symbol): whole(symbol),
        }  # fmt: skip


def test_each_key_is_spent_to_its_own_limit(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    given(sync, fake, conn, ALPHA_VANTAGE_DAILY_LIMIT="4")
    report = sync()
    assert [fake.count(key=key) for key in KEYS] == [4, 4] and report.remaining == 1
    assert report.calls["alpha_vantage"] == 8 and report.failed == []
    later(conn, days=1)
    assert sync().remaining == 0 and fake.count() - fake.count("eurofxref-hist.zip") == 9


def test_the_provider_counts_otherwise_and_the_next_key_goes_on(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    given(sync, fake, conn)
    fake.per_day = 5
    report = sync()
    assert report.remaining == 0 and report.failed == [] and fake.refused == 1
    assert [fake.count(key=key) for key in KEYS] == [6, 4]


def test_a_key_that_is_not_accepted_is_not_tried_again_in_the_run(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    given(sync, fake, conn)
    fake.answers[DAILY, "IBM"] = [notice("bad key"), daily("IBM", "2020-08-28")]
    report = sync()
    assert report.remaining == 0 and report.failed == [] and closes(conn, "IBM") == {"2020-08-28": "100"}
    assert [fake.count(key=key) for key in KEYS] == [1, 9]
    sync()
    assert fake.count(key=KEYS[0]) == 1
    later(conn, days=8)
    sync()
    assert fake.count(key=KEYS[0]) > 1, "a day later it may be accepted"


def test_what_one_key_may_not_call_another_may(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    given(sync, fake, conn)
    fake.answers[DAILY, "IBM"] = [notice("premium"), daily("IBM", "2020-08-28")]
    report = sync()
    assert report.failed == [] and closes(conn, "IBM") == {"2020-08-28": "100"}
    assert any(call.symbol == "IBM" for call in sync.plan(since="2020-01-01").calls), "one of two keys may"
