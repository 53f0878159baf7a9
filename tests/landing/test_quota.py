"""The ledger of calls: real PostgreSQL, several processes, never more than allowed."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from ticker_converter.errors import BadKey, QuotaSpent
from ticker_converter.landing import quota, runs

NONE = quota.Limits(None, None, None, "UTC")


def limits(**given: object) -> quota.Limits:
    return quota.Limits(
        **{"per_second": None, "per_minute": None, "per_day": None, "time_zone": "UTC"} | given
    )  # type: ignore[arg-type]


def take(conn: psycopg.Connection, allowed: quota.Limits, key: str = "k") -> float:
    turn = quota.take(conn, "p", [key], allowed, runs.start(conn, "test", {}), "https://example.org")
    assert (turn.key_id is None) == (turn.wait > 0)
    return turn.wait


def left(conn: psycopg.Connection, key: str, allowed: quota.Limits) -> tuple[int | None, datetime]:
    found = quota.room(conn, "p", key, allowed)
    return found.left, found.resets


def used(conn: psycopg.Connection) -> int:
    return (conn.execute("SELECT count(*) FROM landing.quota_use").fetchone() or (0,))[0]


def test_a_provider_without_limits_is_never_waited_for(conn: psycopg.Connection) -> None:
    assert [take(conn, NONE) for _ in range(5)] == [0.0] * 5 and used(conn) == 5


def test_the_second_is_waited_out_and_the_wait_is_told(conn: psycopg.Connection) -> None:
    one = limits(per_second=1)
    assert take(conn, one) == 0.0
    wait = take(conn, one)
    assert 0 < wait <= 1.01 and used(conn) == 1
    time.sleep(wait)
    assert take(conn, one) == 0.0


def test_the_minute_counts_the_last_sixty_seconds(conn: psycopg.Connection) -> None:
    five = limits(per_minute=5)
    assert [take(conn, five) for _ in range(5)] == [0.0] * 5
    assert 55 < take(conn, five) <= 60.01
    conn.execute("UPDATE landing.quota_use SET called_at = called_at - interval '60 seconds'")
    assert take(conn, five) == 0.0


def test_the_day_is_the_providers(conn: psycopg.Connection) -> None:
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        key, today = zone, datetime.now(ZoneInfo(zone)).date()
        two = limits(per_day=2, time_zone=zone)
        assert take(conn, two, key) == take(conn, two, key) == 0.0
        midnight = datetime.combine(today + timedelta(1), datetime.min.time(), ZoneInfo(zone))
        with pytest.raises(QuotaSpent, match=f"{midnight.astimezone(UTC):%Y-%m-%d %H:%M} UTC"):
            take(conn, two, key)
        assert left(conn, key, two) == (0, midnight)
        conn.execute(
            "UPDATE landing.quota_use SET called_at = called_at - interval '1 day' WHERE key_id = %s", (key,)
        )
        assert left(conn, key, two)[0] == 2
        assert take(conn, two, key) == 0.0


def test_a_refusal_closes_the_window_until_the_providers_midnight(conn: psycopg.Connection) -> None:
    quota.close(conn, "p", "k", "day", "Asia/Tokyo", "25 requests per day")
    with pytest.raises(QuotaSpent, match="25 requests per day"):
        take(conn, limits(per_day=500, time_zone="Asia/Tokyo"))
    assert left(conn, "k", limits(time_zone="Asia/Tokyo"))[0] == 0
    assert take(conn, NONE, "another key") == 0.0
    row = conn.execute("SELECT until AT TIME ZONE 'Asia/Tokyo' FROM landing.quota_closed").fetchone()
    assert row is not None and row[0] == datetime.combine(
        datetime.now(ZoneInfo("Asia/Tokyo")).date() + timedelta(1), datetime.min.time()
    )
    conn.execute("UPDATE landing.quota_closed SET until = clock_timestamp()")
    assert take(conn, NONE) == 0.0


def test_keys_have_ledgers_of_their_own_that_reveal_nothing(conn: psycopg.Connection) -> None:
    one = limits(per_day=1)
    assert take(conn, one, quota.key_id("secret")) == take(conn, one, quota.key_id("other")) == 0.0
    rows = conn.execute("SELECT key_id FROM landing.quota_use").fetchall()
    assert all("secret" not in row[0] and len(row[0]) == 12 for row in rows)


def back(conn: psycopg.Connection, span: str) -> None:
    """All calls were made so much earlier."""
    conn.execute("UPDATE landing.quota_use SET called_at = called_at - %s::interval", (span,))


def test_the_hour_counts_the_last_sixty_minutes_and_is_not_waited_for(conn: psycopg.Connection) -> None:
    two = limits(per_hour=2)
    assert take(conn, two) == 0.0
    back(conn, "40 minutes")
    assert take(conn, two) == 0.0
    with pytest.raises(QuotaSpent, match="2 calls of an hour are spent") as spent:
        take(conn, two)
    assert spent.value.span == "hour" and spent.value.resets is not None
    assert timedelta(minutes=19) < spent.value.resets - datetime.now(UTC) < timedelta(minutes=21)
    back(conn, "21 minutes")
    assert take(conn, two) == 0.0


def test_the_month_is_the_providers_and_outlasts_its_days(conn: psycopg.Connection) -> None:
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        two, key, now = limits(per_month=2, per_day=2, time_zone=zone), zone, datetime.now(ZoneInfo(zone))
        assert take(conn, two, key) == take(conn, two, key) == 0.0
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        moment = max(first, now - timedelta(days=1))  # yesterday, but in this month
        conn.execute("UPDATE landing.quota_use SET called_at = %s WHERE key_id = %s", (moment, key))
        following = (first + timedelta(days=32)).replace(day=1)
        with pytest.raises(
            QuotaSpent, match=f"2 calls of this month.*{following.astimezone(UTC):%Y-%m-%d %H:%M}"
        ):
            take(conn, two, key)
        moment = first - timedelta(seconds=1)
        conn.execute("UPDATE landing.quota_use SET called_at = %s WHERE key_id = %s", (moment, key))
        assert take(conn, two, key) == 0.0


def test_a_day_begins_and_ends_at_midnight_there_whatever_the_hour_here(conn: psycopg.Connection) -> None:
    for zone in ("Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"):
        one, midnight = limits(per_day=1, time_zone=zone), datetime.now(ZoneInfo(zone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )  # fmt: skip
        assert take(conn, one, zone) == 0.0
        words = (midnight - timedelta(milliseconds=1), zone)
        conn.execute("UPDATE landing.quota_use SET called_at = %s WHERE key_id = %s", words)
        assert left(conn, zone, one)[0] == 1, "a millisecond before midnight is yesterday"
        conn.execute("UPDATE landing.quota_use SET called_at = %s WHERE key_id = %s", (midnight, zone))
        assert left(conn, zone, one)[0] == 0, "midnight is today"


def test_the_next_key_goes_on_where_one_is_closed(conn: psycopg.Connection) -> None:
    run, two = runs.start(conn, "test", {}), limits(per_day=2)

    def turn(*keys: str) -> str | None:
        return quota.take(conn, "p", keys, two, run, "u").key_id

    assert [turn("a", "b"), turn("a", "b"), turn("a", "b")] == ["a", "a", "b"]
    quota.close(conn, "p", "b", "burst", "UTC", "slow down", 30)
    waiting = quota.take(conn, "p", ["a", "b"], two, run, "u")
    assert waiting.key_id is None and 25 < waiting.wait <= 30.01
    assert turn("a", "b", "c") == "c"
    quota.close(conn, "p", "c", "key", "UTC", "the key is not accepted")
    quota.close(conn, "p", "b", "day", "UTC", "no more today")
    with pytest.raises(QuotaSpent):
        turn("a", "b", "c")
    with pytest.raises(BadKey, match="the key is not accepted; it is tried again from"):
        turn("c")


def test_a_short_closing_does_not_open_what_is_closed_for_longer(conn: psycopg.Connection) -> None:
    quota.close(conn, "p", "k", "month", "UTC", "no more this month")
    quota.close(conn, "p", "k", "burst", "UTC", "slow down", 2)
    with pytest.raises(QuotaSpent, match="no more this month"):
        take(conn, NONE)


TAKER = """
import sys, time, psycopg
from ticker_converter.errors import QuotaSpent
from ticker_converter.landing import quota, runs
url, allowed = sys.argv[1], quota.Limits(*[int(x) if x != "-" else None for x in sys.argv[2:5]], "UTC")
with psycopg.connect(url, autocommit=True) as conn:
    run = runs.start(conn, "test", {})
    until = time.monotonic() + 2.2
    while time.monotonic() < until:
        try:
            wait = quota.take(conn, "p", ["k"], allowed, run, "u").wait
        except QuotaSpent:
            break
        time.sleep(min(wait, 0.05))
"""


@pytest.mark.parametrize(
    ("second", "minute", "day"), [("3", "-", "-"), ("-", "20", "-"), ("-", "-", "17"), ("4", "9", "7")]
)
def test_processes_at_once_never_take_more_than_allowed(
    conn: psycopg.Connection, database: str, second: str, minute: str, day: str
) -> None:
    takers = [
        subprocess.Popen([sys.executable, "-c", TAKER, database, second, minute, day]) for _ in range(4)
    ]
    assert [taker.wait() for taker in takers] == [0] * 4
    called = [row[0] for row in conn.execute("SELECT called_at FROM landing.quota_use ORDER BY 1")]
    assert len({row[0] for row in conn.execute("SELECT run_id FROM landing.quota_use")}) >= 1
    if minute != "-":
        assert len(called) <= int(minute)
    if day != "-":
        assert len(called) == int(day)
    if second != "-":
        for n, moment in enumerate(called):
            assert sum(timedelta(0) <= later - moment < timedelta(seconds=1) for later in called[n:]) <= int(
                second
            )
        assert len(called) >= int(second)
