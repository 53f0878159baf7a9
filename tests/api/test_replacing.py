"""Workers that come and go under load: no request is lost, and the metrics go on counting."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ticker_converter.api.draining import Turn
from ticker_converter.api.slots import Slots

from .test_server import Start, start  # noqa: F401 - the fixture

pytestmark = pytest.mark.slow


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def _workers(master: int) -> set[int]:
    children = Path(f"/proc/{master}/task/{master}/children")
    if not children.exists():
        pytest.skip("this system does not list a process's children in /proc")
    return {int(pid) for pid in children.read_text().split()}


class _Load:
    """Keep-alive clients that ask until told to stop, and what became of each request."""

    def __init__(self, address: str, clients: int) -> None:
        self.seen: Counter[str] = Counter()
        self._stop = threading.Event()
        self._address = address
        self._threads = ThreadPoolExecutor(clients)
        self._running = [self._threads.submit(self._ask, number) for number in range(clients)]

    def _ask(self, number: int) -> None:
        post = number % 2 == 1
        with httpx.Client(base_url=self._address, timeout=30) as client:
            while not self._stop.is_set():
                try:
                    # A POST is never sent again by a proxy or a client: one that gets no answer is lost.
                    answer = client.post("/health/live") if post else client.get("/v1/prices/AAPL?limit=5")
                    self.seen[str(answer.status_code)] += 1
                except httpx.TransportError as error:
                    self.seen[repr(error)] += 1

    def end(self) -> Counter[str]:
        self._stop.set()
        for one in self._running:
            one.result()
        self._threads.shutdown()
        return self.seen


def test_a_worker_at_its_limit_of_requests_loses_none(copied: str, start: Start, monkeypatch) -> None:  # noqa: F811
    port = _free()
    process, address, log = start(
        copied, API_WORKERS="2", API_MAX_REQUESTS="200", API_MAX_REQUESTS_JITTER="20", ENABLE_METRICS="true",
        METRICS_PORT=str(port),
    )  # fmt: skip
    before = _workers(process.pid)
    load = _Load(address, 8)
    until = time.monotonic() + 60
    while _workers(process.pid) == before and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(2)
    seen = load.end()
    assert _workers(process.pid) != before, log.read_text()
    assert set(seen) == {"200", "405"}, seen
    counted = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    total = sum(
        float(line.rpartition(" ")[2])
        for line in counted.splitlines()
        if re.match(
            r'ticker_converter_http_requests_total\{.*route="(/v1/prices/{symbol}|/health/live)"', line
        )
    )
    # `start` has asked a few times for /health/live; no request of the replaced worker is forgotten.
    assert seen.total() <= total <= seen.total() + 20
    assert "ticker_converter_database_up 1.0" in counted
    assert "ticker_converter_http_requests_in_flight 0.0" in counted, re.findall(r".*flight.*", counted)


def test_a_reload_under_load_loses_no_request(copied: str, start: Start) -> None:  # noqa: F811
    process, address, log = start(copied, API_WORKERS="2")
    before = _workers(process.pid)
    load = _Load(address, 8)
    time.sleep(1)
    process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 60
    while _workers(process.pid) & before and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(1)
    seen = load.end()
    assert not _workers(process.pid) & before, log.read_text()
    assert set(seen) == {"200", "405"}, seen


def test_workers_and_the_listener_of_metrics_end_with_a_killed_master(copied: str, start: Start) -> None:  # noqa: F811
    port = _free()
    process, address, _ = start(copied, ENABLE_METRICS="true", METRICS_PORT=str(port))
    assert httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    process.kill()
    process.wait()
    alive = {f"{address}/health/live", f"http://127.0.0.1:{port}/metrics"}
    until = time.monotonic() + 30
    while alive and time.monotonic() < until:
        for one in sorted(alive):
            try:
                httpx.get(one)
            except httpx.TransportError:
                alive.remove(one)
        time.sleep(0.2)
    assert not alive, "they outlived their master"


def test_turns_come_one_at_a_time_and_not_too_often() -> None:
    turn = Turn(between=1000)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"1" if turn.take() else b"0")
        time.sleep(1)
        os._exit(0)
    assert os.read(read, 1) == b"1"
    assert not turn.take()
    os.waitpid(child, 0)
    assert not turn.take()  # the lock is free, but the last turn was a moment ago
    assert Turn(between=0).take()


def test_a_slot_is_taken_again_and_its_files_are_few(tmp_path: Path) -> None:
    slots = Slots()
    assert (Slots.free([]), Slots.free([0, 2]), Slots.free([1, 0])) == (0, 1, 2)
    (slots.folder / "gauge_livesum_0.db").touch()
    (slots.folder / "counter_0.db").touch()
    slots.left(0)
    assert [file.name for file in slots.folder.iterdir()] == ["counter_0.db"]
    slots.close()
    assert not slots.folder.exists()
