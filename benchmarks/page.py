"""How long the web app takes beside an empty page (issue: the largest paint in a second, another currency in 100 ms).

One embedded PostgreSQL with one instrument of 7,560 sessions (30 years), served by `ticker-converter serve` with one
worker; Chromium as in the tests. An empty page and ours are loaded in turn, each in a window of its own, so that
nothing is kept; ratios are taken round by round. A switch runs from the choice in the list to the frame after the new
series was drawn: `first` asks for a currency that nobody has asked for since the data changed, `again` for one that is
kept.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
import psycopg
from playwright.sync_api import Browser, sync_playwright

from benchmarks import world
from tests.support.browser import WATCH, launched
from ticker_converter import embedded

EMPTY = b"<!doctype html><html lang=en><title>empty</title><h1>Empty</h1></html>"
SYMBOL = "B00000"
CURRENCIES = ("GBP", "JPY", "CHF", "SEK")
#: From the choice to the frame after the series was drawn.
SWITCH = """(currency) => new Promise((done) => {
  const home = document.querySelector("#home");
  const status = document.querySelector("main .status");
  if (![...home.options].some((one) => one.value === currency)) home.add(new Option(currency));
  const began = performance.now();
  new MutationObserver((changes, watching) => {
    if (status.dataset.drawn !== currency) return;
    watching.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  }).observe(status, { attributes: true });
  home.value = currency;
  home.dispatchEvent(new Event("change"));
})"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--rounds."""
    parser.add_argument("--rounds", type=int, default=7, help="of which the median counts (default: 7)")


def run(arguments: argparse.Namespace) -> str:
    """The table, as Markdown."""
    with tempfile.TemporaryDirectory(prefix="tc-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server's own user must reach it when root measures
        url = embedded.server(home)
        try:
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute("CREATE DATABASE bench")
            url = urlsplit(url)._replace(path="/bench").geturl()
            with psycopg.connect(url, autocommit=True) as conn:
                world.build(conn, 1)
            with (
                _serving(home, url) as base,
                _empty() as empty,
                sync_playwright() as playwright,
                launched(playwright) as browser,
            ):
                return _table(browser, base, empty, arguments.rounds, url)
        finally:
            embedded.stop(home)


def _table(browser: Browser, base: str, empty: str, rounds: int, url: str) -> str:
    pages = {"watch list": f"{base}/#/watch", "30 years of an instrument": f"{base}/#/instrument/{SYMBOL}"}
    for where in pages.values():  # what is made once in the life of a server is not the page's
        _paint(browser, where)
    paints: dict[str, list[float]] = {name: [] for name in ("empty page", *pages)}
    ratios: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(rounds):
        least = _paint(browser, empty)
        paints["empty page"].append(least)
        for name, where in pages.items():
            found = _paint(browser, where)
            paints[name].append(found)
            ratios[name].append(found / least)
    lines = ["| largest paint | ms, median | ms, worst | times the empty page |", "|---|---|---|---|"]
    for name, found in paints.items():
        ratio = f"{median(ratios[name]):.1f}" if name in ratios else "1"
        lines.append(f"| {name} | {median(found):.0f} | {max(found):.0f} | {ratio} |")
    first, again = _switches(browser, f"{base}/#/instrument/{SYMBOL}", rounds, url)
    lines += ["", "| another currency | ms, median | ms, worst | times the empty page |", "|---|---|---|---|"]
    for name, found in (("first", first), ("again", again)):
        ratio = median(found) / median(paints["empty page"])
        lines.append(f"| {name} | {median(found):.0f} | {max(found):.0f} | {ratio:.1f} |")
    return "\n".join(lines)


def _paint(browser: Browser, where: str) -> float:
    window = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = window.new_page()
        page.add_init_script(WATCH)
        page.goto(where)
        page.wait_for_load_state("networkidle")
        found: float = page.evaluate("window.seen.lcp")
        return found
    finally:
        window.close()


def _switches(browser: Browser, where: str, rounds: int, url: str) -> tuple[list[float], list[float]]:
    window = browser.new_context(viewport={"width": 1280, "height": 900})
    page = window.new_page()
    page.goto(where)
    page.wait_for_load_state("networkidle")
    first, again = [], []
    for _ in range(rounds):
        with psycopg.connect(
            url, autocommit=True
        ) as conn:  # another version of the data: what is kept serves no more
            conn.execute("UPDATE warehouse.state SET version = version + 1")
        for found in (first, again):
            for currency in CURRENCIES:
                found.append(page.evaluate(SWITCH, currency))
                page.wait_for_load_state("networkidle")
                time.sleep(0.1)
    window.close()
    return first, again


@contextmanager
def _serving(home: Path, url: str) -> Iterator[str]:
    """`ticker-converter serve` on a port of its own."""
    port = _free()
    line = [sys.executable, "-m", "ticker_converter", "serve", "--port", str(port), "--workers", "1"]
    env = {**os.environ, "TICKER_CONVERTER_HOME": str(home), "DATABASE_URL": url, "ENABLE_METRICS": "false"}
    with subprocess.Popen(line, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        base = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    if httpx.get(f"{base}/health/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield base
        finally:
            server.terminate()
            server.wait(timeout=60)


@contextmanager
def _empty() -> Iterator[str]:
    """A server of an empty page."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(EMPTY)))
            self.end_headers()
            self.wfile.write(EMPTY)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said of a request."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _free() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as probe:
        return probe.server_port
