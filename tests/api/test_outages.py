"""What clients see while something breaks under load: the table of docs/explanation/outages.md is held against this.

A production server with two workers answers four clients at 40 requests a second at most; each outcome is kept."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.command import bare_environment
from tests.support.redisserver import RedisServer
from tests.support.replicated import Pair
from ticker_converter.warehouse import migrations

from .conftest import fill

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "outages.md"
PROGRAM = "from ticker_converter import settings; from ticker_converter.api import server; server.run(settings.load())"


@pytest.fixture
def servers() -> Iterator[Pair]:
    pair = Pair()
    try:
        with psycopg.connect(pair.url) as conn:
            migrations.upgrade(conn)
        fill(pair.url)
        yield pair
    finally:
        pair.close()


@pytest.fixture
def serve(home: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """The address of a production server with two workers: `serve(url, REDIS_URL=...)`."""
    made: list[subprocess.Popen[bytes]] = []

    def run(database: str, **more: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        env = {
            **bare_environment(home), "DATABASE_URL": database, "API_PORT": str(port), "ENABLE_METRICS": "false",
            "API_WORKERS": "2", "DB_POOL_SIZE": "2", "HEALTH_CHECK_INTERVAL": "1", "RATE_LIMIT_REQUESTS": "1000000",
            **more,
        }  # fmt: skip
        with (tmp_path / "log").open("wb") as out:
            made.append(
                subprocess.Popen([sys.executable, "-c", PROGRAM], env=env, cwd=home, stderr=out, stdout=out)
            )
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"{address}/health/ready").status_code == 200:
                    return address
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError((tmp_path / "log").read_text())

    yield run
    for one in made:
        one.terminate()
        one.wait(60)


class Load:
    """Four clients that ask for bodies nobody has kept, 40 times a second at most."""

    def __init__(self, address: str) -> None:
        self._address, self._over = address, threading.Event()
        self.seen: Counter[str] = Counter()
        self._lock, self._number = threading.Lock(), 0

    def _client(self, _: int) -> None:
        with httpx.Client(base_url=self._address, timeout=60) as client:
            while not self._over.is_set():
                with self._lock:
                    self._number += 1
                    path = f"/v1/prices/AAPL?currency=GBP&max_age_days={self._number}"
                try:
                    outcome = str(client.get(path).status_code)
                except httpx.TransportError as error:
                    outcome = type(error).__name__
                with self._lock:
                    self.seen[outcome] += 1
                time.sleep(0.1)

    @contextmanager
    def running(self) -> Iterator[Load]:
        """The load, around what breaks; `seen` holds all outcomes afterwards."""
        with ThreadPoolExecutor(4) as threads:
            asked = threads.map(self._client, range(4))
            try:
                self.more(20)
                yield self
                self.more(20)
            finally:
                self._over.set()
        list(asked)

    def more(self, number: int) -> None:
        """Wait until so many more requests have been answered with 200."""
        target, until = self.seen["200"] + number, time.monotonic() + 60
        while self.seen["200"] < target:
            assert time.monotonic() < until, self.seen
            time.sleep(0.05)


def told(what: str) -> set[str]:
    """The status codes that the page names for that."""
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| {what} |"))
    return set(re.findall(r"\b(\d{3})\b", row.split("|")[2]))


def holds(what: str, load: Load) -> None:
    assert set(load.seen) <= told(what), load.seen


def test_redis_killed(servers: Pair, serve, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    try:
        with Load(serve(servers.url, REDIS_URL=redis.url)).running() as load:
            redis.kill()
            load.more(60)
            redis.start()
            load.more(20)
    finally:
        redis.kill()
    holds("Redis killed", load)


def test_redis_halted(servers: Pair, serve, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    try:
        with Load(serve(servers.url, REDIS_URL=redis.url)).running() as load:
            redis.halt()
            load.more(60)
    finally:
        redis.kill()
    holds("Redis answers nothing", load)


def test_replica_killed(servers: Pair, serve) -> None:
    servers.replicate()
    with Load(serve(servers.url, DATABASE_READ_URL=servers.replica_url)).running() as load:
        servers.kill_replica()
        load.more(60)
        servers.start_replica()
        load.more(20)
    holds("Replica killed", load)


def test_primary_killed_with_a_replica(servers: Pair, serve) -> None:
    servers.replicate()
    with Load(serve(servers.url, DATABASE_READ_URL=servers.replica_url)).running() as load:
        servers.kill_primary()
        load.more(60)
        servers.start_primary()
    holds("Primary killed, replica up", load)


def test_primary_restarted(servers: Pair, serve) -> None:
    with Load(serve(servers.url)).running() as load:
        servers.kill_primary()
        until = time.monotonic() + 30
        while not load.seen["503"] and time.monotonic() < until:
            time.sleep(0.05)
        servers.start_primary()
    holds("Primary restarted, no replica", load)
    assert load.seen["503"]


def test_slow_database(servers: Pair, serve) -> None:
    with Load(serve(servers.url, API_TIMEOUT="2")).running() as load, psycopg.connect(servers.url) as holder:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        until = time.monotonic() + 30
        while not load.seen["503"] and time.monotonic() < until:
            time.sleep(0.05)
        holder.rollback()
    holds("Slow database", load)
    assert load.seen["503"]


def test_full_pool(servers: Pair, serve) -> None:
    """Each worker has one connection, and four clients ask for more: a statement holds it past the pool's patience."""
    with (
        Load(serve(servers.url, DB_POOL_SIZE="1", API_WORKERS="1", API_TIMEOUT="20")).running() as load,
        psycopg.connect(servers.url) as holder,
    ):
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        until = time.monotonic() + 30
        while not load.seen["503"] and time.monotonic() < until:
            time.sleep(0.05)
        holder.rollback()
    holds("Full pool", load)
    assert load.seen["503"]
