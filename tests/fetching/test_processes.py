"""Several processes and a kill -9 in the middle: counted at the provider, no more calls than the quota allows, and no
landed answer is asked for again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.fetching.conftest import later
from tests.support.command import Cli, bare_environment
from tests.support.provider import KEY, FakeProvider, daily, whole
from tests.support.writing import listed

SYMBOLS = [f"S{n:02}" for n in range(12)]
DAY_LIMIT = 20
SEED = int(os.environ.get("TICKER_CONVERTER_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)


def answers(fake: FakeProvider, before: float) -> None:
    for symbol in SYMBOLS:
        fake.answers[("TIME_SERIES_DAILY", symbol)] = replace(daily(symbol, "2020-08-28"), before=before)
        for name in ("SPLITS", "DIVIDENDS"):
            fake.answers[(name, symbol)] = replace(whole(symbol), before=before)


@pytest.mark.slow
def test_four_processes_and_a_kill_spend_no_more_than_the_quota(
    fake: FakeProvider, conn: psycopg.Connection, database: str, home: Path
) -> None:
    print(f"seed {SEED}")  # noqa: T201
    rng = random.Random(SEED)
    answers(fake, 0.15)
    for symbol in SYMBOLS:
        listed(conn, symbol, mic="XNYS", providers=["alpha_vantage"])
    env = bare_environment(home) | fake.env(ALPHA_VANTAGE_DAILY_LIMIT=str(DAY_LIMIT), DATABASE_URL=database)

    def start() -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "ticker_converter", "sync"]
        return subprocess.Popen(line, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    running = [start() for _ in range(4)]
    until = rng.randrange(3, DAY_LIMIT - 3)
    deadline = time.monotonic() + 60
    while fake.count(key=KEY) < until and time.monotonic() < deadline:
        time.sleep(0.01)
    victim = running.pop(rng.randrange(4))
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    running.append(start())
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode in (0, 3), said.decode()
    assert fake.count(key=KEY) == DAY_LIMIT
    assert conn.execute(
        "SELECT count(*) FROM landing.quota_use WHERE provider = 'alpha_vantage'"
    ).fetchone() == (DAY_LIMIT,)
    repeated = sum(n - 1 for n in Counter(one.url for one in fake.asked).values())
    assert repeated <= 1, "the one call that was in flight"

    later(conn, days=1)
    process = start()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()
    repeated = sum(n - 1 for n in Counter(one.url for one in fake.asked if one.key).values())
    assert repeated <= 1 and fake.count(key=KEY) == 36 + repeated, "what had been landed is not fetched again"
    assert conn.execute("SELECT count(*) FROM warehouse.fact_price").fetchone() == (12,)
    assert conn.execute("SELECT count(*) FROM landing.delivery WHERE state = 'landed'").fetchone() == (0,)


def test_a_dry_run_prints_exactly_the_calls_that_the_sync_then_makes(
    cli: Cli, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    answers(fake, 0)
    for symbol in SYMBOLS[:4]:
        listed(conn, symbol, mic="XNYS", providers=["alpha_vantage"])
    env = fake.env(ALPHA_VANTAGE_DAILY_LIMIT="7")
    for number, remain in ((7, 5), (5, 0), (0, 0)):
        printed = cli("sync", "--dry-run", env=env)
        assert printed.code == 0 and len(printed.json["later"]) == remain
        asked = len(fake.asked)
        done = cli("sync", env=env)
        urls = [f"{fake.url}{one.url}".replace(f"&apikey={KEY}", "") for one in fake.asked[asked:]]
        assert urls == [call["url"] for call in printed.json["calls"]]
        assert done.json["calls"].get("alpha_vantage", 0) == number
        assert (done.json["remaining"], done.code) == (remain, 3 if remain else 0)
        assert done.stderr.count("remains: alpha_vantage") == remain
        if remain:
            assert (
                "7 calls now, 5 later: no more are left" in printed.stderr and "at 7 a day" in printed.stderr
            )
            (report,) = (
                conn.execute("SELECT report FROM landing.run ORDER BY run_id DESC LIMIT 1").fetchone() or ()
            )
            assert len(report["left"]) == remain
        later(conn, days=1)
