"""Tiingo, Massive, Yahoo, Twelve Data, EODHD, Financial Modeling Prep, Stooq and Lean: what is read of each body, on
which basis, and which error each refusal is."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.providers.given import actions, bars, rates
from ticker_converter import providers
from ticker_converter.errors import (
    BadKey,
    BadSetting,
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    QuotaSpent,
    Refused,
    TickerConverterError,
    Unreadable,
    Usage,
)
from ticker_converter.providers.base import Facts
from ticker_converter.records import Parsed, Payload, Window

DOCUMENTED = Path(__file__).parents[1] / "recorded" / "documented"
DOCS = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"
NAMES = ("tiingo", "polygon", "yahoo", "twelve_data", "eodhd", "fmp", "stooq", "lean")
KEYED = ("tiingo", "polygon", "twelve_data", "eodhd", "fmp")
TIINGO = "https://api.tiingo.com/tiingo/daily/ON/prices?format=json"
EODHD = "https://eodhd.com/api/{}/AAPL.US?fmt=json"
FMP = "https://financialmodelingprep.com/stable/{}?symbol=AAPL"
TWELVE = "https://api.twelvedata.com/time_series?symbol={}&interval=1day"
CHART = "https://query1.finance.yahoo.com/v8/finance/chart/IBM?interval=1d&events=div%2Csplits"
STOOQ = "https://stooq.com/q/d/l/?s=aapl.us&i={}"


def read(
    provider: str, body: str | bytes | Path, request: str = "recorded", symbol: str | None = None
) -> Parsed:
    raw = body.read_bytes() if isinstance(body, Path) else body.encode() if isinstance(body, str) else body
    return providers.provider(provider).parse(
        Payload(provider, request, datetime(2026, 11, 2, tzinfo=UTC), body=raw, symbol=symbol)
    )


def row(parsed: Parsed, number: int = 0) -> dict[str, Any]:
    return bars(parsed).row(number, named=True)


def listed(parsed: Parsed) -> list[tuple[str, str, str | None, str, str | None]]:
    frame = actions(parsed)
    return frame.select("ex_date", "kind", "value", "basis", "unit").rows()


# ---- Tiingo ----

DAY = {"date": "2020-08-31T00:00:00.000Z", "open": 127.58, "high": 131, "low": 126, "close": 129.04, "volume":
225702700, "adjClose": 126.0, "divCash": 0.82, "splitFactor": 4.0}  # fmt: skip


def test_tiingo_rows_are_raw_with_their_actions() -> None:
    parsed = read("tiingo", json.dumps([DAY]), TIINGO)
    assert {name: row(parsed)[name] for name in ("symbol", "date", "close", "volume", "basis", "unit")} == {
        "symbol": "ON", "date": "2020-08-31", "close": "129.04", "volume": "225702700", "basis": "raw", "unit": None,
    }  # fmt: skip
    assert listed(parsed) == [
        ("2020-08-31", "dividend", "0.82", "raw", None), ("2020-08-31", "split", "4", "raw", None),
    ]  # fmt: skip


def test_tiingo_csv_is_the_same_as_json() -> None:
    header = "date,open,high,low,close,volume,adjClose,divCash,splitFactor\n"
    parsed = read("tiingo", header + "2020-08-31,127.58,131,126,129.04,225702700,126.0,0.82,4.0\n", TIINGO)
    both = bars(parsed).drop("row"), bars(read("tiingo", json.dumps([DAY]), TIINGO)).drop("row")
    assert both[0].equals(both[1]) and listed(parsed) == listed(read("tiingo", json.dumps([DAY]), TIINGO))


def test_tiingo_weeks_and_empty_windows_are_landed() -> None:
    assert read("tiingo", "[]", TIINGO).message
    assert "weekly" in str(read("tiingo", json.dumps([DAY]), TIINGO + "&resampleFreq=weekly").message)


def test_tiingo_without_a_url_wants_the_symbol() -> None:
    with pytest.raises(Usage, match="--symbol"):
        read("tiingo", json.dumps([DAY]))
    assert row(read("tiingo", json.dumps([DAY]), symbol="NAN"))["symbol"] == "NAN"


# ---- Massive ----


def _aggs(adjusted: bool, *days: tuple[int, int, int]) -> str:
    results = [
        {
            "o": 1.5,
            "h": 1.6,
            "l": 1.4,
            "c": 1.55,
            "v": 6.4e8,
            "t": int(datetime(*day, 5, tzinfo=UTC).timestamp() * 1000),
        }
        for day in days
    ]
    return json.dumps({"ticker": "TRUE", "adjusted": adjusted, "results": results, "status": "OK"})


def test_massive_says_its_basis_and_counts_days_in_new_york() -> None:
    body = (2020, 1, 2), (2020, 1, 3)
    assert [row(read("polygon", _aggs(flag, *body)))["basis"] for flag in (True, False)] == ["splits", "raw"]
    found = row(read("polygon", _aggs(False, *body)))
    assert (found["symbol"], found["date"], found["unit"]) == ("TRUE", "2020-01-02", "USD")


def test_massive_weeks_are_landed_and_one_bar_alone_is_asked_about() -> None:
    assert read("polygon", _aggs(False, (2020, 1, 6), (2020, 1, 13))).message
    url = "https://api.massive.com/v2/aggs/ticker/TRUE/range/1/week/2020-01-01/2020-02-01"
    assert "1 week" in str(read("polygon", _aggs(False, (2020, 1, 6)), url).message)
    with pytest.raises(Usage, match="--request"):
        read("polygon", _aggs(False, (2020, 1, 6)))


def test_massive_lists_are_whole_only_of_one_ticker_on_one_page() -> None:
    body = DOCUMENTED / "massive_splits.json"
    url = "https://api.massive.com/stocks/v1/splits?ticker=AAPL"
    assert read("polygon", body, url).whole == {"split", "spinoff"}
    assert listed(read("polygon", body, url)) == [("2020-08-31", "split", "4", "raw", "USD")]
    assert (
        not read("polygon", body).whole
        and not read("polygon", body, url + "&execution_date.gte=2020-01-01").whole
    )
    more = json.loads(body.read_text()) | {
        "next_url": "https://api.massive.com/stocks/v1/splits?cursor=x&apiKey=SECRET"
    }
    paged = read("polygon", json.dumps(more), url)
    assert not paged.whole and paged.more == "https://api.massive.com/stocks/v1/splits?cursor=x"


# ---- Yahoo ----


def _chart(
    currency: str = "USD", events: dict[str, Any] | None = None, last: str = "2021-11-05", **meta: Any
) -> str:
    opened = [int(datetime(2021, 11, day, 13, 30, tzinfo=UTC).timestamp()) for day in (2, 3, 4, 5)]
    closes = [100.0, None, 50.0, 51.0]
    quote = dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": [200, None, 300, 400]}
    traded = datetime.fromisoformat(f"{last}T21:00:00+00:00")
    told = {
        "symbol": "IBM", "currency": currency, "exchangeTimezoneName": "America/New_York", "gmtoffset": -14400,
        "instrumentType": "EQUITY", "dataGranularity": "1d", "regularMarketTime": int(traded.timestamp()),
    }  # fmt: skip
    result = {"meta": told | meta, "timestamp": opened, "indicators": {"quote": [quote]}}
    return json.dumps({"chart": {"result": [result | ({"events": events} if events else {})], "error": None}})


SPLIT = {"splits": {"1": {"date": 1636032600, "numerator": 3, "denominator": 2}},
         "dividends": {"2": {"date": 1635859800, "amount": 0.4}}}  # fmt: skip


def test_yahoo_is_turned_back_with_the_splits_of_the_body() -> None:
    parsed = read("yahoo", _chart(events=SPLIT), CHART)
    first, third = row(parsed), row(parsed, 2)
    assert (first["date"], first["close"], first["volume"], first["basis"]) == (
        "2021-11-02",
        "150",
        "133.333333333",
        "raw",
    )
    assert (third["close"], third["volume"]) == ("50.0", "300")
    assert listed(parsed) == [
        ("2021-11-04", "split", "3/2", "raw", None), ("2021-11-02", "dividend", "0.6", "raw", "USD"),
    ]  # fmt: skip
    assert row(parsed, 1)["close"] is None


def test_yahoo_odd_split_is_a_spinoff() -> None:
    odd = {"splits": {"1": {"date": 1636032600, "numerator": 1046, "denominator": 1000}}}
    parsed = read("yahoo", _chart(events=odd), CHART)
    assert listed(parsed)[0][1:3] == ("spinoff", "1.046") and row(parsed)["close"] == "104.6"


@pytest.mark.parametrize(
    ("body", "request_url"),
    [
        (_chart(events=SPLIT, last="2024-09-13"), CHART),
        (_chart(), "recorded"),
        (_chart(), CHART.partition("&events")[0]),
    ],
    ids=["ends before its present", "no list of splits", "did not ask for splits"],
)
def test_yahoo_without_all_splits_keeps_its_basis(body: str, request_url: str) -> None:
    parsed = read("yahoo", body, request_url)
    assert row(parsed)["basis"] == "splits" and row(parsed)["close"] == "100.0"
    stated = listed(parsed) if parsed.actions else []
    assert [one[3] for one in stated if one[1] == "dividend"] == ["splits"] * (1 if stated else 0)


@pytest.mark.parametrize("unit", ["GBp", "ZAc", "ILA"])
def test_yahoo_says_its_unit(unit: str) -> None:
    parsed = read("yahoo", _chart(unit), CHART)
    assert row(parsed)["unit"] == unit and parsed.listings[0].unit == unit


def test_yahoo_days_are_the_exchanges_own() -> None:
    tokyo = json.loads(_chart("JPY", symbol="7203.T", exchangeTimezoneName="Asia/Tokyo"))
    tokyo["chart"]["result"][0]["timestamp"] = [
        1635811200 + 86400 * day for day in range(4)
    ]  # 2021-11-02 00:00 UTC
    found = bars(read("yahoo", json.dumps(tokyo)))["date"].to_list()
    assert found == ["2021-11-02", "2021-11-03", "2021-11-04", "2021-11-05"]


def test_yahoo_pairs_are_rates_and_weeks_are_landed() -> None:
    found = rates(read("yahoo", _chart("INR", symbol="INR=X", instrumentType="CURRENCY")))
    assert found.select("base", "quote", "rate", "source").row(0) == ("USD", "INR", "100.0", "yahoo")
    assert found.height == 3
    assert "1wk" in str(read("yahoo", _chart(dataGranularity="1wk")).message)
    with pytest.raises(Unreadable, match="priced in EUR"):
        read("yahoo", _chart("EUR", symbol="INR=X", instrumentType="CURRENCY"))


def test_yahoo_arrays_of_other_lengths_are_refused() -> None:
    cut = json.loads(_chart())
    cut["chart"]["result"][0]["indicators"]["quote"][0]["close"].pop()
    with pytest.raises(Unreadable, match="cut short"):
        read("yahoo", json.dumps(cut))


# ---- written after documentation ----


def test_twelve_data_is_split_adjusted_and_says_unit_and_exchange() -> None:
    body = DOCUMENTED / "twelve_data_time_series.json"
    parsed = read("twelve_data", body, TWELVE.format("VOD:LSE"))
    found = row(parsed)
    assert (found["symbol"], found["close"], found["unit"], found["basis"]) == (
        "VOD:LSE",
        "88.64",
        "GBp",
        "splits",
    )
    assert (parsed.listings[0].mic, parsed.listings[0].unit) == ("XLON", "GBp")
    assert row(read("twelve_data", body, TWELVE.format("VOD:LSE") + "&adjust=none"))["basis"] == "raw"
    with pytest.raises(Unreadable, match="was asked for"):
        read("twelve_data", body, TWELVE.format("BARC:LSE"))
    assert listed(read("twelve_data", DOCUMENTED / "twelve_data_splits.json"))[0][:3] == (
        "2020-08-31",
        "split",
        "4",
    )
    assert listed(read("twelve_data", DOCUMENTED / "twelve_data_dividends.json")) == [
        ("2026-08-10", "dividend", "0.27", "splits", "USD")
    ]


def test_eodhd_prices_have_no_volume_of_another_basis() -> None:
    found = row(read("eodhd", DOCUMENTED / "eodhd_eod.json", EODHD.format("eod")))
    assert (found["symbol"], found["close"], found["volume"], found["basis"]) == (
        "AAPL.US",
        "499.23",
        None,
        "raw",
    )
    splits = read("eodhd", DOCUMENTED / "eodhd_splits.json", EODHD.format("splits"))
    assert [one[2] for one in listed(splits)] == ["7", "4"] and not splits.whole
    assert listed(read("eodhd", DOCUMENTED / "eodhd_div.json", EODHD.format("div"))) == [
        ("2020-08-07", "dividend", "0.82", "raw", "USD")
    ]


def test_fmp_basis_is_that_of_the_series_asked_for() -> None:
    plain, raw = DOCUMENTED / "fmp_full.json", DOCUMENTED / "fmp_non_split_adjusted.json"
    asked = {
        series: row(read("fmp", body, FMP.format(f"historical-price-eod/{series}")))
        for series, body in (("full", plain), ("non-split-adjusted", raw), ("dividend-adjusted", raw))
    }
    assert {series: found["basis"] for series, found in asked.items()} == {
        "full": "splits", "non-split-adjusted": "raw", "dividend-adjusted": "all",
    }  # fmt: skip
    assert asked["non-split-adjusted"]["close"] == "499.23"
    with pytest.raises(Usage, match="--request"):
        read("fmp", raw)
    assert [one[1:3] for one in listed(read("fmp", DOCUMENTED / "fmp_splits.json"))] == [
        ("split", "4"), ("spinoff", "1.046"),
    ]  # fmt: skip
    assert listed(read("fmp", DOCUMENTED / "fmp_dividends.json"))[0][2] == "0.82"


# ---- Stooq and Lean ----


def test_stooq_is_adjusted_for_all_and_its_bulk_rows_name_their_symbol() -> None:
    body = "Date,Open,High,Low,Close,Volume\r\n2026-10-29,1,2,1,1.5,100\r\n2026-10-30,1,2,1,1.6,100\r\n"
    found = row(read("stooq", body, STOOQ.format("d")))
    assert (found["symbol"], found["close"], found["basis"]) == ("aapl.us", "1.5", "all")
    bulk = bars(read("stooq", DOCUMENTED / "stooq_bulk.txt"))
    assert bulk["symbol"].to_list() == ["na.us"] * 2 and bulk["date"][0] == "2026-10-29"
    assert "weekly" in str(read("stooq", body, STOOQ.format("w")).message)
    weeks = (
        "Date,Open,High,Low,Close,Volume\n2026-10-16,1,2,1,1,1\n2026-10-23,1,2,1,1,1\n2026-10-30,1,2,1,1,1\n"
    )
    with pytest.raises(Usage, match="--request"):
        read("stooq", weeks, symbol="aapl.us")


def _zip(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def test_lean_prices_are_ten_thousandths_of_the_symbol_inside() -> None:
    lines = "20140605 00:00,6455000,6493000,6423400,6471900,75951141\n20140606 00:00,1,NaN,x,10000,5\n"
    parsed = read("lean", _zip("brk.b.csv", lines))
    assert [row(parsed)[name] for name in ("symbol", "date", "open", "close", "volume")] == [
        "brk.b", "20140605"[:4] + "-06-05", "645.5000", "647.1900", "75951141",
    ]  # fmt: skip
    assert [row(parsed, 1)[name] for name in ("open", "high", "low", "close")] == [
        "0.0001",
        "NaN",
        "x",
        "1.0000",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "34200000,1,2,1,1,5\n",
        "20140605 09:00,1,1,1,1,1\n20140605 10:00,1,1,1,1,1\n",
        "19980102,aapl,Q\n",
        "19980102,0.8,0.008\n",
    ],
    ids=["minute", "hour", "map", "factor"],
)
def test_lean_files_of_another_kind_are_landed(text: str) -> None:
    assert read("lean", _zip("aapl.csv", text)).message


# ---- refusals ----


def _detail(words: str) -> str:
    return json.dumps({"detail": words})


def _massive(status: str, words: str) -> str:
    return json.dumps({"status": status, "error": words})


def _twelve(code: int, words: str) -> str:
    return json.dumps({"code": code, "message": words, "status": "error"})


def _fmp(words: str) -> str:
    return json.dumps({"Error Message": words})


def _yahoo(part: str, code: str, words: str) -> str:
    return json.dumps({part: {"result": None, "error": {"code": code, "description": words}}})


CREDITS = "You have run out of API credits for the "
REFUSALS: list[tuple[str, str, type[TickerConverterError]]] = [
    ("tiingo", _detail("Error: You have run over your hourly request allocation."), ProviderBusy),
    ("tiingo", _detail("Error: You have run over your monthly symbol allocation."), QuotaSpent),
    ("tiingo", _detail("Not found."), NoSuchSymbol),
    ("tiingo", _detail("Invalid token."), BadKey),
    ("polygon", _massive("ERROR", "You've exceeded the maximum requests per minute"), ProviderBusy),
    ("polygon", _massive("NOT_AUTHORIZED", "Your plan doesn't include this data timeframe."), NotEntitled),
    ("polygon", _massive("ERROR", "Unknown API Key"), BadKey),
    ("yahoo", "Too Many Requests\r\n", ProviderBusy),
    ("yahoo", "Edge: Too Many Requests", ProviderBusy),
    ("yahoo", _yahoo("finance", "unauthorized", "User is unable to access this feature"), NotEntitled),
    ("yahoo", _yahoo("chart", "Not Found", "No data found, symbol may be delisted"), NoSuchSymbol),
    ("twelve_data", _twelve(429, f"{CREDITS}current minute."), ProviderBusy),
    ("twelve_data", _twelve(429, f"{CREDITS}day."), QuotaSpent),
    ("twelve_data", _twelve(401, "**apikey** parameter is incorrect or not specified."), BadKey),
    ("twelve_data", _twelve(404, "**symbol** not found: NOPE."), NoSuchSymbol),
    ("eodhd", "You exceeded your daily API requests limit. Please contact support", QuotaSpent),
    ("eodhd", "Forbidden. Please contact support", NotEntitled),
    ("eodhd", "Unauthenticated", BadKey),
    ("fmp", _fmp("Limit Reach . Please upgrade your plan"), QuotaSpent),
    ("fmp", _fmp("Invalid API KEY. Feel free to create a Free API Key"), BadKey),
    ("fmp", "Premium Query Parameter: 'Special Endpoint' is not in your plan", NotEntitled),
    ("fmp", _fmp("Legacy Endpoint : only available for legacy users"), NotEntitled),
    ("stooq", "Exceeded the daily hits limit", QuotaSpent),
    ("stooq", "No data", NoSuchSymbol),
    ("stooq", "<!DOCTYPE html><html><script>puzzle()</script></html>", NotEntitled),
]


@pytest.mark.parametrize(
    ("provider", "body", "error"), REFUSALS, ids=[f"{one[0]}-{one[1][:30]}" for one in REFUSALS]
)
def test_a_refusal_is_the_error_it_is(provider: str, body: str, error: type[TickerConverterError]) -> None:
    with pytest.raises(TickerConverterError) as caught:
        read(provider, body)
    assert type(caught.value) is error and "\n" not in str(caught.value)


@pytest.mark.parametrize("provider", NAMES)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0" * 100, b"<html><body>no</body></html>", b'{"chart": {"result": [{"meta"', b"[1, 2", b"[1, 2]",
        b"{}", b"\xff\xfe", b"PK\x03\x04broken", b'[{"a": "\\ud800"}]', b"[" * 9999, b"a,b\n1\n",
    ],
    ids=range(12),
)  # fmt: skip
def test_bytes_that_are_no_answer_are_refused_in_one_line(provider: str, body: bytes) -> None:
    with pytest.raises((Unreadable, Refused, Usage)) as caught:
        read(provider, body, symbol="X")
    assert "\n" not in str(caught.value)


# ---- asking ----


@pytest.mark.parametrize("name", KEYED)
def test_without_a_key_the_setting_is_named(name: str) -> None:
    source = providers.provider(name)({})
    with pytest.raises(BadSetting, match=f"{name.upper()}_API_KEY"):
        source.calls("prices", "AAPL", Window(), None)


@pytest.mark.parametrize("name", ["yahoo", "stooq"])
def test_an_unofficial_source_is_off_until_it_is_named(name: str) -> None:
    source = providers.provider(name)({})
    with pytest.raises(BadSetting, match=f"UNOFFICIAL_SOURCES={name}"):
        source.calls("prices", "AAPL", Window(), None)
    assert providers.provider(name)({"enabled": True}).calls("prices", "AAPL", Window(), None)


@pytest.mark.parametrize("name", [*KEYED, "yahoo", "stooq"])
def test_a_planned_call_holds_no_key(name: str) -> None:
    source = providers.provider(name)(
        {"api_key": "SECRETSECRET", "enabled": True, "base_url": "http://127.0.0.1:9"}
    )
    for kind in ("prices", "actions"):
        for call in source.calls(kind, "AAPL", Window(date(2026, 1, 2)), date(2026, 10, 30)):
            assert (
                "SECRET" not in call.url
                and call.url.startswith("http://127.0.0.1:9/")
                and call.symbol == "AAPL"
            )


@pytest.mark.parametrize("name", NAMES)
def test_a_providers_facts_are_documented(name: str) -> None:
    facts = getattr(providers.provider(name), "facts")  # noqa: B009 (the protocol does not ask for them)
    assert isinstance(facts, Facts)
    page = DOCS.read_text()
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}`") and facts.terms in line]
    assert ("not run live" in line) == (facts.seen == "documented" and name != "lean")
    assert ("(off)" in line) == (not facts.official)


# ---- fetching ----


class _Server(BaseHTTPRequestHandler):
    status, body = 200, b"[]"
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('Authorization')}")
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[type[_Server], str]]:
    handler = type("_Mine", (_Server,), {"seen": []})
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield handler, f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def _fetch(name: str, base: str) -> Payload:
    source = providers.provider(name)({"api_key": "SECRETSECRET", "base_url": base})
    return source.fetch(source.calls("prices", "AAPL", Window(date(2026, 1, 2)), None)[0])


def test_a_header_carries_the_key_and_nothing_else_does(server: tuple[type[_Server], str]) -> None:
    handler, base = server
    handler.body = b'[{"echo": "SECRETSECRET"}]'
    payload = _fetch("tiingo", base)
    assert (
        handler.seen[0].endswith(" Token SECRETSECRET") and "SECRET" not in handler.seen[0].partition(" ")[0]
    )
    assert payload.redacted and b"SECRET" not in payload.read() and "SECRET" not in payload.request
    _fetch("polygon", base)
    assert handler.seen[1].endswith(" Bearer SECRETSECRET")


def test_a_429_is_the_refusal_that_its_body_says(server: tuple[type[_Server], str]) -> None:
    handler, base = server
    handler.status, handler.body = 429, _twelve(429, f"{CREDITS}day.").encode()
    with pytest.raises(QuotaSpent):
        providers.provider("twelve_data").parse(_fetch("twelve_data", base))
    handler.body = b"slow down"
    with pytest.raises(ProviderBusy, match="429"):
        _fetch("twelve_data", base)
    handler.status = 403
    with pytest.raises(Refused, match="403"):
        _fetch("tiingo", base)
