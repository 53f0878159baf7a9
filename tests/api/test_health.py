"""Alive and ready, and what callers see while the database is away, slow or busy."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ticker_converter import db, embedded
from ticker_converter.api.pool import Readers
from ticker_converter.errors import DatabaseUnavailable
from ticker_converter.warehouse import migrations

from .conftest import configured, fill


def test_an_unmigrated_database_is_alive_and_not_ready(empty_database, serve) -> None:
    client = serve(empty_database)
    assert client.get("/health/live").json() == {"status": "alive"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["type"]) == (503, "/docs#not-ready")
    assert int(ready.headers["retry-after"]) > 0
    assert client.get("/v1/instruments").status_code == 503


def test_a_database_behind_this_release_is_not_ready_and_one_ahead_is(copied, serve) -> None:
    with psycopg.connect(copied) as conn:
        last = conn.execute(
            "DELETE FROM ops.migration WHERE number > 4 RETURNING number, name, sha256"
        ).fetchall()
    client = serve(copied)
    assert client.get("/health/ready").status_code == 503
    with psycopg.connect(copied) as conn:
        for row in [*last, (9999, "of_a_newer_release", "")]:
            conn.execute("INSERT INTO ops.migration (number, name, sha256) VALUES (%s, %s, %s)", row)
    time.sleep(1.1)  # a probe is good for a second
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_a_database_that_is_not_there_is_503_at_once(serve) -> None:
    client = serve("postgresql://someone:secret@127.0.0.1:1/nothing")
    began = time.monotonic()
    answers = [client.get(path) for path in ("/v1/prices/AAPL", "/v1/instruments", "/health/ready")]
    assert time.monotonic() - began < 2
    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
        assert "127.0.0.1" not in answer.text and "secret" not in answer.text and "someone" not in answer.text
    assert client.get("/health/live").status_code == 200


@pytest.mark.slow
def test_a_stopped_database_is_503_and_comes_back_without_a_restart_of_ours(tmp_path: Path, serve) -> None:
    own = tmp_path / "pg"
    url = embedded.server(own)
    try:
        with psycopg.connect(url) as conn:
            migrations.upgrade(conn)
        fill(url)
        client = serve(url)
        before = client.get("/v1/prices/AAPL?currency=GBP")
        assert before.status_code == 200 and client.get("/health/ready").status_code == 200
        embedded.stop(own)
        began = time.monotonic()
        assert client.get("/v1/prices/AAPL?currency=GBP").status_code == 503
        assert time.monotonic() - began < 2
        assert client.get("/health/live").status_code == 200
        time.sleep(1.1)  # a probe is good for a second
        assert client.get("/health/ready").status_code == 503
        embedded.server(own)
        after = client.get("/v1/prices/AAPL?currency=GBP")
        assert (after.status_code, after.content) == (200, before.content)
    finally:
        embedded.stop(own)


def test_connections_that_the_server_cut_are_replaced_unnoticed(copied, serve) -> None:
    client = serve(copied)
    assert client.get("/v1/instruments").status_code == 200
    with psycopg.connect(copied, autocommit=True) as conn:
        cut = conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert cut
    assert client.get("/v1/instruments").status_code == 200


def test_a_slow_statement_is_cancelled_after_api_timeout(copied, serve) -> None:
    client = serve(copied, API_TIMEOUT="1")
    with psycopg.connect(copied) as holder:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = client.get("/v1/prices/AAPL")
        assert (answer.status_code, answer.json()["type"]) == (503, "/docs#unavailable")
        assert 0.9 < time.monotonic() - began < 3
    assert client.get("/v1/prices/AAPL").status_code == 200


def test_health_answers_while_every_connection_is_at_work(copied, serve) -> None:
    client = serve(copied)  # DB_POOL_SIZE=2
    with psycopg.connect(copied) as holder, ThreadPoolExecutor(4) as threads:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        waiting = [threads.submit(client.get, "/v1/prices/AAPL") for _ in range(4)]
        time.sleep(0.3)
        for path in ("/health/live", "/health/ready"):
            began = time.monotonic()
            assert client.get(path).status_code == 200
            assert time.monotonic() - began < 1
        holder.rollback()
        assert [each.result().status_code for each in waiting] == [200] * 4


# ---- the connections themselves ----


def readers(url: str, home: Path, size: int, patience: float = 5) -> Readers:
    settings = configured(home, url)
    return Readers(lambda: db.reader(settings, process="test", autocommit=True), size, patience)


def test_a_lent_connection_cannot_write_and_sees_one_snapshot(copied, tmp_path) -> None:
    lent = readers(copied, tmp_path, 1)
    with lent.snapshot() as conn, psycopg.connect(copied, autocommit=True) as other:
        count = conn.execute("SELECT count(*) FROM mart.instrument").fetchone()
        other.execute("DELETE FROM warehouse.dim_price_unit WHERE unit = 'ZAc'")
        other.execute("UPDATE warehouse.dim_instrument SET watched = false")
        assert conn.execute("SELECT count(*) FROM mart.instrument WHERE watched").fetchone() == count
        assert conn.execute("SELECT current_user, current_setting('transaction_read_only')").fetchone() == (
            "ticker_reader", "on",
        )  # fmt: skip
    with lent.snapshot() as conn:
        assert conn.execute("SELECT count(*) FROM mart.instrument WHERE watched").fetchone() == (0,)
    lent.close()


def test_no_more_connections_than_its_size_are_open_and_a_caller_waits_only_so_long(copied, tmp_path) -> None:
    lent = readers(copied, tmp_path, 2, patience=0.1)
    with (
        lent.snapshot(),
        lent.snapshot(),
        pytest.raises(DatabaseUnavailable, match="DB_POOL_SIZE"),
        lent.snapshot(),
    ):
        pass
    with psycopg.connect(copied) as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ticker-converter/test'"
            " AND datname = current_database()"
        ).fetchone()
    assert row == (2,)
    lent.close()


def test_an_error_inside_leaves_the_connection_usable(copied, tmp_path) -> None:
    lent = readers(copied, tmp_path, 1)
    with pytest.raises(ZeroDivisionError), lent.snapshot() as first:
        first.execute("SELECT 1")
        raise ZeroDivisionError
    with lent.snapshot() as second:
        assert second is first
    lent.close()
    assert first.closed


def test_threads_share_the_connections(copied, tmp_path) -> None:
    lent, most, now, lock = readers(copied, tmp_path, 3), 0, 0, threading.Lock()

    def use(_: int) -> None:
        nonlocal most, now
        with lent.snapshot() as conn:
            with lock:
                now += 1
                most = max(most, now)
            conn.execute("SELECT pg_sleep(0.02)")
            with lock:
                now -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(24)))
    assert most == 3
    lent.close()
