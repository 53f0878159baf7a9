"""The ledger of calls: real PostgreSQL, several processes, never more than allowed."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from ticker_converter.errors import QuotaSpent
from ticker_converter.landing import quota, runs

NONE = quota.Limits(None, None, None, "UTC")


def limits(**given: object) -> quota.Limits:
    return quota.Limits(
        **{"per_second": None, "per_minute": None, "per_day": None, "time_zone": "UTC"} | given
    )  # type: ignore[arg-type]


def take(conn: psycopg.Connection, allowed: quota.Limits, key: str = "k") -> float:
    return quota.take(conn, "p", key, allowed, runs.start(conn, "test", {}), "https://example.org")


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
        assert quota.left(conn, "p", key, two) == (0, midnight)
        conn.execute(
            "UPDATE landing.quota_use SET called_at = called_at - interval '1 day' WHERE key_id = %s", (key,)
        )
        assert quota.left(conn, "p", key, two)[0] == 2
        assert take(conn, two, key) == 0.0


def test_a_refusal_closes_the_window_until_the_providers_midnight(conn: psycopg.Connection) -> None:
    quota.close(conn, "p", "k", "Asia/Tokyo", "25 requests per day")
    with pytest.raises(QuotaSpent, match="25 requests per day"):
        take(conn, limits(per_day=500, time_zone="Asia/Tokyo"))
    assert quota.left(conn, "p", "k", limits(time_zone="Asia/Tokyo"))[0] == 0
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
            wait = quota.take(conn, "p", "k", allowed, run, "u")
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
