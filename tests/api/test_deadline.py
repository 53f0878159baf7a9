"""What a request has under way ends with it: when its caller goes, and when API_TIMEOUT has passed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg

from ticker_converter import db
from ticker_converter.api.deadline import CURRENT, Work
from ticker_converter.api.pool import Readers

from .conftest import configured

PATH = "/v1/prices/AAPL"


def waiting(conn: psycopg.Connection) -> int:
    """Statements of the API that wait for a lock."""
    row = conn.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ticker-converter/api'"
        " AND datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def becomes(met: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not met() and time.monotonic() < until:
        time.sleep(0.05)
    return met()


def test_a_caller_that_goes_away_takes_its_query_along(copied, serve) -> None:
    client = serve(copied)  # DB_POOL_SIZE=2
    given = urlsplit(str(client.base_url))
    with psycopg.connect(copied) as holder, psycopg.connect(copied, autocommit=True) as looking:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        callers = [socket.create_connection((given.hostname, given.port)) for _ in range(2)]
        for number, one in enumerate(callers, 1):  # the same question would be answered once for both
            one.sendall(f"GET {PATH}?limit={number} HTTP/1.1\r\nHost: {given.netloc}\r\n\r\n".encode())
        assert becomes(lambda: waiting(looking) == 2)
        for one in callers:
            one.close()
        assert becomes(lambda: waiting(looking) == 0)
        assert client.get("/v1/instruments").status_code == 200
        holder.rollback()
    assert client.get(PATH).status_code == 200


def test_an_answer_that_takes_too_long_is_503_and_its_query_ends(copied, serve) -> None:
    client = serve(copied, API_TIMEOUT="1", STATEMENT_TIMEOUT="60")
    with psycopg.connect(copied) as holder, psycopg.connect(copied, autocommit=True) as looking:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        answer = client.get(PATH)
        assert (answer.status_code, answer.json()["type"]) == (503, "/docs#unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert becomes(lambda: waiting(looking) == 0)
        positions = {"positions": [{"symbol": "AAPL", "quantity": 1}], "currency": "USD", "on": "2024-01-08"}
        assert client.post("/v1/valuation", json=positions).status_code == 503
        assert becomes(lambda: waiting(looking) == 0)
        holder.rollback()
    assert client.get(PATH).status_code == 200


def test_a_connection_of_a_cancelled_request_is_not_lent_again(copied, tmp_path) -> None:
    settings = configured(tmp_path, copied)
    lent = Readers(lambda: db.reader(settings, process="test", autocommit=True), 1)
    work = Work()
    token = CURRENT.set(work)
    with lent.snapshot() as first:
        pass
    with lent.snapshot() as again:
        assert again is first
        work._over = True
    CURRENT.reset(token)
    with lent.snapshot() as other:
        assert other is not first and first.closed
    lent.close()
