"""Rate limits: what is admitted, counted by Redis, by leases of PostgreSQL, or by each worker alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.redisserver import RedisServer
from ticker_converter import db
from ticker_converter.access import keys
from ticker_converter.api import metrics
from ticker_converter.api.limits import Limits, Standing
from ticker_converter.api.shared import Shared

from .conftest import configured

PATH = "/v1/instruments"
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


@pytest.mark.usefixtures("patient")
def test_every_answer_of_a_limited_caller_says_where_it_stands_and_a_refusal_when_to_come_again(
    copied, serve
) -> None:
    client = serve(copied, RATE_LIMIT_REQUESTS="3", RATE_LIMIT_WINDOW="60")
    asked = [client.get(path) for path in (PATH, "/v1/prices/NOPE", "/v1/convert?amount=x", PATH)]
    assert [each.status_code for each in asked] == [200, 404, 422, 429]
    assert [each.headers["ratelimit-remaining"] for each in asked] == ["2", "1", "0", "0"]
    for each in asked:
        assert each.headers["ratelimit-limit"] == "3" and 0 < int(each.headers["ratelimit-reset"]) <= 60
    refused = asked[-1]
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/docs#too-many" and refused.headers["cache-control"] == "no-store"
    for free in ("/health/live", "/health/ready", "/openapi.json", "/"):
        assert client.get(free).status_code == 200 and "ratelimit-limit" not in client.get(free).headers


def test_without_a_limit_nothing_is_said(copied, serve) -> None:
    assert "ratelimit-limit" not in serve(copied).get(PATH).headers


@pytest.mark.usefixtures("patient")
def test_each_key_has_a_limit_of_its_own_and_a_refused_credential_counts_for_the_address(
    copied, serve
) -> None:
    with psycopg.connect(copied) as conn:
        one, other = (keys.create(conn, ["read"])["key"] for _ in range(2))
    client = serve(copied, RATE_LIMIT_REQUESTS="2", API_ANONYMOUS_READ="false")

    def ask(key: str) -> int:
        return client.get(PATH, headers={"X-API-Key": key}).status_code

    assert [ask(one), ask(one), ask(one), ask(other)] == [200, 200, 429, 200]
    assert [ask("tc_guess_1"), ask("tc_guess_2"), ask("tc_guess_3")] == [401, 401, 429]
    assert [ask(other), ask(other)] == [200, 429]


@pytest.mark.usefixtures("patient")
def test_a_client_is_who_a_trusted_proxy_says_and_nobody_else_is_believed(copied, serve) -> None:
    def asked(client: httpx.Client) -> list[int]:
        given = ("203.0.113.1", "203.0.113.2", "198.51.100.7, 203.0.113.1")
        return [client.get(PATH, headers={"X-Forwarded-For": each}).status_code for each in given]

    limit = {"RATE_LIMIT_REQUESTS": "1"}
    assert asked(serve(copied, **limit, TRUSTED_PROXIES="127.0.0.1")) == [200, 200, 429]
    with psycopg.connect(copied) as conn:
        conn.execute("DELETE FROM access.limit_window")
    assert asked(serve(copied, **limit)) == [200, 429, 429]


@pytest.mark.usefixtures("patient")
def test_addresses_of_one_ipv6_network_are_one_client(copied, serve) -> None:
    client = serve(copied, RATE_LIMIT_REQUESTS="1", TRUSTED_PROXIES="127.0.0.1")
    given = (
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff::9",
        "2001:db8:1:3::1",
        "::ffff:203.0.113.1",
        "203.0.113.1",
    )
    asked = [client.get(PATH, headers={"X-Forwarded-For": each}).status_code for each in given]
    assert asked == [200, 429, 200, 200, 429]


# ---- how exact each way of counting is: four workers, one caller, 400 requests at once ----

Workers = Callable[..., list[Standing]]


@pytest.fixture
def workers(copied: str, tmp_path: Path) -> Workers:
    """What four workers answer to one caller's 100 requests each: `workers(limit)`."""

    def run(limit: int, database: str = copied, **more: str) -> list[Standing]:
        given = configured(
            tmp_path, database, RATE_LIMIT_REQUESTS=str(limit), API_WORKERS="4", LOG_LEVEL="ERROR", **more
        )

        async def worker() -> list[Standing]:
            shared = Shared(given)
            counting = Limits(given, shared, partial(db.web, given, process="test"))
            try:
                return [await counting.standing("somebody") for _ in range(100)]
            finally:
                counting.close()
                await shared.close()

        with ThreadPoolExecutor(4) as threads:
            each = list(threads.map(lambda _: asyncio.run(worker()), range(4)))
        return [one for answers in each for one in answers]

    return run


def admitted(standings: list[Standing]) -> dict[str, int]:
    return dict(Counter(one.mode for one in standings if one.admitted))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine does not change the way of counting."""
    for module in ("limits", "shared"):
        monkeypatch.setattr(f"ticker_converter.api.{module}.PATIENCE", 10.0)


@pytest.mark.usefixtures("patient")
def test_redis_admits_exactly_the_limit(redis_server: RedisServer, workers: Workers) -> None:
    asked = workers(150, REDIS_URL=redis_server.url)
    assert admitted(asked) == {"redis": 150}
    assert {one.mode for one in asked} == {"redis"}
    begun = workers(100, REDIS_URL=redis_server.url)  # another limit begins its own window
    assert max(one.remaining for one in begun) == 99


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("limit", [3, 150, 397])
def test_leases_admit_never_more_and_hold_back_little(workers: Workers, limit: int) -> None:
    asked = workers(limit)
    lease = max(1, limit * 5 // 100)
    assert {one.mode for one in asked} == {"leases"}
    assert limit - 3 * (lease - 1) <= admitted(asked)["leases"] <= limit


def test_with_neither_each_worker_admits_its_part(workers: Workers) -> None:
    nowhere = "postgresql://x@127.0.0.1:1/x"
    assert admitted(workers(150, database=nowhere, REDIS_URL=NOWHERE)) == {"worker": 4 * 37}
    assert admitted(workers(3, database=nowhere)) == {"worker": 4}


@pytest.mark.usefixtures("patient")
def test_a_window_ends_and_another_begins(copied, tmp_path, redis_server: RedisServer) -> None:
    async def run(**more: str) -> list[bool]:
        given = configured(tmp_path, copied, RATE_LIMIT_REQUESTS="1", RATE_LIMIT_WINDOW="1", **more)
        shared = Shared(given)
        counting = Limits(given, shared, partial(db.web, given, process="test"))
        found = [await counting.standing("x"), refused := await counting.standing("x")]
        await asyncio.sleep(refused.resets + 0.01)
        found.append(await counting.standing("x"))
        counting.close()
        await shared.close()
        return [one.admitted for one in found]

    assert asyncio.run(run(REDIS_URL=redis_server.url)) == [True, False, True]
    assert asyncio.run(run()) == [True, False, True]


def test_a_killed_redis_costs_no_request_an_error(
    copied, serve, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticker_converter.api.limits.PATIENCE", 10.0)
    client = serve(copied, RATE_LIMIT_REQUESTS="1000", REDIS_URL=redis_server.url)
    assert client.get(PATH).headers["ratelimit-remaining"] == "999"
    redis_server.kill()
    assert [client.get(PATH).status_code for _ in range(20)] == [200] * 20
    with psycopg.connect(copied) as conn:
        assert conn.execute("SELECT count(*) FROM access.limit_window").fetchone() == (1,)


def test_a_locked_table_of_leases_does_not_hold_a_request(copied, serve) -> None:
    client = serve(copied, RATE_LIMIT_REQUESTS="1", API_WORKERS="1")
    before = metrics.LIMITED.labels("worker")._value.get()
    with psycopg.connect(copied) as holder:
        holder.execute("LOCK TABLE access.limit_window IN ACCESS EXCLUSIVE MODE")
        assert [client.get(PATH).status_code for _ in range(3)] == [200, 429, 429]
        holder.rollback()
    assert metrics.LIMITED.labels("worker")._value.get() == before + 2
