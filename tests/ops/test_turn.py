"""One sync at a time, what the worker notes of the quotas, and how long a request that is over is kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg

from ticker_converter import coverage, settings
from ticker_converter.ops import quota, turn


def test_two_syncs_take_turns_and_who_waits_is_told(database: str) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def told(text: str) -> None:
        order.append(text)
        waiting.set()

    def second() -> None:
        with psycopg.connect(database) as conn, turn.syncing(conn, told):
            order.append("second")

    with psycopg.connect(database) as first, ThreadPoolExecutor(1) as thread:
        with turn.syncing(first, order.append):
            done = thread.submit(second)
            assert waiting.wait(10)
            order.append("first")
        done.result(10)
    assert order == ["another sync is under way: waiting for its end", "first", "second"]


def test_a_sync_that_is_killed_lets_its_turn_go(database: str) -> None:
    killed = psycopg.connect(database, autocommit=True)
    held = turn.syncing(killed, print)
    held.__enter__()
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(%s)", (killed.info.backend_pid,))
        with turn.syncing(conn, print):
            assert conn.execute("SELECT 1").fetchone() == (1,)
    killed.close()


def test_the_quotas_are_noted_as_the_command_status_shows_them(database: str) -> None:
    given = settings.load({"DATABASE_URL": database, "ALPHA_VANTAGE_API_KEY": "k" * 16})
    with psycopg.connect(database, autocommit=True) as conn:
        quota.note(conn, [{"provider": "gone", "calls_left": 1}])
        standings = coverage.ledgers(conn, given)
        quota.note(conn, standings)
        found = {one["provider"]: one for one in quota.noted(conn)}
    assert "gone" not in found and found.keys() == {one["provider"] for one in standings}
    assert (found["alpha_vantage"]["calls_left"], found["alpha_vantage"]["keys"]) == (25, 1)
