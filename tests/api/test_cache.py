"""Bodies that are kept: byte for byte those made anew, never of another version; and nobody misses them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psycopg
import pytest

from tests.support import writing
from tests.support.redisserver import RedisServer
from ticker_converter.access import keys
from ticker_converter.api import metrics
from ticker_converter.api.cache import Bodies, Body
from ticker_converter.api.scopes import ROUTES
from ticker_converter.api.shared import Shared

from .conftest import configured

#: One request of every route that reads.
ASKED = {
    "/v1/prices": "/v1/prices?symbols=VOD.L,AAPL,NOPE&on=2024-01-02&currency=EUR",
    "/v1/prices/{symbol}": "/v1/prices/AAPL?currency=GBP&limit=2",
    "/v1/rates/{base}/{quote}": "/v1/rates/EUR/USD?from=2024-01-01&limit=3",
    "/v1/convert": "/v1/convert?amount=1&from=EUR&to=USD&on=2024-01-02",
    "/v1/instruments": "/v1/instruments?limit=1",
    "/v1/instruments/{symbol}": "/v1/instruments/AAPL",
    "/v1/performers": "/v1/performers?currency=EUR&window=1d&on=2024-01-08",
    "/v1/screen": "/v1/screen?currency=EUR&max_price=1000&on=2024-01-08",
    "/v1/summary": "/v1/summary?currency=EUR&on=2024-01-08",
    "/v1/indicators/{symbol}": "/v1/indicators/AAPL?names=sma:3",
    "/v1/returns/{symbol}": "/v1/returns/AAPL?currency=GBP&to=2024-01-08",
    "/v1/explain/{symbol}": "/v1/explain/AAPL?currency=GBP&from=2024-01-02&to=2024-01-08",
    "/v1/actions/{symbol}": "/v1/actions/AAPL",
    "/v1/currencies": "/v1/currencies",
    "/v1/watch": "/v1/watch?currency=GBP&limit=2",
    "/v1/known/{symbol}": "/v1/known/AAPL",
}
FORMATS = (
    "application/json",
    "text/csv",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.parquet",
)
PRICES = "/v1/prices/AAPL?currency=GBP"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def counted(result: str) -> float:
    found: float = metrics.CACHE.labels(result)._value.get()
    return found


def test_every_route_that_reads_is_asked_here() -> None:
    assert ASKED.keys() == {
        path for (method, path), scope in ROUTES.items() if (method, scope) == ("GET", "read")
    }


@pytest.mark.parametrize("form", FORMATS)
def test_a_kept_answer_is_byte_for_byte_the_fresh_one(
    copied, serve, redis_server: RedisServer, form: str
) -> None:
    url = redis_server.url
    with_redis, another, without = serve(copied, REDIS_URL=url), serve(copied, REDIS_URL=url), serve(copied)
    changing = {"date", "x-request-id"}
    for path in ASKED.values():
        answers = [
            client.get(path, headers={"Accept": form})
            for client in (without, with_redis, with_redis, another)
        ]
        assert answers[0].status_code == 200, path
        for answer in answers[1:]:
            assert answer.content == answers[0].content, path
            assert {name: text for name, text in answer.headers.items() if name not in changing} == {
                name: text for name, text in answers[0].headers.items() if name not in changing
            }
        assert len({each.headers["x-request-id"] for each in answers}) == 4


def test_a_second_worker_finds_in_redis_what_the_first_made(copied, serve, redis_server: RedisServer) -> None:
    first, second = (serve(copied, REDIS_URL=redis_server.url) for _ in range(2))
    before = {name: counted(name) for name in ("miss", "memory", "redis")}
    for client in (first, first, second, second):
        assert client.get(PRICES).status_code == 200
    assert {name: counted(name) - before[name] for name in before} == {"miss": 1, "memory": 2, "redis": 1}
    with redis_server.client() as client:
        kept = client.keys("*")
        assert len(kept) == 1 and 0 < client.ttl(kept[0]) <= 3600
        content = client.get(kept[0])
        assert b"request" not in content and b"RateLimit" not in content


def test_a_publish_is_seen_by_the_next_request(copied, serve, redis_server: RedisServer) -> None:
    client = serve(copied, REDIS_URL=redis_server.url)
    for close in (182, 183):
        client.get(PRICES)
        with psycopg.connect(copied) as conn:
            bar = f"AAPL,2024-01-05,181.99,183.76,180.17,{close},62303300"
            writing.bars(conn, [bar], unit="USD", mic="XNAS")
        assert client.get("/v1/prices/AAPL").json()["prices"][3]["close"] == close


def test_a_kept_answer_is_not_given_to_who_may_not_read(
    copied, serve, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("limits", "shared"):
        monkeypatch.setattr(f"ticker_converter.api.{module}.PATIENCE", 10.0)
    with psycopg.connect(copied) as conn:
        good, other, revoked = (keys.create(conn, [scope]) for scope in ("read", "operate", "read"))
        keys.revoke(conn, revoked["id"])
    client = serve(copied, REDIS_URL=redis_server.url, API_ANONYMOUS_READ="false", RATE_LIMIT_REQUESTS="9")
    given = [good["key"], good["key"], None, "tc_bad", revoked["key"], other["key"]]
    asked = [client.get(PRICES, headers={"X-API-Key": key} if key else {}) for key in given]
    assert [each.status_code for each in asked] == [200, 200, 401, 401, 401, 403]
    assert [each.headers["ratelimit-remaining"] for each in asked] == ["8", "7", "8", "7", "6", "5"]
    assert asked[0].content == asked[1].content


def test_two_spellings_of_one_request_lead_to_next_pages_in_their_own(copied, serve) -> None:
    client = serve(copied)
    one = client.get("/v1/prices/AAPL?limit=2&adjust=none")
    other = client.get("/v1/prices/AAPL?adjust=none&limit=2&max_age_days=7")
    assert one.headers["etag"] == other.headers["etag"]
    assert "max_age_days" not in one.json()["next"] and "max_age_days" in other.json()["next"]


def test_a_redis_that_is_killed_or_halts_is_missed_by_no_request(
    copied, serve, redis_server: RedisServer
) -> None:
    client = serve(copied, REDIS_URL=redis_server.url)

    def asked(first: int) -> set[int]:
        return {client.get(f"{PRICES}&max_age_days={days}").status_code for days in range(first, first + 20)}

    assert asked(1) == {200}
    failed = counted("error")
    redis_server.halt()
    assert asked(100) == {200}
    redis_server.kill()
    assert asked(200) == {200}
    assert counted("error") > failed
    assert counted("error") - failed < 20  # it is not asked each time


def test_what_redis_holds_and_nobody_understands_is_made_anew(
    copied, serve, redis_server: RedisServer
) -> None:
    serve(copied, REDIS_URL=redis_server.url).get(PRICES)
    with redis_server.client() as client:
        (name,) = client.keys("*")
        client.set(name, b"\xc1 nothing")
    assert serve(copied, REDIS_URL=redis_server.url).get(PRICES).json()["prices"]


# ---- one computation at a time ----


def bodies(home: Path, url: str | None) -> Bodies:
    more = {"REDIS_URL": url} if url else {}
    return Bodies(Shared(configured(home, "postgresql://x@localhost/x", **more)))


@pytest.mark.parametrize("across", [False, True], ids=["threads of one worker", "workers"])
def test_a_body_that_many_ask_for_is_made_once(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, across: bool
) -> None:
    monkeypatch.setattr("ticker_converter.api.cache.PATIENCE", 60.0)
    monkeypatch.setattr("ticker_converter.api.cache.LOCKED", 60)
    monkeypatch.setattr("ticker_converter.api.shared.PATIENCE", 10.0)
    made, all_ask = [], Event()

    def make() -> Body:
        all_ask.wait(10)
        made.append(1)
        return Body(None, b"content")

    url = redis_server.url if across else None
    kept = [bodies(tmp_path, url) for _ in range(4)] if across else [bodies(tmp_path, None)] * 4
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(one.get, b"key", make, lambda: True) for one in kept]
        time.sleep(0.3)
        all_ask.set()
        assert {each.result().content for each in asked} == {b"content"}
    assert len(made) == 1


def test_an_error_of_the_first_is_not_that_of_those_who_wait(tmp_path: Path) -> None:
    kept, waiting = bodies(tmp_path, None), Event()

    def fail() -> Body:
        waiting.wait(10)
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(kept.get, b"key", fail, lambda: True)
        time.sleep(0.1)
        second = threads.submit(kept.get, b"key", lambda: Body(None, b"made"), lambda: True)
        time.sleep(0.1)
        waiting.set()
        with pytest.raises(ZeroDivisionError):
            first.result()
        assert second.result().content == b"made"


def test_a_body_made_after_its_day_is_not_kept(tmp_path: Path) -> None:
    kept, numbers = bodies(tmp_path, None), iter(range(9))
    asked = [
        kept.get(b"key", lambda: Body(None, b"%d" % next(numbers)), lambda: False).content for _ in range(2)
    ]
    assert len(set(asked)) == 2


def test_the_memory_of_a_worker_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticker_converter.api.cache.MEMORY", 10_000)
    kept, made = bodies(tmp_path, None), []

    def ask(name: bytes) -> None:
        kept.get(name, lambda: (made.append(name), Body(None, bytes(4000)))[1], lambda: True)

    for name in (b"a", b"b", b"a", b"c", b"a", b"b"):
        ask(name)
    assert made == [b"a", b"b", b"c", b"b"]
