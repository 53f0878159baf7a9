"""Fetching from a real server on this machine: refusals, cut and slow answers, redirects, and the key kept out."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from ticker_converter.errors import (
    BadSetting,
    ProviderBusy,
    ProviderUnavailable,
    QuotaSpent,
    Refused,
    TickerConverterError,
    Unreadable,
)
from ticker_converter.providers import http
from ticker_converter.providers.alpha_vantage import AlphaVantage
from ticker_converter.providers.ecb import ECB
from ticker_converter.records import Call, Window

KEY = "QWERTY0123456789"


class Site:
    """A server whose answers are set by the test; it keeps the request lines and headers that it saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.body = b"{}"
        self.extra: dict[str, str] = {}
        self.act = None
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.seen.append(self.path)
                site.headers.append({name.lower(): value for name, value in self.headers.items()})
                if site.act is not None:
                    site.act(self)
                    return
                self.send_response(site.status)
                for name, value in site.extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(site.body)))
                self.end_headers()
                self.wfile.write(site.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.stop()


@pytest.fixture
def vantage(site):
    return AlphaVantage({"api_key": KEY, "base_url": f"{site.url}/query", "timeout": 5})


def fetch(provider):
    (call,) = provider.calls("prices", "IBM", Window(), None)
    return provider.fetch(call)


def get(site, **how):
    return http.get(f"{site.url}/x?a=1", provider="The provider", timeout=how.pop("timeout", 5), **how)


def test_the_key_goes_on_the_wire_and_nowhere_else(site, vantage):
    site.body = b'{"Meta Data": {}}'
    landed = fetch(vantage)
    assert site.seen == [f"/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey={KEY}"]
    assert landed.request == f"{site.url}/query?function=TIME_SERIES_DAILY&symbol=IBM"
    assert landed.body == site.body
    assert (landed.symbol, landed.redacted) == ("IBM", False)
    assert KEY not in repr(landed)


def test_the_demo_call_is_the_documented_url(site):
    fetch(AlphaVantage({"base_url": f"{site.url}/query"}))
    assert site.seen == ["/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey=demo"]


def test_any_accept_is_sent_and_the_program_is_named(site):
    get(site)
    assert site.headers[0]["accept"] == "*/*"
    assert site.headers[0]["user-agent"].startswith("ticker-converter")


def test_an_echoed_key_alone_is_replaced(site, vantage):
    notice = '{"Information": "Our API rate limit for your API key as %s is 25 requests per day."}'
    site.body = b"\xef\xbb\xbf" + (notice % KEY).encode() + b" \r\n\xff"
    landed = fetch(vantage)
    assert landed.body == site.body.replace(KEY.encode(), b"[redacted]")
    assert landed.redacted
    site.body = (notice % KEY).encode()
    with pytest.raises(QuotaSpent) as caught:
        vantage.parse(fetch(vantage))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["a b+c/d=é", 'quo"te\\key', "per%cent&and"])
def test_a_key_is_found_in_each_way_of_echoing_it(site, key):
    secret = http.Secret("apikey", key)
    for echo in secret.forms():
        site.body = b"<<" + echo + b">>"
        answer = get(site, secret=secret)
        assert answer.body == b"<<[redacted]>>"
        assert answer.redacted
    assert "apikey=" in site.seen[0]


def test_the_demo_key_is_no_secret(site):
    site.body = b'{"Information": "The **demo** API key is for demo purposes only."}'
    landed = fetch(AlphaVantage({"api_key": "demo", "base_url": site.url}))
    assert landed.body == site.body
    assert not landed.redacted


def test_no_log_line_of_any_library_holds_the_key(site, vantage, caplog):
    caplog.set_level(logging.DEBUG)
    seen = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: seen.append(record.getMessage() + repr(record.__dict__))
    loggers = [
        logging.getLogger(name)
        for name in (None, "httpx", "httpcore", "httpcore.http11", "httpcore.connection")
    ]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    site.status = 302
    site.extra = {"Location": f"/next?apikey={KEY}", "Set-Cookie": f"k={KEY}"}
    try:
        with pytest.raises(ProviderUnavailable):
            fetch(vantage)
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
    assert any("HTTP Request: GET" in line for line in seen), "httpx is expected to log its requests at INFO"
    assert not [line for line in seen if KEY in line]
    assert KEY not in caplog.text


def test_no_error_holds_the_key(site, vantage):
    for status, extra in (
        (500, {}),
        (429, {}),
        (302, {"Location": f"http://{KEY}.invalid/{KEY}?apikey={KEY}"}),
    ):
        site.status, site.extra = status, extra
        with pytest.raises(TickerConverterError) as caught:
            fetch(vantage)
        error: BaseException | None = caught.value
        while error is not None:
            assert KEY not in str(error)
            error = error.__cause__


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_failing_server_is_unavailable(site, vantage, status):
    site.status = status
    with pytest.raises(ProviderUnavailable, match=str(status)):
        fetch(vantage)


def test_429_waits_as_long_as_it_is_told(site):
    site.status = 429
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    stated = {"7": (7, 7), later: (90, 101), "": (60, 60), "soon": (60, 60), "-5": (0, 0), "1e12": (86400, 86400),
              "nan": (60, 60), "Fri, 99 Foo": (60, 60)}  # fmt: skip
    for text, (low, high) in stated.items():
        site.extra = {"Retry-After": text} if text else {}
        with pytest.raises(ProviderBusy) as caught:
            get(site)
        assert low <= caught.value.retry_after <= high, text


def test_another_4xx_is_a_body_where_the_provider_speaks_in_bodies(site, vantage):
    site.status, site.body = 403, b'{"Error Message": "the parameter apikey is invalid or missing."}'
    assert fetch(vantage).body == site.body
    site.body = b""
    with pytest.raises(Refused, match="403"):
        fetch(vantage)


def test_another_4xx_is_a_refusal_of_one_that_sends_files(site):
    site.status, site.body = 404, b"<html>not found</html>"
    bank = ECB({"base_url": site.url})
    with pytest.raises(Refused, match="404"):
        bank.fetch(Call("ecb", "rates", f"{site.url}/eurofxref-daily.xml"))


def test_a_cut_answer_is_unavailable(site, vantage):
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"Meta Data"')

    site.act = cut
    with pytest.raises(ProviderUnavailable):
        fetch(vantage)


def test_an_answer_that_does_not_come_is_unavailable_in_time(site):
    site.act = lambda handler: time.sleep(1.5)
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="no answer within 0.3 s"):
        get(site, timeout=0.3)
    assert time.monotonic() - started < 1.4


def test_an_answer_in_drops_is_not_waited_for(site, monkeypatch):
    monkeypatch.setattr(http, "_TOTAL", 2.0)

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    site.act = drip
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="too slowly"):
        get(site, timeout=0.4)
    assert time.monotonic() - started < 3


def test_a_closed_port_and_a_name_that_is_none_are_unavailable(site):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{site.server.server_port}/"):
        with pytest.raises(ProviderUnavailable):
            http.get(url, provider="The provider", timeout=2)


@pytest.mark.parametrize("url", ["ftp://example.invalid/", "nothing", "http://[::1", "http://a b/"])
def test_a_base_url_that_is_none_is_a_bad_setting(url):
    with pytest.raises((BadSetting, ProviderUnavailable)):
        http.get(url, provider="The provider", timeout=1)


def test_an_answer_over_the_limit_is_not_read_on(site):
    site.body = b"x" * 3_000_000
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        get(site, limit=1 << 20)


def test_a_packed_answer_counts_unpacked(site):
    site.body = gzip.compress(b"\0" * 3_000_000)
    site.extra = {"Content-Encoding": "gzip"}
    with pytest.raises(Unreadable, match="larger"):
        get(site, limit=1 << 20)
    site.body = b"this is not gzip"
    with pytest.raises(ProviderUnavailable):
        get(site)


def test_a_redirect_on_its_own_host_is_followed_with_the_key_once(site, vantage):
    def act(handler):
        if "/moved" in handler.path:
            handler.send_response(200)
            handler.send_header("Content-Length", "2")
            handler.end_headers()
            handler.wfile.write(b"ok")
        else:
            handler.send_response(301)
            handler.send_header("Location", f"/moved?symbol=IBM&apikey={KEY}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    site.act = act
    assert fetch(vantage).body == b"ok"
    assert site.seen[1] == f"/moved?symbol=IBM&apikey={KEY}"


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/x",
        "http://127.0.0.1:1/x",
        "//example.invalid/x",
        "file:///etc/hostname",
        "http://[bad",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(site, vantage, location):
    site.status, site.extra = 302, {"Location": location.format(port=site.server.server_port)}
    with pytest.raises(Refused, match="redirected"):
        fetch(vantage)
    assert len(site.seen) == 1


def test_redirects_in_a_circle_end(site, vantage):
    site.status, site.extra = 302, {"Location": "/query?again=1"}
    with pytest.raises(ProviderUnavailable, match="more than 5"):
        fetch(vantage)


def test_the_machines_proxy_is_used_and_no_proxy_is_kept(site, monkeypatch):
    monkeypatch.setenv("http_proxy", site.url)
    answer = http.get(
        "http://provider.invalid/x?a=1", provider="The provider", timeout=5, secret=http.Secret("k", KEY)
    )
    assert site.seen == [f"http://provider.invalid/x?a=1&k={KEY}"]
    assert answer.body == b"{}"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert get(site).body == b"{}"
    monkeypatch.setenv("http_proxy", "nonsense://127.0.0.1:1")
    with pytest.raises(BadSetting):
        http.get("http://provider.invalid/", provider="The provider", timeout=5)


def test_an_ecb_file_is_fetched_and_read(site):
    site.body = b"Date, USD, JPY, \n13 April 2026, 1.1684, 186.75, \n"
    bank = ECB({"base_url": site.url, "timeout": 5})
    (call,) = bank.calls("rates", None, Window(), None)
    parsed = bank.parse(bank.fetch(call))
    assert site.seen == ["/eurofxref-hist.zip"]
    assert sum(frame.height for frame in parsed.rates) == 2


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://a.b/query?function=X&symbol=IBM&apikey=K", "https://a.b/query?function=X&symbol=IBM"),
        ("https://a.b/query?apikey=K&symbols=MSFT,AAPL", "https://a.b/query?symbols=MSFT,AAPL"),
        ("https://user:pass@a.b/x?token=t", "https://a.b/x"),
        ("https://a.b/x?q=1", "https://a.b/x?q=1"),
        ("prices.csv", "prices.csv"),
        ("http://[bad?apikey=K", "http://[bad"),
    ],
)
def test_a_url_loses_its_secrets_and_nothing_else(url, clean):
    assert http.without_secrets(url) == clean


def test_every_error_of_the_client_is_one_that_is_translated():
    raised = [kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    translated = (httpx.HTTPError, httpx.InvalidURL)
    # Raised by misuse only: a body read twice, or cookies asked for by a name that two of them have.
    misuse = (httpx.StreamError, httpx.CookieConflict)
    assert raised
    assert not [kind.__name__ for kind in raised if not issubclass(kind, translated + misuse)]


def test_a_recorded_body_is_kept_without_the_keys_that_it_echoes():
    notice = (
        b'{"Information": "We have detected your API key as AB12CD34 and our standard API rate limit is 25"}'
    )
    assert http.without_echoes(notice, ()) == notice.replace(b"AB12CD34", http.MARK.encode())
    assert http.without_echoes(b"x AB12CD34 y" * 2000, ["AB12CD34"]).count(b"[redacted]") == 2000
    untouched = b'{"Error Message": "the parameter apikey is invalid or missing. Your API key as demo"}'
    assert http.without_echoes(untouched, ["demo"]) == untouched
    assert http.secrets_of("https://a/q?function=F&apikey=AB12CD34&key=D.USD") == ["AB12CD34"]
