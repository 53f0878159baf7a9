"""A backfill asks for what is missing, falls back where the key may not have it all, and is not made twice."""

from __future__ import annotations

import psycopg

from tests.fetching.conftest import Syncing, later
from tests.support.command import Cli
from tests.support.provider import FakeProvider, daily, notice, whole
from tests.support.writing import closes, listed

DAILY = "TIME_SERIES_DAILY"


def full(fake: FakeProvider) -> int:
    return sum("outputsize=full" in one.url for one in fake.asked)


def test_the_whole_history_is_asked_for_once(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection, cli: Cli
) -> None:
    sync()
    fake.answers[DAILY] = daily("IBM", "2020-08-26", "2020-08-27", "2020-08-28")
    words = ("backfill", "IBM", "--since", "2020-08-03")
    printed = cli(*words, "--dry-run", env=sync.env)
    assert [call["kind"] for call in printed.json["calls"]] == ["prices"], printed.stderr
    done = cli(*words, env=sync.env)
    assert done.code == 0 and (done.json["inserted"], done.json["unchanged"]) == (2, 1), done.stderr
    assert full(fake) == 1 and len(closes(conn, "IBM")) == 3
    assert cli(*words, env=sync.env).json["calls"] == {}, "what was answered is not asked again"
    assert cli("backfill", "IBM", env=sync.env).code == 2


def test_where_the_key_may_not_have_it_all_the_latest_rows_are_asked_for(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    listed(conn, "KO", mic="XNYS", providers=["alpha_vantage"])
    fake.answers |= {
        (DAILY, "IBM"): [notice("premium full"), daily("IBM", "2020-08-28")], (DAILY, "KO"): daily("KO", "2020-08-28"),
        ("SPLITS", "KO"): whole("KO"), ("DIVIDENDS", "KO"): whole("KO"),
    }  # fmt: skip
    report = sync(since="2000-01-03")
    assert full(fake) == 1, "learned from the first answer, for every symbol"
    assert report.failed == [] and sum("asked instead" in said for said in report.messages) == 2
    assert closes(conn, "IBM") == closes(conn, "KO") == {"2020-08-28": "100"}
    sync(since="2000-01-03")
    assert full(fake) == 1
    later(conn, days=8)
    fake.answers[DAILY, "IBM"] = daily("IBM", "2000-01-03", "2020-08-28")
    sync(since="2000-01-03")
    assert full(fake) == 3 and len(closes(conn, "IBM")) == 2, "plans change: it is asked again in a week"


def test_a_backfill_that_the_quota_ends_goes_on_another_day(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    sync.env["ALPHA_VANTAGE_DAILY_LIMIT"] = "2"
    names = ["IBM", "KO", "AAPL"]
    for symbol in names:
        if symbol != "IBM":
            listed(conn, symbol, mic="XNYS", providers=["alpha_vantage"])
        fake.answers |= {
            (DAILY, symbol): daily(symbol, "2020-08-28"), ("SPLITS", symbol): whole(symbol),
            ("DIVIDENDS", symbol): whole(symbol),
        }  # fmt: skip
    left = []
    while not left or left[-1]:
        left.append(sync(*names, since="2020-08-03", history=True).remaining)
        later(conn, days=1)
    assert left == [7, 5, 3, 1, 0]
    assert all(fake.count(DAILY, symbol) == 1 for symbol in names) and full(fake) == 3
