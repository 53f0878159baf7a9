"""Reading from a real streaming replica: while it is well, and never an older answer than one that was shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.support import writing
from tests.support.replicated import Pair
from ticker_converter.access import keys
from ticker_converter.api import metrics
from ticker_converter.api.deadline import Behind
from ticker_converter.api.newest import Newest
from ticker_converter.api.source import Source
from ticker_converter.errors import DatabaseUnavailable
from ticker_converter.warehouse import migrations

from .conftest import fill

PRICES, LIST = "/v1/prices/AAPL?currency=GBP", "/v1/instruments"


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    pair = Pair()
    try:
        with psycopg.connect(pair.url) as conn:
            migrations.upgrade(conn)
        fill(pair.url)
        pair.replicate()
        yield pair
    finally:
        pair.close()


@pytest.fixture
def client(servers: Pair, serve) -> httpx.Client:
    made: httpx.Client = serve(servers.url, DATABASE_READ_URL=servers.replica_url, HEALTH_CHECK_INTERVAL="1")
    assert becomes(lambda: readers(servers.replica_url, made) > 0)
    return made


def readers(url: str, client: httpx.Client) -> int:
    """Connections that the API keeps there, once it has read."""
    assert client.get(LIST).status_code == 200
    with psycopg.connect(url) as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ticker-converter/api' AND state = 'idle'"
            " AND query NOT LIKE '%%pg_is_in_recovery%%'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def becomes(met: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not met() and time.monotonic() < until:
        time.sleep(0.1)
    return met()


def publish(url: str, close: int) -> None:
    with psycopg.connect(url) as conn:
        bar = f"AAPL,2024-01-05,181.99,{close + 1},180.17,{close},62303300"
        writing.bars(conn, [bar], unit="USD", mic="XNAS")


def close_of(answer: httpx.Response) -> int:
    assert answer.status_code == 200
    return int(answer.json()["prices"][3]["close"])


def test_reads_come_from_the_replica(servers: Pair, client: httpx.Client) -> None:
    assert readers(servers.replica_url, client) > 0
    assert client.get("/health/ready").json() == {"status": "ready"}
    assert metrics.REPLICA._value.get() == 1


def test_a_replica_that_is_killed_is_left_without_an_error_and_taken_again(
    servers: Pair, client: httpx.Client
) -> None:
    assert client.get(PRICES).status_code == 200
    servers.kill_replica()
    try:
        assert {client.get(PRICES).status_code for _ in range(20)} == {200}
        assert client.get("/health/ready").json() == {"status": "ready"}
    finally:
        servers.start_replica()
    assert becomes(lambda: readers(servers.replica_url, client) > 0)


def test_who_saw_a_version_is_shown_none_before_it(
    servers: Pair, serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replay is paused; another worker has shown what the primary has."""
    others = Newest()
    monkeypatch.setattr(Newest, "shared", others)
    client = serve(servers.url, DATABASE_READ_URL=servers.replica_url, HEALTH_CHECK_INTERVAL="1")
    publish(servers.url, 190)
    servers.caught_up()
    assert becomes(lambda: readers(servers.replica_url, client) > 0)
    servers.pause()
    try:
        publish(servers.url, 191)
        old = client.get("/v1/prices/AAPL")
        assert close_of(old) == 190  # within REPLICA_MAX_LAG_SECONDS, and nobody has seen more
        with psycopg.connect(servers.url) as conn:
            (version,) = conn.execute("SELECT version FROM mart.state").fetchone()
        others.shown(version)
        for _ in range(1000):
            answer = client.get("/v1/prices/AAPL")
            assert close_of(answer) == 191 and answer.headers["etag"] != old.headers["etag"]
    finally:
        servers.resume()


def test_when_the_primary_is_gone_for_good_an_older_answer_is_better_than_none(servers: Pair) -> None:
    def away() -> psycopg.Connection:
        raise DatabaseUnavailable("away")

    def there() -> psycopg.Connection:
        return psycopg.connect(servers.replica_url)

    source = Source(there, away, 0.2, 60)
    source.probe()
    source.shows(5, "primary")
    with pytest.raises(Behind):
        source.shows(4, "replica")
    time.sleep(0.3)
    source.shows(4, "replica")
    assert (source.where(), source.primary_away) == ("replica", True)


def test_a_replica_too_far_behind_is_not_read_from(servers: Pair, serve) -> None:
    lagging = serve(
        servers.url,
        DATABASE_READ_URL=servers.replica_url,
        HEALTH_CHECK_INTERVAL="1",
        REPLICA_MAX_LAG_SECONDS="1",
    )
    servers.pause()
    try:
        publish(servers.url, 195)
        assert becomes(lambda: close_of(lagging.get("/v1/prices/AAPL")) == 195)
    finally:
        servers.resume()


def test_while_the_primary_is_away_reads_and_keys_go_on_and_health_says_degraded(
    servers: Pair, serve
) -> None:
    with psycopg.connect(servers.url) as conn:
        key = keys.create(conn, ["read"])["key"]
        operator = keys.create(conn, ["operate"])["key"]
    servers.caught_up()
    client = serve(
        servers.url,
        DATABASE_READ_URL=servers.replica_url,
        HEALTH_CHECK_INTERVAL="1",
        API_ANONYMOUS_READ="false",
    )
    assert client.get(PRICES, headers={"X-API-Key": key}).status_code == 200
    servers.kill_primary()
    try:
        with ThreadPoolExecutor(4) as threads:
            asked = list(
                threads.map(lambda _: client.get(PRICES, headers={"X-API-Key": key}).status_code, range(40))
            )
        assert set(asked) == {200}
        assert becomes(lambda: client.get("/health/ready").json() == {"status": "degraded"})
        assert client.get("/health/ready").status_code == 200
        refused = client.post("/v1/runs", headers={"X-API-Key": operator}, json={})
        assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
    finally:
        servers.start_primary()
    assert becomes(lambda: client.get("/health/ready").json() == {"status": "ready"})


def test_while_the_primary_is_away_a_credential_that_the_replica_lacks_is_unsure_not_bad(
    servers: Pair, serve
) -> None:
    """A key made a moment ago and a key that nobody made are the same to a replica; a wrong secret is not."""
    client = serve(
        servers.url,
        DATABASE_READ_URL=servers.replica_url,
        HEALTH_CHECK_INTERVAL="1",
        API_ANONYMOUS_READ="false",
    )

    def asked(key: str) -> httpx.Response:
        return client.get(PRICES, headers={"X-API-Key": key})

    with psycopg.connect(servers.url) as conn:
        known = keys.create(conn, ["read"])["key"]
    servers.caught_up()
    servers.pause()
    try:
        with psycopg.connect(servers.url) as conn:
            conn.execute("SET synchronous_commit = local")
            late = keys.create(conn, ["read"])["key"]
        servers.kill_primary()
        try:
            assert asked(known).status_code == 200
            for unsure in (late, f"tc_{'0' * 12}_{'0' * 64}"):
                answer = asked(unsure)
                assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
            assert asked(known[:16] + late[16:]).status_code == 401
            assert asked("tc_nonsense").status_code == 401
        finally:
            servers.start_primary()
        assert becomes(lambda: asked(late).status_code == 200)
        assert asked(f"tc_{'0' * 12}_{'0' * 64}").status_code == 401
    finally:
        servers.resume()
