"""A provider on loopback that answers over real HTTP as it is told: bodies, refusals, and every way a line can fail.

It counts what it was asked, by key, and can keep a quota of its own, so that a test compares what was spent there with
what the ledger here allowed. Its refusals are Alpha Vantage's, in the words that PROVIDERS names.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "A1B2C3D4E5F6"
_ECHO = "We have detected your API key as {key} and our standard API rate limit is 25 requests per day."
NOTICES = {
    "day": {"Information": f"{_ECHO} Please subscribe to any of the premium plans to remove all daily rate limits."},
    "burst": {
        "Information": "Please consider spreading out your free API requests more sparingly (1 request per second). "
        "You may subscribe to any of the premium plans to lift the free key rate limit (25 requests per day)."
    },
    "minute": {"Note": "Thank you! Our standard API call frequency is 5 calls per minute and 500 calls per day."},
    "premium": {"Information": "Thank you for using Alpha Vantage! This is a premium endpoint."},
    "premium full": {
        "Information": "The outputsize=full parameter value is a premium feature for the TIME_SERIES_DAILY endpoint."
    },
    "demo": {"Information": "The **demo** API key is for demo purposes only. Please claim your free API key."},
    "bad key": {"Error Message": "the parameter apikey is invalid or missing. Please claim your free API key."},
    "no function": {"Error Message": "This API function (TIME_SERIES_DALY) does not exist."},
    "bad symbol": {
        "Error Message": "Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY."
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Play:
    """One answer. `cut`: bytes after which the line is cut; `slowly`: seconds before each piece of the body."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    slowly: float = 0.0
    before: float = 0.0
    size: int | None = None


def notice(name: str, key: str = KEY) -> Play:
    """A refusal of Alpha Vantage, which comes with HTTP 200."""
    return Play(json.dumps(NOTICES[name]).replace("{key}", key).encode())


def daily(symbol: str, *days: str, close: str = "100") -> Play:
    """Daily bars of Alpha Vantage at one price."""
    bar = {"1. open": close, "2. high": close, "3. low": close, "4. close": close, "5. volume": "7"}
    body = {"Meta Data": {"2. Symbol": symbol}, "Time Series (Daily)": dict.fromkeys(days, bar)}
    return Play(json.dumps(body).encode())


def whole(symbol: str) -> Play:
    """An empty list of splits or dividends."""
    return Play(json.dumps({"symbol": symbol, "data": []}).encode())


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived: what for, with which key, and when."""

    what: str
    symbol: str | None
    key: str | None
    at: float
    url: str


class FakeProvider:
    """`answers` maps a function or file, or (function, symbol), to the plays it gets in turn; the last one goes on.
    `per_day` calls of each key are answered, then it refuses as Alpha Vantage does."""

    def __init__(self) -> None:
        self.answers: dict[str | tuple[str, str], Play | Sequence[Play]] = {}
        self.asked: list[Asked] = []
        self.per_day: int | None = None
        self.refused = 0
        self.url = ""
        self._turn: dict[object, int] = {}
        self._spent: dict[str | None, int] = {}
        self._lock = threading.Lock()

    def env(self, **more: str) -> dict[str, str]:
        """The settings that lead here."""
        return {
            "ALPHA_VANTAGE_BASE_URL": f"{self.url}/query", "ECB_BASE_URL": self.url, "ALPHA_VANTAGE_API_KEY": KEY,
            "ALPHA_VANTAGE_BURST": "1000", "ALPHA_VANTAGE_RATE_LIMIT": "1000", "ALPHA_VANTAGE_TIMEOUT": "1",
        } | more  # fmt: skip

    def count(self, what: str | None = None, symbol: str | None = None, key: str | None = None) -> int:
        """How often it was asked so."""
        return sum(
            what in (None, one.what) and symbol in (None, one.symbol) and key in (None, one.key)
            for one in self.asked
        )

    def play(self, path: str) -> Play:
        """The answer to a request, which is counted."""
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        what = query.get("function", [parts.path.rpartition("/")[2]])[0]
        symbol, key = query.get("symbol", [None])[0], query.get("apikey", [None])[0]
        with self._lock:
            self.asked.append(Asked(what, symbol, key, time.monotonic(), path))
            if self.per_day is not None and key is not None:
                self._spent[key] = self._spent.get(key, 0) + 1
                if self._spent[key] > self.per_day:
                    self.refused += 1
                    return notice("day", key)
            name: str | tuple[str, str] = (
                (what, symbol) if symbol and (what, symbol) in self.answers else what
            )
            found = self.answers.get(name, Play(status=404, body=b""))
            if isinstance(found, Play):
                return found
            turn = self._turn.get(name, 0)
            self._turn[name] = turn + 1
            return found[min(turn, len(found) - 1)]


@contextmanager
def serving() -> Iterator[FakeProvider]:
    """A provider that answers as long as the block lasts."""
    made = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            play = made.play(self.path)
            time.sleep(play.before)
            self.send_response(play.status)
            size = len(play.body) if play.size is None else play.size
            for name, value in ({"Content-Length": str(size)} | play.headers).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self._send(play)
            except OSError:
                self.close_connection = True  # the other side has gone

        def _send(self, play: Play) -> None:
            if play.cut is not None:
                self.wfile.write(play.body[: play.cut])
                self.close_connection = True
            elif play.slowly:
                for n in range(len(play.body)):
                    time.sleep(play.slowly)
                    self.wfile.write(play.body[n : n + 1])
                    self.wfile.flush()
            else:
                self.wfile.write(play.body)
                for _ in range(((play.size or 0) - len(play.body)) // 65536):
                    self.wfile.write(b" " * 65536)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
