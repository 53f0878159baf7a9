"""P7: an import killed at any instant and run again ends like one that was left alone; two at once end like one after
the other."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.writing import BARS, at, file, load, snapshot
from ticker_converter.pipeline import Run
from ticker_converter.records import Payload

#: TICKER_CONVERTER_TEST_KILLS=10 is what the promise says; fewer keep the suite short.
KILLS = int(os.environ.get("TICKER_CONVERTER_TEST_KILLS", "3"))
SEED = int(os.environ.get("TICKER_CONVERTER_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)
FETCHED = at("2026-01-05")


def hundred_thousand(path: Path) -> Path:
    """Bars of forty symbols, some of them broken in every way that a rule knows."""
    rng, first = random.Random(7), date(2015, 1, 1)
    with path.open("w") as stream:
        stream.write(BARS + "\n")
        for number in range(40):
            price = 50.0
            for n in range(2500):
                day = first + timedelta(n + n // 5 * 2)
                price = max(1.0, price * (1 + rng.gauss(0, 0.01)))
                low, high, close = price * 0.99, price * 1.01, price
                if number == 3 and 700 <= n < 720:
                    low, high, close = low * 100, high * 100, close * 100
                if rng.random() < 0.001:
                    close = rng.choice([-close, close * 3, float("nan"), 0])
                stream.write(
                    f"S{number},{day},{price:.4f},{high:.4f},{low:.4f},{close:.4f},{rng.randrange(10**6)}\n"
                )
    return path


IMPORT = """
import sys
from datetime import datetime
import psycopg
from pathlib import Path
from ticker_converter.pipeline import Run
from ticker_converter.records import Payload
payload = Payload("files", "big.csv", datetime.fromisoformat(sys.argv[3]), path=Path(sys.argv[2]),
                  options={"kind": "prices", "unit": "USD"})
with psycopg.connect(sys.argv[1], autocommit=True) as conn, Run(conn, "import", {}) as run:
    print(run.load_all([payload]).as_dict(), flush=True)
"""


def importing(url: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, url, str(path), FETCHED.isoformat()], stdout=subprocess.PIPE, text=True
    )


def finished(url: str) -> bool:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT count(*) FROM landing.load WHERE counts IS NOT NULL").fetchone() != (0,)


def alone(url: str) -> None:
    """Wait until the server has ended what a killed process left behind."""
    with psycopg.connect(url, autocommit=True) as conn:
        for _ in range(600):
            row = conn.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.05)
    raise AssertionError("a killed import's connection lives on")


@pytest.mark.slow
def test_an_import_killed_at_any_instant_and_run_again_ends_like_a_clean_one(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    path = hundred_thousand(tmp_path / "big.csv")
    clean = new_database()
    began = time.monotonic()
    process = importing(clean, path)
    said, _ = process.communicate()
    took = time.monotonic() - began
    assert process.returncode == 0 and "'read': 100000" in said
    with psycopg.connect(clean) as conn:
        expected = snapshot(conn, exact=False)
        reasons = conn.execute("SELECT count(DISTINCT reason) FROM landing.quarantine").fetchone()
        assert reasons is not None and reasons[0] >= 4

    print(f"seed {SEED}: {KILLS} kills within {took:.1f} s")  # noqa: T201
    rng, killed, url = random.Random(SEED), 0, ""
    while killed < KILLS:
        if not url:
            url = new_database()
        process = importing(url, path)
        time.sleep(rng.uniform(0.1, 1) * took)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += 1
        alone(url)
        with psycopg.connect(url) as conn:  # all of it or nothing
            rows = conn.execute("SELECT count(*) FROM warehouse.fact_price").fetchone()
            assert rows is not None and rows[0] in (0, int(expected["warehouse.fact_price"].split()[0])), SEED
        if rng.random() < 0.5 or finished(url):  # else the next import of this database is killed too
            process = importing(url, path)
            process.communicate()
            assert process.returncode == 0, SEED
            with psycopg.connect(url) as conn:
                assert snapshot(conn, exact=False) == expected, SEED
                assert conn.execute(
                    "SELECT count(*) FROM landing.delivery WHERE state = 'landed'"
                ).fetchone() == (0,)
                assert conn.execute("SELECT count(*) FROM landing.payload").fetchone() == (1,)
            url = ""


def test_what_a_killed_run_landed_is_loaded_by_replay(conn: psycopg.Connection) -> None:
    from ticker_converter.landing import payloads, runs

    run = runs.start(conn, "import", {})
    for n, close in enumerate((10, 11)):
        content = f"{BARS}\nA,2024-01-0{n + 3},{close},{close},{close},{close},1\n"
        payloads.land(conn, run, file("prices", content, unit="USD"))
    with Run(conn, "replay", {}) as again:
        report = again.replay(None, None, waiting_only=True)
    assert (report.counts.read, report.counts.inserted) == (2, 2)
    assert conn.execute("SELECT DISTINCT state FROM landing.delivery").fetchall() == [("loaded",)]
    with Run(conn, "replay", {}) as again:
        assert again.replay(None, None, waiting_only=True).counts.read == 0


TWO = """
import sys
from datetime import UTC, datetime
import psycopg
from ticker_converter.pipeline import Run
from ticker_converter.records import Payload
symbols = sys.argv[2].split(",")
with psycopg.connect(sys.argv[1], autocommit=True) as conn:
    for turn in range(6):
        body = "symbol,date,open,high,low,close,volume,mic\\n" + "".join(
            f"{s},2024-{m:02}-1{d},{10 + m},{10 + m},{10 + m},{10 + m},1,XNYS\\n"
            for s in symbols for m in range(1, turn + 2) for d in (0, 1, 2))
        rates = "base,quote,date,rate\\n" + "".join(f"EUR,USD,2024-0{m}-10,1.{m}\\n" for m in range(1, turn + 2))
        with Run(conn, "import", {}) as run:
            run.load_all([
                Payload("files", "p.csv", datetime.now(UTC), body.encode(), options={"kind": "prices", "unit": "USD"}),
                Payload("files", "r.csv", datetime.now(UTC), rates.encode(), options={"kind": "rates"})])
"""


def test_imports_at_the_same_time_end_like_one_after_the_other(new_database: Callable[..., str]) -> None:
    orders = ["A,B,C", "C,B,A", "B,C,D"]
    ends = []
    for at_once in (True, False):
        url = new_database()
        running = []
        for symbols in orders:
            running.append(
                subprocess.Popen([sys.executable, "-c", TWO, url, symbols], stderr=subprocess.PIPE, text=True)
            )
            if not at_once:
                running[-1].wait()
        for process in running:
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said
        with psycopg.connect(url) as conn:
            ends.append(snapshot(conn, exact=False))
            unfinished = conn.execute(
                "SELECT count(*) FROM landing.delivery WHERE state <> 'loaded'"
            ).fetchone()
            assert unfinished == (0,)
    assert ends[0] == ends[1]


def test_two_of_the_same_file_at_once_load_it_once(new_database: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    rows = "".join(f"A,{date(2020, 1, 1) + timedelta(n)},10,11,9,10,1\n" for n in range(500))
    path.write_text(f"{BARS}\n{rows}")
    url = new_database()
    running = [importing(url, path) for _ in range(3)]
    for process in running:
        process.communicate()
        assert process.returncode == 0
    with psycopg.connect(url, autocommit=True) as conn:
        assert conn.execute("SELECT count(*) FROM warehouse.fact_price").fetchone() == (500,)
        assert conn.execute("SELECT count(*) FROM warehouse.fact_price_revision").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM landing.delivery WHERE state <> 'loaded'").fetchone() == (
            0,
        )
        assert conn.execute("SELECT bars FROM warehouse.coverage").fetchone() == (500,)
        before = snapshot(conn)
        load(
            conn,
            Payload(
                "files", "small.csv", datetime.now(UTC), path=path, options={"kind": "prices", "unit": "USD"}
            ),
        )
        assert snapshot(conn) == before
