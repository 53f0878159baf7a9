"""Damaged recordings: a parser either reads the bytes or raises an error of ours, never another one.

`HYPOTHESIS_PROFILE=long` tries forty times as many.
"""

from __future__ import annotations

import io
import zipfile

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.providers.given import AV, RECORDED, counts, parse, payload
from ticker_converter.errors import TickerConverterError
from ticker_converter.records import ACTION_COLUMNS, BAR_COLUMNS, RATE_COLUMNS


def _short(name, keep=1500):
    """The first lines of a recording, so that a change often strikes something that matters."""
    whole = (RECORDED / name).read_bytes()
    return whole if len(whole) <= keep else whole[: whole.rindex(b"\n", 0, keep) + 1]


def _zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "eurofxref-hist.csv", b"Date,USD,JPY,\n2026-04-13,1.1684,186.75,\n2026-04-10,1.17,N/A,\n"
        )
    return out.getvalue()


def _parquet():
    out = io.BytesIO()
    pl.DataFrame(
        {"symbol": ["A", "B"], "date": ["2024-01-05", "2024-01-08"], "open": [1.5, 2.5], "high": [2.0, 3.0],
         "low": [1.0, 2.0], "close": [1.75, 2.75], "volume": [10, 20]}
    ).write_parquet(out)  # fmt: skip
    return out.getvalue()


PRICES = b'symbol,date,open,high,low,close,volume\nA,2024-01-05,1,2,1,2,3\n"B",2024-01-08,1.5,2,1,null,3\n'
ACTIONS = b"symbol,ex_date,kind,value,unit\nA,2020-08-31,split,4,\nA,2024-02-09,dividend,0.24,USD\n"
RATES = b"base;quote;date;rate\nUSD;TWD;2024-01-05;31.05\nUSD;AED;2024/01/05;3.6725\n"
FLAT = (
    b'[{"date":"2024-01-15","base":"EUR","quote":"EUR","rate":1.0},'
    b'{"date":"2024-01-15","base":"EUR","quote":"GBP","rate":0.8623}]'
)
SEEDS = {
    "av daily json": ("alpha_vantage", (RECORDED / "av_fx_daily_euraud_2021.json").read_bytes(), "x", {}),
    "av adjusted json": (
        "alpha_vantage",
        (RECORDED / "av_daily_adjusted_msft_2018.json").read_bytes(),
        "x",
        {},
    ),
    "av quotes": ("alpha_vantage", (RECORDED / "av_realtime_bulk_quotes.json").read_bytes(), "x", {}),
    "av note": ("alpha_vantage", (RECORDED / "av_note_2018.json").read_bytes(), "x", {}),
    "av daily csv": ("alpha_vantage", _short("av_daily_ibm.csv"), AV + "TIME_SERIES_DAILY&symbol=IBM", {}),
    "av adjusted csv": (
        "alpha_vantage",
        _short("av_daily_adjusted_ibm.csv"),
        AV + "TIME_SERIES_DAILY&symbol=IBM",
        {},
    ),
    "av fx csv": (
        "alpha_vantage",
        _short("av_fx_daily_eurusd.csv"),
        AV + "FX_DAILY&from_symbol=EUR&to_symbol=USD",
        {},
    ),
    "av splits": ("alpha_vantage", _short("av_splits_ibm.csv"), AV + "SPLITS&symbol=IBM", {}),
    "av dividends": ("alpha_vantage", _short("av_dividends_ibm.csv"), AV + "DIVIDENDS&symbol=IBM", {}),
    "av search": (
        "alpha_vantage",
        _short("av_symbol_search_tesco.csv"),
        AV + "SYMBOL_SEARCH&keywords=tesco",
        {},
    ),
    "ecb csv": ("ecb", (RECORDED / "ecb_daily.csv").read_bytes(), "x", {}),
    "ecb xml": ("ecb", (RECORDED / "ecb_daily.xml").read_bytes(), "x", {}),
    "ecb zip": ("ecb", _zip(), "x", {}),
    "ecb sdmx": ("ecb", (RECORDED / "ecb_sdmx.csv").read_bytes(), "x", {}),
    "boe": ("boe", (RECORDED / "boe.csv").read_bytes(), "x", {}),
    "boc": ("boc", (RECORDED / "boc.json").read_bytes(), "x", {}),
    "norges bank": ("norges_bank", _short("norges_bank.csv"), "x", {}),
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
AWKWARD = [
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b'"', b"'", b"{", b"}", b"[", b"<", b">", b"&", b",", b";", b"\t", b"\r",
    b"\n", b"\r\n", b"null", b"NaN", b"-", b"1e999999999", b"\\u0000", b"\\ud800", b"<!DOCTYPE a>", b"N/A", b"apikey",
    b"None", b"PK\x03\x04", b"PAR1", b"9" * 5000, b"[" * 2000, b"<a>" * 100, b"Information", b"I,n,f,o,r,m,a",
    b"0000-00-00", b'"Time Series (Daily)"', b'"Information": "', b"2024-02-30", b"\xc3\x28", b"\xe2\x80\xa8", b"=cmd",
    b"  ",
]  # fmt: skip


@st.composite
def damaged(draw, whole):
    """The bytes with one to four changes: cut, doubled, swapped for something awkward, or flipped."""
    data = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 5, 20, 200])))
        change = draw(st.sampled_from(["cut", "keep", "awkward", "awkward", "bytes", "double", "flip"]))
        if change == "cut":
            data = data[:start] + data[end:]
        elif change == "keep":
            data = data[:start]
        elif change == "awkward":
            data = data[:start] + draw(st.sampled_from(AWKWARD)) + data[end:]
        elif change == "bytes":
            data = data[:start] + draw(st.binary(max_size=12)) + data[end:]
        elif change == "double":
            data = data[:end] + data[start:end] + data[end:]
        elif start < len(data):
            data = data[:start] + bytes([data[start] ^ draw(st.integers(1, 255))]) + data[start + 1 :]
    return data


@pytest.mark.parametrize("seed", SEEDS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_in_one_line(seed, data):
    provider, whole, request, options = SEEDS[seed]
    body = data.draw(damaged(whole))
    try:
        parsed = parse(payload(provider, body, request, options=options))
        frames = [*parsed.bars, *parsed.rates, *parsed.actions]
    except TickerConverterError as error:
        assert str(error)
        assert "\n" not in str(error)
        return
    for frame in frames:
        assert tuple(frame.columns) in (BAR_COLUMNS, RATE_COLUMNS, ACTION_COLUMNS)
        assert frame["row"].null_count() == 0
        assert not any("\0" in cell for row in frame.rows() for cell in row if isinstance(cell, str))


@pytest.mark.parametrize("seed", SEEDS)
@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(seed, body):
    provider, _, request, options = SEEDS[seed]
    try:
        counts(parse(payload(provider, body, request, options=options)))
    except TickerConverterError as error:
        assert str(error)


OPTIONS = st.dictionaries(st.sampled_from(["columns", "date_format", "symbol", "unit"]), st.text(max_size=20))


@given(request=st.text(max_size=60), option=OPTIONS)
def test_any_request_and_any_option_is_read_or_refused(request, option):
    for provider, body in (("alpha_vantage", _short("av_daily_ibm.csv")), ("files", PRICES)):
        try:
            counts(parse(payload(provider, body, request, options={"kind": "prices", **option})))
        except TickerConverterError as error:
            assert "\n" not in str(error)
