"""The production server as a process of its own: workers, log lines, a graceful end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.command import bare_environment
from ticker_converter.api import server

from .conftest import configured

PROGRAM = "from ticker_converter import settings; from ticker_converter.api import server; server.run(settings.load())"

Start = Callable[..., tuple[subprocess.Popen[bytes], str, Path]]


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a server: `start(url, API_WORKERS="2")` gives its process, address and log file once it answers."""
    made: list[subprocess.Popen[bytes]] = []

    def run(database: str, **more: str) -> tuple[subprocess.Popen[bytes], str, Path]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        env = {
            **bare_environment(home),
            "DATABASE_URL": database,
            "API_PORT": str(port),
            "LOG_FORMAT": "json",
            "ENABLE_METRICS": "false",
            **more,
        }
        log = tmp_path / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM], env=env, cwd=home, stderr=out, stdout=out
            )
        made.append(process)
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.get(f"{address}/health/live")
                return process, address, log
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
        raise AssertionError(log.read_text())

    yield run
    for process in made:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_requests_under_way_end_before_the_server_does_and_its_log_has_them(
    copied: str, start: Start
) -> None:
    process, address, log = start(copied, API_WORKERS="2")
    answer = httpx.get(f"{address}/v1/prices/AAPL?currency=GBP", headers={"X-Request-ID": "first"})
    assert answer.status_code == 200 and "server" not in answer.headers
    with psycopg.connect(copied) as holder, ThreadPoolExecutor(4) as threads:
        holder.execute("LOCK TABLE warehouse.fact_price IN ACCESS EXCLUSIVE MODE")
        asked = [
            threads.submit(httpx.get, f"{address}/v1/prices/AAPL?apikey_=x", timeout=20) for _ in range(1)
        ]
        asked += [threads.submit(httpx.get, f"{address}/v1/prices/AAPL", timeout=20) for _ in range(3)]
        time.sleep(0.7)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        holder.rollback()
        assert sorted(each.result().status_code for each in asked) == [200, 200, 200, 422]
    assert process.wait(20) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    found = next(line for line in lines if line.get("request_id") == "first")
    assert (found["path"], found["status"], found["logger"]) == (
        "/v1/prices/AAPL",
        200,
        "ticker_converter.access",
    )
    assert sum(line.get("path") == "/v1/prices/AAPL" for line in lines) == 5
    assert "apikey_" not in log.read_text() and "postgresql://" not in log.read_text()
    assert not [line for line in lines if line["level"] in ("WARNING", "ERROR", "CRITICAL")]


def test_a_killed_worker_is_replaced(copied: str, start: Start) -> None:
    process, address, log = start(copied, API_WORKERS="1", LOG_FORMAT="text")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("this system does not list a process's children in /proc")
    (worker,) = children.read_text().split()
    import os

    os.kill(int(worker), signal.SIGKILL)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}/health/ready").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.1)
    assert children.read_text().split() != [worker]
    assert httpx.get(f"{address}/v1/instruments").status_code == 200
    assert "Traceback" not in log.read_text()


def test_only_our_own_middleware_believes_what_a_proxy_says() -> None:
    assert server.Worker.CONFIG_KWARGS["proxy_headers"] is False


def test_each_setting_of_the_server_reaches_gunicorn(tmp_path: Path) -> None:
    given = configured(
        tmp_path, "postgresql://x@localhost/x", API_MAX_REQUESTS="1000", API_MAX_REQUESTS_JITTER="7", API_TIMEOUT="17",
        LOG_LEVEL="WARNING",
    )  # fmt: skip
    options = server.options(given, "::1", 8001, 3)
    assert options["bind"] == ["[::1]:8001"]
    assert (options["workers"], options["timeout"]) == (3, 17)
    assert (options["max_requests"], options["max_requests_jitter"]) == (1000, 7)
    assert options["loglevel"] == "warning" and options["logconfig_dict"]["root"]["level"] == "WARNING"
    # Without a limit a jitter would be one.
    assert (
        server.options(configured(tmp_path, "postgresql://x@localhost/x"), "h", 1, 1)["max_requests_jitter"]
        == 0
    )
