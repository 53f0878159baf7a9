"""Every recorded file of Alpha Vantage, the ECB and hand-made tables, by its count of rows or by its refusal.

The numbers were counted from the files by other means than the parsers: lines, keys of the JSON, cells of the table.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import pytest

from tests.providers.given import bars, counts, parse, payload
from ticker_converter.errors import NoSuchSymbol, NotEntitled, ProviderBusy, QuotaSpent, Unreadable
from ticker_converter.providers.http import without_secrets

LANDED = "landed"
#: Bars, rates, actions, listings; or the refusal; or landed with a message and no row.
ALPHA_VANTAGE = {
    "errors/error_message_invalid_call.json": NoSuchSymbol,
    "errors/information_burst_limit_2026.json": ProviderBusy,
    "errors/information_daily_limit_25_2025.json": QuotaSpent,
    "errors/information_premium_endpoint.json": NotEntitled,
    "errors/note_5_per_minute_500_per_day_2018.json": ProviderBusy,
    "kevwk314_2018/ApiLimit.json": ProviderBusy,
    "kevwk314_2018/Error.json": NoSuchSymbol,
    "kevwk314_2018/Fx_Daily.json": (0, 101, 0, 0),
    "kevwk314_2018/Fx_ExchangeRate.json": LANDED,
    "kevwk314_2018/Fx_Weekly.json": LANDED,
    "kevwk314_2018/PremiumMessage.json": ProviderBusy,
    "kevwk314_2018/Stocks_TimeSeriesDaily.json": (100, 0, 0, 0),
    "kevwk314_2018/Stocks_TimeSeriesDailyAdjusted.json": (100, 0, 2, 0),
    "kevwk314_2018/Stocks_TimeSeriesWeeklyAdjusted.json": LANDED,
    "portfoliotree_2026-05/CURRENCY_EXCHANGE_RATE_82423f0b.json": LANDED,
    "portfoliotree_2026-05/DIVIDENDS_5b9f5d9f.csv": (0, 0, 110, 0),
    "portfoliotree_2026-05/FX_DAILY_b7946c44.csv": (0, 100, 0, 0),
    "portfoliotree_2026-05/FX_WEEKLY_e2a3f5ad.csv": LANDED,
    "portfoliotree_2026-05/GLOBAL_QUOTE_db7544f0.csv": LANDED,
    "portfoliotree_2026-05/LISTING_STATUS_42ba3c24.csv": LANDED,
    "portfoliotree_2026-05/MARKET_STATUS_b3880d61.json": LANDED,
    "portfoliotree_2026-05/OVERVIEW_b1e86153.json": (0, 0, 0, 1),
    "portfoliotree_2026-05/REALTIME_BULK_QUOTES_505ed5cc.json": LANDED,
    "portfoliotree_2026-05/SPLITS_358e2618.csv": (0, 0, 2, 0),
    "portfoliotree_2026-05/SYMBOL_SEARCH_c3e00cd4.csv": (0, 0, 0, 5),
    "portfoliotree_2026-05/TIME_SERIES_DAILY_42a08190.csv": (100, 0, 0, 0),
    "portfoliotree_2026-05/TIME_SERIES_DAILY_ADJUSTED_572d0539.csv": (100, 0, 2, 0),
    "portfoliotree_2026-05/TIME_SERIES_MONTHLY_3ced87e9.csv": LANDED,
    "portfoliotree_2026-05/TIME_SERIES_WEEKLY_ADJUSTED_9cd0a0b1.csv": LANDED,
    "pricehist/btc-aud-partial.json": LANDED,
    "pricehist/digital-partial.csv": LANDED,
    "pricehist/eur-aud-partial.json": (0, 8, 0, 0),
    "pricehist/ibm-partial-adj.json": (7, 0, 0, 0),
    "pricehist/ibm-partial.json": (7, 0, 0, 0),
    "pricehist/physical-partial.csv": LANDED,
    "pricehist/search-ibm.json": (0, 0, 0, 10),
    "romeltorres/global_quote.json": LANDED,
    "romeltorres/mock_company_overview.json": (0, 0, 0, 1),
    "romeltorres/mock_foreign_exchange.json": LANDED,
    "romeltorres/mock_time_series.json": LANDED,
    "romeltorres/symbol_search.json": (0, 0, 0, 10),
}
ECB = {
    "eurofxref-daily_2018-06-11.xml": 32,
    "eurofxref-hist-90d_2018-06-11.xml": 61 * 32,
    "eurofxref-hist-partial_pricehist.xml": 327,
    "eurofxref-hist_2026-04.zip": 217_555,
    "eurofxref_daily_2026-04.csv": 29,
    "illegal_not_xml.html": Unreadable,
    # A recording of the SDMX interface in a test tool's own YAML: no file that the ECB sends.
    "sdmx_csv_2025_cassette.yml": Unreadable,
}


@pytest.fixture
def requests(shared: Path) -> dict[str, str]:
    """The URLs of the responses that were recorded with one, by file."""
    listed = json.loads((shared / "alphavantage/portfoliotree_2026-05/index.json").read_text())
    return {Path(entry["path"]).name: without_secrets(entry["url"]) for entry in listed}


def test_no_recorded_response_is_left_out(shared):
    def names(folder):
        found = {
            str(path.relative_to(shared / folder)) for path in (shared / folder).rglob("*") if path.is_file()
        }
        return {name for name in found if not name.endswith("index.json")}

    assert names("alphavantage") == set(ALPHA_VANTAGE)
    assert names("ecb") == set(ECB)


@pytest.mark.parametrize("name", ALPHA_VANTAGE)
def test_an_alpha_vantage_response_is_its_rows_or_its_refusal(shared, requests, name):
    given = payload(
        "alpha_vantage", shared / "alphavantage" / name, requests.get(Path(name).name, Path(name).name)
    )
    expected = ALPHA_VANTAGE[name]
    if isinstance(expected, type):
        with pytest.raises(expected):
            parse(given)
        return
    parsed = parse(given)
    assert counts(parsed) == ((0, 0, 0, 0) if expected == LANDED else expected)
    assert (parsed.message is not None) == (expected == LANDED)


@pytest.mark.parametrize("name", ECB)
@pytest.mark.parametrize("provider", ["ecb", "files"])
def test_an_ecb_file_is_its_rates_or_unreadable(shared, name, provider):
    given = payload(provider, shared / "ecb" / name, name, options={"kind": "rates"})
    expected = ECB[name]
    if provider == "files" and name.endswith(".yml"):
        return
    if isinstance(expected, type):
        with pytest.raises(expected):
            parse(given)
    else:
        assert counts(parse(given)) == (0, expected, 0, 0)


def _iso(written):
    """The date as ISO: IBM's file was saved again by a spreadsheet, with 2023/12/8 for the 8th."""
    return "-".join(part.zfill(2) for part in re.split("[-/]", written))


AV_CSV = ("AAPL", "AMZN", "AVGO", "GOOGL", "IBM", "JNJ", "JPM", "META", "MSFT", "NVDA", "TSLA")


@pytest.mark.parametrize("symbol", AV_CSV)
@pytest.mark.parametrize("provider", ["alpha_vantage", "files"])
def test_a_full_history_is_read_digit_by_digit(shared, symbol, provider):
    path = shared / "prices" / "av_daily_full_raw_to_2023-12" / f"daily_{symbol}.csv"
    if provider == "files":
        given = payload(provider, path, options={"kind": "prices", "symbol": symbol})
    else:
        given = payload(
            provider, path, f"https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol={symbol}"
        )
    frame = bars(parse(given))
    lines = list(csv.reader(path.read_text().splitlines()))[1:]
    assert frame.select("date", "open", "high", "low", "close", "volume").rows() == [
        (_iso(line[0]), *line[1:]) for line in lines
    ]
    assert set(frame["symbol"]) == {symbol}


@pytest.mark.parametrize(("symbol", "expected"), [("AAPL", (5941, 0, 31, 0)), ("TSLA", (2041, 0, 0, 0))])
def test_an_adjusted_history_has_its_splits_and_dividends(shared, symbol, expected):
    path = shared / "prices" / "av_daily_adjusted_full_to_2018-08" / f"daily_adjusted_{symbol}.csv"
    parsed = parse(payload("alpha_vantage", path, path.name, symbol=symbol))
    assert counts(parsed) == expected
    if symbol == "AAPL":
        splits = pl.concat(list(parsed.actions)).filter(kind="split").select("ex_date", "value").rows()
        assert splits == [("2014-06-09", "7"), ("2005-02-28", "2"), ("2000-06-21", "2")]


def tables(shared):
    found = [
        *shared.glob("prices/**/*.csv"),
        *shared.glob("stooq/*.txt"),
        *shared.glob("yahoo/yfinance_repair/*.csv"),
    ]
    return sorted(found)


def test_every_table_of_prices_is_read_line_by_line(shared):
    assert len(tables(shared)) == 49
    for path in tables(shared):
        options = {"kind": "prices"} | ({} if "tiingo" in path.name else {"symbol": "X"})
        frame = bars(parse(payload("files", path, options=options)))
        lines = [line for line in path.read_text().splitlines()[1:] if line]
        assert frame.height == len(lines), path.name
        assert frame["row"].to_list() == list(range(2, len(lines) + 2)), path.name
        assert frame["date"].str.contains(r"^\d{4}-\d\d-\d\d$").all(), path.name
        written = [re.search(r"\d{4}([-/]\d\d?){2}", line) for line in lines]
        assert frame["date"].to_list() == [_iso(found.group()) for found in written if found], path.name


def test_a_null_row_of_london_is_stated_with_missing_prices(shared):
    path = shared / "prices" / "yahoo_lse_pence_2016_2019" / "TSCO.L.csv"
    frame = bars(parse(payload("files", path, options={"kind": "prices", "symbol": "TSCO.L"})))
    assert frame.height == 761
    assert frame.filter(pl.col("close").is_null()).height == 1


def test_parquet_of_482_symbols_keeps_each_float(shared):
    path = shared / "prices" / "yahoo_sp500_2015_2020_482sym.parquet"
    given = payload("files", path, options={"kind": "prices"})
    pieces = list(parse(given).bars)
    assert max(piece.height for piece in pieces) <= 131_072
    frame = pl.concat(pieces)
    table = pl.read_parquet(path)
    assert frame.height == table.height == 592_358
    assert frame["symbol"].n_unique() == 482
    for column in ("open", "high", "low", "close", "volume"):
        assert frame[column].cast(pl.Float64).equals(table[column].rename(column))
    assert [float(text) for text in frame["close"][:2000]] == table["close"][:2000].to_list()


def test_requests_of_the_index_hold_no_key(requests):
    assert requests
    assert not any("apikey" in urlsplit(url).query for url in requests.values())
