"""Payloads of every provider to damage, and what to damage them with. Where nothing is recorded in this repository, the
body is short and in the shape of the provider's own documentation.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import polars as pl

from tests.providers.given import AV, RECORDED

DOCUMENTED = RECORDED.parent / "documented"


def short(name: str, keep: int = 1500) -> bytes:
    """The first lines of a recording, so that a change often strikes something that matters."""
    whole = (RECORDED / name).read_bytes()
    return whole if len(whole) <= keep else whole[: whole.rindex(b"\n", 0, keep) + 1]


def _zip(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame(
        {"symbol": ["A", "B"], "date": ["2024-01-05", "2024-01-08"], "open": [1.5, 2.5], "high": [2.0, 3.0],
         "low": [1.0, 2.0], "close": [1.75, 2.75], "volume": [10, 20]}
    ).write_parquet(out)  # fmt: skip
    return out.getvalue()


def _body(body: bytes | str) -> bytes:
    if isinstance(body, bytes):
        return body
    return (DOCUMENTED / body).read_bytes() if body.endswith((".json", ".txt")) else body.encode()


def chart(**meta: Any) -> dict[str, Any]:
    """Yahoo's chart of four days, of which one was not traded, with a split and a dividend in it."""
    closes = [100.0, None, 50.0, 51.0]
    quote = dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": [200, None, 300, 400]}
    told = {
        "symbol": "IBM", "currency": "USD", "exchangeTimezoneName": "America/New_York", "gmtoffset": -14400,
        "instrumentType": "EQUITY", "dataGranularity": "1d", "regularMarketTime": 1636146000,
    }  # fmt: skip
    events = {
        "splits": {"1": {"date": 1636032600, "numerator": 3, "denominator": 2}},
        "dividends": {"2": {"date": 1635859800, "amount": 0.4}},
    }
    opened = [1635859800, 1635946200, 1636032600, 1636119000]
    result = {"meta": told | meta, "timestamp": opened, "indicators": {"quote": [quote]}, "events": events}
    return {"chart": {"result": [result], "error": None}}


CHART = "https://query1.finance.yahoo.com/v8/finance/chart/IBM?interval=1d&events=div%2Csplits"
EODHD = "https://eodhd.com/api/{}/AAPL.US?fmt=json"
FMP = "https://financialmodelingprep.com/stable/{}?symbol=AAPL"
TWELVE = "https://api.twelvedata.com/time_series?symbol=VOD:LSE&interval=1day"
TIINGO = [
    {"date": "2020-08-28T00:00:00.000Z", "open": 504.05, "high": 505.77, "low": 498.31, "close": 499.23,
     "volume": 46907479, "adjClose": 126.0, "divCash": 0.0, "splitFactor": 1.0},
    {"date": "2020-08-31T00:00:00.000Z", "open": 127.58, "high": 131, "low": 126, "close": 129.04,
     "volume": 225702700, "adjClose": 126.0, "divCash": 0.82, "splitFactor": 4.0},
]  # fmt: skip
MASSIVE = {
    "ticker": "TRUE", "adjusted": False, "status": "OK",
    "results": [
        {"v": 642646396.0, "o": 1.5032, "c": 1.4604, "h": 1.5064, "l": 1.4489, "t": 1112331600000},
        {"v": 578172308.0, "o": 1.4639, "c": 1.4675, "h": 1.4754, "l": 1.4343, "t": 1112587200000},
    ],
}  # fmt: skip
LEAN = "20140605 00:00,6455000,6493000,6423400,6471900,75951141\n20140606 00:00,6480000,6510000,6470000,6500000,5\n"

PRICES = b'symbol,date,open,high,low,close,volume\nA,2024-01-05,1,2,1,2,3\n"B",2024-01-08,1.5,2,1,null,3\n'
ACTIONS = b"symbol,ex_date,kind,value,unit\nA,2020-08-31,split,4,\nA,2024-02-09,dividend,0.24,USD\n"
RATES = b"base;quote;date;rate\nUSD;TWD;2024-01-05;31.05\nUSD;AED;2024/01/05;3.6725\n"
FLAT = (
    b'[{"date":"2024-01-15","base":"EUR","quote":"EUR","rate":1.0},'
    b'{"date":"2024-01-15","base":"EUR","quote":"GBP","rate":0.8623}]'
)
SEEDS: dict[str, tuple[str, bytes, str, dict[str, str]]] = {
    "av daily json": ("alpha_vantage", (RECORDED / "av_fx_daily_euraud_2021.json").read_bytes(), "x", {}),
    "av adjusted json": (
        "alpha_vantage",
        (RECORDED / "av_daily_adjusted_msft_2018.json").read_bytes(),
        "x",
        {},
    ),
    "av quotes": ("alpha_vantage", (RECORDED / "av_realtime_bulk_quotes.json").read_bytes(), "x", {}),
    "av note": ("alpha_vantage", (RECORDED / "av_note_2018.json").read_bytes(), "x", {}),
    "av daily csv": ("alpha_vantage", short("av_daily_ibm.csv"), AV + "TIME_SERIES_DAILY&symbol=IBM", {}),
    "av adjusted csv": (
        "alpha_vantage",
        short("av_daily_adjusted_ibm.csv"),
        AV + "TIME_SERIES_DAILY&symbol=IBM",
        {},
    ),
    "av fx csv": (
        "alpha_vantage",
        short("av_fx_daily_eurusd.csv"),
        AV + "FX_DAILY&from_symbol=EUR&to_symbol=USD",
        {},
    ),
    "av splits": ("alpha_vantage", short("av_splits_ibm.csv"), AV + "SPLITS&symbol=IBM", {}),
    "av dividends": ("alpha_vantage", short("av_dividends_ibm.csv"), AV + "DIVIDENDS&symbol=IBM", {}),
    "av search": (
        "alpha_vantage",
        short("av_symbol_search_tesco.csv"),
        AV + "SYMBOL_SEARCH&keywords=tesco",
        {},
    ),
    "ecb csv": ("ecb", (RECORDED / "ecb_daily.csv").read_bytes(), "x", {}),
    "ecb xml": ("ecb", (RECORDED / "ecb_daily.xml").read_bytes(), "x", {}),
    "ecb zip": (
        "ecb",
        _zip("eurofxref-hist.csv", b"Date,USD,JPY,\n2026-04-13,1.1684,186.75,\n2026-04-10,1.17,N/A,\n"),
        "x",
        {},
    ),
    "ecb sdmx": ("ecb", (RECORDED / "ecb_sdmx.csv").read_bytes(), "x", {}),
    "boe": ("boe", (RECORDED / "boe.csv").read_bytes(), "x", {}),
    "boc": ("boc", (RECORDED / "boc.json").read_bytes(), "x", {}),
    "norges bank": ("norges_bank", short("norges_bank.csv"), "x", {}),
    "cnb": ("cnb", (RECORDED / "cnb.json").read_bytes()[:800], "x", {}),
    "nbp": ("nbp", (RECORDED / "nbp_a.json").read_bytes(), "x", {}),
    "rba": ("rba", (RECORDED / "rba.csv").read_bytes(), "x", {}),
    "frankfurter": ("frankfurter", (RECORDED / "frankfurter_v1.json").read_bytes(), "x", {}),
    "frankfurter 2": (
        "frankfurter",
        FLAT,
        "https://api.frankfurter.dev/v2/rates?from=2024-01-15&providers=ECB",
        {},
    ),
    "prices": ("files", PRICES, "x", {"kind": "prices"}),
    "actions": ("files", ACTIONS, "x", {"kind": "actions"}),
    "rates": ("files", RATES, "x", {"kind": "rates"}),
    "parquet": ("files", _parquet(), "x", {"kind": "prices"}),
}
#: Prices and actions of the providers beside Alpha Vantage: (provider, body, request).
OTHERS: dict[str, tuple[str, bytes | str, str]] = {
    "tiingo json": (
        "tiingo",
        json.dumps(TIINGO),
        "https://api.tiingo.com/tiingo/daily/ON/prices?format=json",
    ),
    "tiingo csv": (
        "tiingo",
        "date,open,high,low,close,volume,adjClose,divCash,splitFactor\n"
        "2020-08-28,504.05,505.77,498.31,499.23,46907479,126.0,0.0,1.0\n"
        "2020-08-31,127.58,131.0,126.0,129.04,225702700,126.0,0.82,4.0\n",
        "https://api.tiingo.com/tiingo/daily/ON/prices?format=csv",
    ),
    "massive bars": (
        "polygon",
        json.dumps(MASSIVE),
        "https://api.massive.com/v2/aggs/ticker/TRUE/range/1/day/a/b",
    ),
    "massive splits": (
        "polygon",
        "massive_splits.json",
        "https://api.massive.com/stocks/v1/splits?ticker=AAPL",
    ),
    "massive refusal": (
        "polygon",
        '{"status": "NOT_AUTHORIZED", "error": "Your plan doesn\'t include it."}',
        "x",
    ),
    "yahoo chart": ("yahoo", json.dumps(chart()), CHART),
    "yahoo pair": (
        "yahoo",
        json.dumps(chart(currency="INR", symbol="INR=X", instrumentType="CURRENCY")),
        "x",
    ),
    "twelve data bars": ("twelve_data", "twelve_data_time_series.json", TWELVE),
    "twelve data splits": ("twelve_data", "twelve_data_splits.json", "x"),
    "twelve data dividends": ("twelve_data", "twelve_data_dividends.json", "x"),
    "eodhd bars": ("eodhd", "eodhd_eod.json", EODHD.format("eod")),
    "eodhd splits": ("eodhd", "eodhd_splits.json", EODHD.format("splits")),
    "eodhd dividends": ("eodhd", "eodhd_div.json", EODHD.format("div")),
    "fmp bars": ("fmp", "fmp_full.json", FMP.format("historical-price-eod/full")),
    "fmp raw bars": (
        "fmp",
        "fmp_non_split_adjusted.json",
        FMP.format("historical-price-eod/non-split-adjusted"),
    ),
    "fmp splits": ("fmp", "fmp_splits.json", "x"),
    "fmp dividends": ("fmp", "fmp_dividends.json", "x"),
    "stooq": (
        "stooq",
        "Date,Open,High,Low,Close,Volume\r\n2026-10-29,1,2,1,1.5,100\r\n2026-10-30,1,2,1,1.6,100\r\n",
        "https://stooq.com/q/d/l/?s=aapl.us&i=d",
    ),
    "stooq bulk": ("stooq", "stooq_bulk.txt", "x"),
    "lean csv": ("lean", LEAN, "x"),
    "lean zip": ("lean", _zip("brk.b.csv", LEAN.encode()), "x"),
}
SEEDS |= {name: (provider, _body(body), request, {}) for name, (provider, body, request) in OTHERS.items()}
AWKWARD = [
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b'"', b"'", b"{", b"}", b"[", b"<", b">", b"&", b",", b";", b"\t", b"\r",
    b"\n", b"\r\n", b"null", b"NaN", b"-", b"1e999999999", b"\\u0000", b"\\ud800", b"<!DOCTYPE a>", b"N/A", b"apikey",
    b"None", b"PK\x03\x04", b"PAR1", b"9" * 5000, b"[" * 2000, b"<a>" * 100, b"Information", b"I,n,f,o,r,m,a",
    b"0000-00-00", b'"Time Series (Daily)"', b'"Information": "', b"2024-02-30", b"\xc3\x28", b"\xe2\x80\xa8", b"=cmd",
    b"  ",
]  # fmt: skip
