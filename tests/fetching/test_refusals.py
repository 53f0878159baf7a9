"""Every way a provider can fail or refuse, played over HTTP: tried again where that helps, once where it does not."""

from __future__ import annotations

import psycopg
import pytest

from tests.fetching.conftest import Syncing, later
from tests.support.provider import KEY, FakeProvider, Play, daily, notice, whole
from tests.support.writing import closes, listed
from ticker_converter import fetching
from ticker_converter.pipeline import Report

DAY = "2020-08-28"
DAILY = "TIME_SERIES_DAILY"
BARS = daily("IBM", DAY)


def spent(conn: psycopg.Connection, provider: str = "alpha_vantage") -> int:
    row = conn.execute("SELECT count(*) FROM landing.quota_use WHERE provider = %s", (provider,)).fetchone()
    return row[0] if row else 0


def left(report: Report) -> list[tuple[str | None, str | None]]:
    return [(one["kind"], one["symbol"]) for one in report.left]


PASSING = {
    "500": Play(b"oops", 500),
    "503": Play(b"Service Unavailable", 503, {"Retry-After": "1"}),
    "429": Play(b"Too Many Requests", 429, {"Retry-After": "0"}),
    "429 and a date": Play(b"", 429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "burst": notice("burst"),
    "cut": Play(BARS.body, cut=40),
    "cut at once": Play(BARS.body, cut=0),
    "slow to begin": Play(BARS.body, before=1.5),
    "slow body": Play(BARS.body[:20], slowly=0.5),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again_and_each_try_is_counted(
    name: str, sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = [PASSING[name], BARS]
    report = sync()
    assert report.failed == [] and report.remaining == 0, report.failed
    assert closes(conn, "IBM") == {DAY: "100"}
    assert fake.count(DAILY) == 2 and report.calls["alpha_vantage"] == spent(conn) == fake.count(key=KEY) == 4


def test_what_does_not_pass_is_left_after_three_tries_and_fetched_by_the_next_run(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = Play(b"", 502)
    report = sync()
    assert fake.count(DAILY) == fetching.TRIES == 3
    assert [str(error) for error in report.failed] == [
        "Alpha Vantage: answered HTTP 502; try again later"
    ] and left(report) == [("prices", "IBM")]
    assert fake.count("SPLITS") == 1, "one call that fails does not stop the others"
    fake.answers[DAILY] = BARS
    assert sync().remaining == 0 and closes(conn, "IBM") == {DAY: "100"}


def test_a_provider_that_is_down_is_not_asked_for_every_symbol(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    for symbol in ("AAPL", "MSFT", "KO"):
        listed(conn, symbol, mic="XNAS", providers=["alpha_vantage"])
    for name in (DAILY, "SPLITS", "DIVIDENDS"):
        fake.answers[name] = Play(b"", 500)
    report = sync()
    assert fake.count(key=KEY) == fetching.DOWN * fetching.TRIES
    assert report.remaining == 12 and len(report.failed) == fetching.DOWN


def test_a_long_wait_is_not_waited_for_and_no_run_asks_before_its_end(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = [Play(b"", 429, {"Retry-After": "7200"}), BARS]
    report = sync()
    assert fake.count(key=KEY) == 1 and report.remaining == 3
    assert "left alone until" in str(report.failed[0])
    assert sync().calls == {} and fake.count(key=KEY) == 1
    later(conn, hours=3)
    assert sync().calls["alpha_vantage"] == 3


def test_a_minute_that_is_refused_is_a_minutes_pause(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = [notice("minute"), BARS]
    assert sync().remaining == 3, "the test does not wait a minute; a run does"
    conn.execute("UPDATE landing.quota_closed SET until = until - interval '1 minute'")
    assert sync().remaining == 0 and closes(conn, "IBM") == {DAY: "100"}


def test_a_spent_day_is_over_at_the_providers_midnight_and_said_once(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    listed(conn, "AAPL", mic="XNAS", providers=["alpha_vantage"])
    fake.answers |= {(DAILY, "AAPL"): daily("AAPL", DAY), ("SPLITS", "AAPL"): whole("AAPL")}
    fake.answers["DIVIDENDS"] = notice("day")
    report = sync()
    assert fake.count("DIVIDENDS") == 1 and report.remaining == 3
    assert ["calls of today are spent" in str(error) for error in report.failed] == [True]
    again = sync()
    assert again.calls == {} and again.failed == [] and len(again.left) == again.remaining == 3
    fake.answers |= {"DIVIDENDS": whole("IBM"), ("DIVIDENDS", "AAPL"): whole("AAPL")}
    later(conn, days=1)
    report = sync()
    assert report.remaining == 0 and report.failed == [] and fake.count("DIVIDENDS") == 3


FOR_GOOD = {
    "bad symbol": (notice("bad symbol"), "does not know the symbol", 7),
    "premium": (notice("premium"), "needs a premium plan", 7),
    "demo": (notice("demo"), "the demo key does not answer", 7),
    "no function": (notice("no function"), "has no function", 0),
    "unknown words": (Play(b'{"Information": "We are closed."}'), "We are closed.", 0),
    "403": (Play(b"", 403), "HTTP 403", 0),
}


@pytest.mark.parametrize("name", FOR_GOOD)
def test_what_is_refused_for_good_is_said_once_and_not_asked_until_some_days_later(
    name: str, sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    play, says, days = FOR_GOOD[name]
    fake.answers[DAILY] = play
    report = sync()
    assert fake.count(DAILY) == 1 and fake.count("SPLITS") == 1, "the other calls go on"
    assert [says in str(error) for error in report.failed] == [True] and report.remaining == 0
    again = sync()
    assert fake.count(DAILY) == 1 and again.failed == []
    found = sync.plan()
    assert [call for call in found.calls if call.kind == "prices"] == []
    assert any(says in note and "naming it asks again" in note for note in found.notes)
    later(conn, days=days, hours=7)
    fake.answers[DAILY] = BARS
    assert sync().failed == [] and closes(conn, "IBM") == {DAY: "100"}


def test_a_symbol_that_is_named_is_asked_for_again(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = [notice("bad symbol"), BARS]
    sync()
    assert sync("IBM").failed == [] and closes(conn, "IBM") == {DAY: "100"}
    assert conn.execute("SELECT count(*) FROM landing.refusal").fetchone() == (0,), (
        "an answer ends the memory"
    )


def test_a_key_that_is_not_accepted_ends_its_calls_and_is_said_once(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = notice("bad key")
    report = sync()
    assert fake.count(key=KEY) == 1 and len(report.failed) == 1 and report.remaining == 3
    assert "check ALPHA_VANTAGE_API_KEY" in str(report.failed[0])
    sync.env["ALPHA_VANTAGE_API_KEY"] = "ANOTHERKEY1"
    fake.answers[DAILY] = BARS
    assert sync().remaining == 0, "another key is asked with at once"


UNREADABLE = {
    "a page": Play(b"<!DOCTYPE html><html><body>Prove that you are human</body></html>"),
    "half valid": Play(BARS.body[: len(BARS.body) // 2]),
    "empty": Play(b""),
    "nothing": Play(b"{}"),
    "another type": Play(b"\x89PNG\r\n\x1a\n", headers={"Content-Type": "image/png"}),
    "elsewhere": Play(b"", 302, {"Location": "http://127.0.0.2:9/query"}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_answer_loads_nothing_and_stops_no_other(
    name: str, sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = UNREADABLE[name]
    report = sync()
    assert len(report.failed) + len(report.messages) == 1, (report.failed, report.messages)
    assert closes(conn, "IBM") == {} and fake.count("SPLITS") == 1
    fake.answers[DAILY] = BARS
    later(conn, days=8)
    sync()
    assert closes(conn, "IBM") == {DAY: "100"}


def test_a_web_page_in_place_of_bars_is_no_days_answer_and_asked_again_in_hours(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = [Play(b"<!DOCTYPE html><html>sign in</html>"), BARS]
    sync()
    sync()
    assert fake.count(DAILY) == 1
    conn.execute("UPDATE landing.delivery SET fetched_at = fetched_at - interval '7 hours'")
    sync()
    assert fake.count(DAILY) == 2 and closes(conn, "IBM") == {DAY: "100"}


def test_a_redirect_elsewhere_spends_one_call(sync: Syncing, fake: FakeProvider) -> None:
    fake.answers["SPLITS"] = UNREADABLE["elsewhere"]
    report = sync()
    assert fake.count("SPLITS") == 1 and ["redirected" in str(error) for error in report.failed] == [True]


def test_a_body_without_end_is_not_read_to_its_end(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY] = Play(BARS.body, size=200 * 2**20)
    report = sync()
    assert ["larger than" in str(error) for error in report.failed] == [True] and fake.count(DAILY) == 1


def test_good_bars_of_a_body_with_bad_ones_are_loaded_and_each_other_has_a_reason(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    body = daily("IBM", "2020-08-26", "2020-08-27", DAY).body.replace(b'"100"', b'"-1"', 1)
    fake.answers[DAILY] = Play(body)
    report = sync()
    assert (report.counts.inserted, report.counts.quarantined) == (2 + 2, 1), "two rates, two bars"
    assert conn.execute("SELECT reason FROM landing.quarantine").fetchall() == [("not_positive",)]


def test_no_refusal_leaves_the_key_anywhere(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    fake.answers[DAILY], fake.answers["SPLITS"] = [notice("burst"), BARS], Play(KEY.encode(), 500)
    fake.answers["DIVIDENDS"] = notice("day")
    report = sync()
    told = [*map(str, report.failed), *report.messages, str(report.left)]
    for table in ("quota_use", "quota_closed", "refusal", "delivery", "run"):
        told += [str(row) for row in conn.execute(f"SELECT * FROM landing.{table}")]  # noqa: S608
    for body, encoding in conn.execute(
        "SELECT c.body, p.encoding FROM landing.payload_chunk AS c JOIN landing.payload AS p USING (payload_id)"
    ):
        import zlib

        told.append((zlib.decompress(body) if encoding == "zlib" else bytes(body)).decode("latin-1"))
    assert not [text for text in told if KEY in text]
    assert any("[redacted]" in text for text in told)
