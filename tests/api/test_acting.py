"""What is asked of the worker: by HTTP, done by a real worker, killed and taken over; the shapes of the answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support import writing
from tests.support.command import bare_environment
from ticker_converter import worker as workers
from ticker_converter.access import keys
from ticker_converter.ops import request as requests

from .conftest import configured

REQUESTED = [
    "id", "act", "state", "author", "asked_at", "started_at", "finished_at", "cancelling", "run_id", "progress",
    "result", "problem",
]  # fmt: skip
COUNTS = [
    "run_id",
    "read",
    "inserted",
    "unchanged",
    "revised",
    "outranked",
    "quarantined",
    "calls",
    "remaining",
]


@pytest.fixture
def operator(copied: str, serve: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with a key of scope operate, and read; nothing works on what it asks for."""
    with psycopg.connect(copied) as conn:
        key = keys.create(conn, ["read", "operate"])
    client = serve(copied)
    client.headers["X-API-Key"] = key["key"]
    return client


@pytest.fixture
def worker(copied: str, tmp_path: Path) -> Iterator[workers.Worker]:
    """A worker in a thread of this process."""
    made = workers.Worker(configured(tmp_path, copied))
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a worker that is not there."""
    monkeypatch.setattr("ticker_converter.api.acting.WAIT", 0.0)


def ended(client: httpx.Client, where: str, seconds: float = 30) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(where).json()
        if found["state"] not in requests.OPEN:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query).fetchall()  # type: ignore[arg-type]


# ---- acts that take a moment ----


def test_a_correction_is_answered_with_its_report_and_has_its_author(
    operator: httpx.Client, worker: Any, copied: str
) -> None:
    given = {"symbol": "AAPL", "date": "2024-01-03", "close": 184.3, "reason": "as the exchange says"}
    answer = operator.post("/v1/corrections", json=given)
    assert (answer.status_code, list(answer.json())) == (200, COUNTS), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert operator.get("/v1/prices/AAPL").json()["prices"][1]["close"] == 184.3
    ((author, reason),) = rows(copied, "SELECT author, reason FROM landing.load WHERE kind = 'correction'")
    assert author == f"key {operator.headers['X-API-Key'][3:15]}" and reason == "as the exchange says"
    released = operator.post("/v1/corrections", json={
        "symbol": "AAPL", "date": "2024-01-03", "release": True, "reason": "mine was wrong"})  # fmt: skip
    assert released.status_code == 200
    assert operator.get("/v1/prices/AAPL").json()["prices"][1]["close"] == 184.25


def test_a_number_of_a_correction_keeps_every_digit(operator: httpx.Client, worker: Any, copied: str) -> None:
    body = '{"symbol": "AAPL", "date": "2024-01-03", "close": 184.12345678901234567890123, "reason": "r"}'
    answer = operator.post("/v1/corrections", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    ((close,),) = rows(
        copied,
        "SELECT close::text FROM warehouse.fact_price JOIN warehouse.dim_instrument USING (instrument_id) "
        "WHERE symbol = 'AAPL' AND session = '2024-01-03'",
    )
    assert close == "184.12345678901234567890123"


def test_a_held_row_is_answered(operator: httpx.Client, worker: Any, copied: str) -> None:
    with psycopg.connect(copied) as conn:
        writing.bars(conn, ["AAPL,2024-01-23,1,2,3,1.5,1"], unit="USD", mic="XNAS", header=writing.BARS)
    (held,) = operator.get("/v1/quarantine?state=held").json()
    assert list(held) == ["id", "symbol", "date", "reason", "evidence", "payload", "run_id", "state"]
    answer = operator.post(f"/v1/quarantine/{held['id']}", json={"answer": "reject", "reason": "nonsense"})
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["run_id", "decided", "inserted", "unchanged", "revised", "outranked"]
    assert answer.json()["decided"] == [held["id"]]
    assert operator.get("/v1/quarantine?state=rejected").json()[0]["id"] == held["id"]
    again = operator.post("/v1/quarantine/999", json={"answer": "accept", "reason": "r"})
    assert (again.status_code, again.json()["type"]) == (404, "/docs#not-there")


def test_an_instrument_is_added(operator: httpx.Client, worker: Any) -> None:
    given = {"symbol": "MSFT", "mic": "XNAS", "unit": "USD", "name": "Microsoft", "provider": "files"}
    answer = operator.post("/v1/instruments", json=given)
    assert (answer.status_code, answer.json()["symbol"], answer.json()["unit"]) == (200, "MSFT", "USD"), (
        answer.text
    )
    assert answer.json() == operator.get("/v1/instruments/MSFT").json()


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/v1/corrections", {"symbol": "NOPE", "date": "2024-01-03", "close": 1, "reason": "r"}, 404, "NOPE"),
        ("/v1/corrections", {"symbol": "AAPL", "date": "2024-01-03", "close": -1, "reason": "r"}, 422, "above zero"),
        ("/v1/corrections", {"symbol": "AAPL", "date": "2024-01-03", "reason": "r"}, 422, "nothing to correct"),
        ("/v1/corrections", {"symbol": "AAPL", "date": "2024-01-03", "close": 1}, 422, "reason"),
        ("/v1/corrections", {"symbol": "AAPL", "date": "2024-13-03", "close": 1, "reason": "r"}, 422, "date"),
        ("/v1/corrections", {"symbol": "AAPL", "date": "2024-01-03", "close": "NaN", "reason": "r"}, 422, "close"),
        ("/v1/instruments", {"symbol": "A", "unit": "gbp", "mic": "XLON", "provider": "files"}, 422, "gbp"),
        ("/v1/instruments", {"symbol": "A", "unit": "USD", "mic": "XNAS", "provider": "nobody"}, 422, "nobody"),
        ("/v1/quarantine/1", {"answer": "rescale", "reason": "r"}, 422, "factor"),
        ("/v1/quarantine/1", {"answer": "accept", "factor": 2, "reason": "r"}, 422, "factor"),
        ("/v1/quarantine/1", {"answer": "perhaps", "reason": "r"}, 422, "answer"),
        ("/v1/runs", {"symbols": ["AAPL"], "since": "2024-02-01", "until": "2024-01-01"}, 422, "until"),
        ("/v1/runs", {"surprise": 1}, 422, "surprise"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_the_command_line_says_it(
    operator: httpx.Client, worker: Any, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    answer = operator.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
        answer.text
    )
    assert says in answer.json()["detail"] and "--" not in answer.json()["detail"]


def test_without_a_worker_the_answer_is_202_and_a_place_to_look(
    operator: httpx.Client, impatient: None, copied: str, tmp_path: Path
) -> None:
    given = {"symbol": "AAPL", "date": "2024-01-03", "close": 184.3, "reason": "r"}
    answer = operator.post("/v1/corrections", json=given)
    assert (answer.status_code, list(answer.json())) == (202, REQUESTED)
    assert answer.headers["location"] == f"/v1/runs/{answer.json()['id']}"
    assert operator.get(answer.headers["location"]).json() == answer.json()
    assert operator.get("/v1/status").json()["requests"] == 1
    late = workers.Worker(configured(tmp_path, copied))
    thread = threading.Thread(target=late.run)
    thread.start()
    done = ended(operator, answer.headers["location"])
    late.stop()
    thread.join(20)
    assert (done["state"], list(done["result"])) == ("done", COUNTS)
    assert done["run_id"] == done["result"]["run_id"]
    assert operator.get(f"/v1/runs/{done['run_id']}").json()["command"] == "correct"


def test_the_same_idempotency_key_asks_once(operator: httpx.Client, impatient: None, copied: str) -> None:
    given = {"symbol": "AAPL", "date": "2024-01-03", "close": 184.3, "reason": "r"}
    one = operator.post("/v1/corrections", json=given, headers={"Idempotency-Key": "k1"})
    two = operator.post("/v1/corrections", json=given, headers={"Idempotency-Key": "k1"})
    assert one.json() == two.json() and (one.status_code, two.status_code) == (202, 202)
    other = operator.post("/v1/corrections", json={**given, "close": 1}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, "Idempotency-Key" in other.json()["detail"]) == (422, True)
    assert rows(copied, "SELECT count(*) FROM ops.request") == [(1,)]


# ---- runs ----


def test_a_run_is_asked_for_followed_and_cancelled(operator: httpx.Client, copied: str) -> None:
    answer = operator.post("/v1/runs", json={"symbols": ["AAPL"]})
    assert (answer.status_code, list(answer.json()), answer.json()["state"]) == (202, REQUESTED, "queued")
    where = answer.headers["location"]
    gone = operator.delete(where)
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert operator.delete(where).json() == gone.json() == operator.get(where).json()
    for wrong in ("/v1/runs/00000000-0000-4000-8000-000000000000", "/v1/runs/none", "/v1/runs/99999"):
        assert operator.get(wrong).status_code == 404
    assert operator.delete("/v1/runs/1").status_code == 404


def test_a_sync_with_nothing_to_fetch_is_done(operator: httpx.Client, worker: Any) -> None:
    answer = operator.post("/v1/runs", json={"symbols": ["AAPL"], "provider": "files"})
    done = ended(operator, answer.headers["location"])
    assert (done["state"], done["problem"], done["result"]["calls"]) == ("done", None, {})
    (newest, *_) = operator.get("/v1/runs?limit=1").json()
    assert (newest["run_id"], newest["command"], newest["state"]) == (done["run_id"], "sync", "done")
    wrong = operator.post("/v1/runs", json={"symbols": ["NOPE"]})
    failed = ended(operator, wrong.headers["location"])
    assert (failed["state"], failed["problem"]["type"]) == ("failed", "/docs#unknown-symbol")


def test_what_a_killed_worker_left_another_takes_over_and_it_is_done_once(
    operator: httpx.Client,
    impatient: None,
    copied: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    env = {**bare_environment(home), "DATABASE_URL": copied}
    given = {"symbol": "AAPL", "date": "2024-01-03", "close": 184.3, "reason": "r"}
    with psycopg.connect(copied) as holder:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        first = subprocess.Popen([sys.executable, "-m", "ticker_converter", "worker"], env=env, cwd=home,
                                 stderr=subprocess.DEVNULL)  # fmt: skip
        answer = operator.post("/v1/corrections", json=given)
        until = time.monotonic() + 30
        while operator.get(answer.headers["location"]).json()["state"] != "running":
            assert time.monotonic() < until
            time.sleep(0.05)
        time.sleep(0.5)  # it waits in the middle of its act, for the table
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    # The lease would end by itself after a while; the clock is not waited for here.
    with psycopg.connect(copied) as conn:
        conn.execute(
            "UPDATE ops.request SET lease_until = now() - interval '1 second' WHERE state = 'running'"
        )
    second = workers.Worker(configured(tmp_path, copied))
    thread = threading.Thread(target=second.run)
    thread.start()
    done = ended(operator, answer.headers["location"])
    second.stop()
    thread.join(20)
    assert done["state"] == "done", done
    assert rows(copied, "SELECT count(*) FROM landing.load WHERE kind = 'correction'") == [(1,)]
    assert rows(copied, "SELECT attempts FROM ops.request") == [(2,)]


def test_a_worker_whose_lease_is_another_s_undoes_what_it_did(copied: str, tmp_path: Path) -> None:
    from ticker_converter import connection
    from ticker_converter.ops import execute

    settings = configured(tmp_path, copied)
    told = {
        "symbol": "AAPL",
        "date": "2024-01-03",
        "fields": {"close": "184.3"},
        "release": False,
        "reason": "r",
    }
    with connection.writer(settings, "t") as conn:
        conn.autocommit = True
        requests.ask(conn, "correct", told, "ann")
        taken = requests.take(conn, requests.SHORT, "slow")
        assert taken is not None and requests.take(conn, requests.SHORT, "quick") is None
        conn.execute("UPDATE ops.request SET lease_until = now() - interval '1 second'")
        assert requests.take(conn, requests.SHORT, "quick") is not None
        assert not requests.beat(conn, taken, None, None)
        with pytest.raises(execute.Lost):
            execute.execute(conn, settings, taken, lambda text: None, lambda run_id: None)
    assert rows(copied, "SELECT count(*) FROM landing.load WHERE kind = 'correction'") == [(0,)]


def test_a_running_sync_is_told_to_end(copied: str, tmp_path: Path, operator: httpx.Client) -> None:
    """The pulse sees the wish, the work learns of it at its next step."""
    from ticker_converter.ops import execute

    answer = operator.post("/v1/runs", json={"symbols": ["AAPL"]})
    made = workers.Worker(configured(tmp_path, copied))
    with psycopg.connect(copied, autocommit=True) as conn:
        taken = requests.take(conn, requests.LONG, made.name)
        assert taken is not None
        with workers._Pulse(configured(tmp_path, copied), taken, threading.Event()) as pulse:
            pulse.progress("asking")
            told = operator.delete(answer.headers["location"]).json()
            assert (told["state"], told["cancelling"]) == ("running", True)
            until = time.monotonic() + 20
            with pytest.raises(execute.Lost):
                while time.monotonic() < until:
                    pulse.progress("asking again")
                    time.sleep(0.05)
        made._lost(conn, taken, pulse)
    assert operator.get(answer.headers["location"]).json()["state"] == "cancelled"


def test_a_request_that_kills_its_worker_does_not_kill_them_for_ever(copied: str, tmp_path: Path) -> None:
    made = workers.Worker(configured(tmp_path, copied))
    with psycopg.connect(copied, autocommit=True) as conn:
        found = requests.ask(conn, "sync", {}, "ann")
        conn.execute("UPDATE ops.request SET attempts = %s", (workers.TRIES,))
        taken = requests.take(conn, requests.LONG, made.name)
        assert taken is not None
        made._work(conn, taken)
        assert requests.get(conn, found)["state"] == "failed"


def test_a_worker_beside_a_server_ends_with_it_even_when_that_is_killed(copied: str, home: Path) -> None:
    line = f"{sys.executable} -m ticker_converter worker --with-parent $$ 2>&1 & echo $!; wait"
    env = {**bare_environment(home), "DATABASE_URL": copied}
    server = subprocess.Popen(["/bin/sh", "-c", line], env=env, cwd=home, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    child = int(server.stdout.readline())
    assert "waits for requests" in server.stdout.readline()
    server.kill()
    server.wait()
    assert server.stdout.read() == ""  # it ends when the worker does, who holds the other side
    server.stdout.close()
    with pytest.raises(ProcessLookupError):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            os.kill(child, 0)
            time.sleep(0.05)
