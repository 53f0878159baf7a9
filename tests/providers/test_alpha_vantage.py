"""Alpha Vantage: what its bodies say, which refusal each notice is, and the calls planned."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.providers.given import AV, RECORDED, actions, bars, counts, parse, payload, rates
from ticker_converter.errors import (
    BadKey,
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    QuotaSpent,
    Refused,
    TickerConverterError,
    Unreadable,
    Usage,
)
from ticker_converter.providers.alpha_vantage import AlphaVantage
from ticker_converter.records import Window

DAILY = AV + "TIME_SERIES_DAILY&symbol=IBM"
TODAY = datetime.now(UTC).date()


def recorded(name, request="recorded", symbol=None):
    return parse(payload("alpha_vantage", RECORDED / name, request, symbol=symbol))


def body(text, request=DAILY, symbol=None):
    return parse(payload("alpha_vantage", text, request, symbol=symbol))


# ---- bars ----


def test_daily_csv_keeps_every_digit_and_position():
    frame = bars(recorded("av_daily_ibm.csv", DAILY))
    assert frame.height == 100
    assert frame.row(0) == (
        2, "IBM", "2026-05-15", "218.2000", "220.9100", "217.6150", "219.3000", "6154450", None, None, "raw",
    )  # fmt: skip
    assert frame["row"].to_list() == list(range(2, 102))


def test_daily_json_with_byte_order_mark_names_its_symbol_itself():
    parsed = recorded("av_daily_adjusted_msft_2018.json")
    frame = bars(parsed)
    assert frame.height == 100
    assert set(frame["symbol"]) == {"MSFT"}
    assert frame.row(0)[:8] == (
        1, "MSFT", "2018-08-20", "107.5100", "107.9000", "106.4800", "106.8700", "17326964",
    )  # fmt: skip
    assert actions(parsed).rows() == [
        (4, "MSFT", "2018-08-15", "dividend", "0.4200", None, None, None, "raw"),
        (67, "MSFT", "2018-05-16", "dividend", "0.4200", None, None, None, "raw"),
    ]


def test_adjusted_csv_gives_raw_bars_and_its_dividends_not_the_adjusted_close():
    parsed = recorded("av_daily_adjusted_ibm.csv", AV + "TIME_SERIES_DAILY_ADJUSTED&symbol=IBM")
    frame = bars(parsed)
    assert frame.row(6)[2:8] == ("2026-05-07", "227.5", "231.82", "227.41", "231.31", "5485545")
    assert "229.62102225102612" not in str(frame.rows())
    assert actions(parsed).select("ex_date", "kind", "value").rows() == [
        ("2026-05-08", "dividend", "1.6900"),
        ("2026-02-10", "dividend", "1.6800"),
    ]
    assert parsed.whole == frozenset()


@pytest.mark.parametrize("coefficient", ["1", "1.0", "1.0000", "01.0"])
def test_a_split_coefficient_of_one_is_no_action(coefficient):
    assert counts(adjusted(coefficient, "0.0000")) == (1, 0, 0, 0)


@pytest.mark.parametrize("dividend", ["0", "0.0", "0.0000", "None", ""])
def test_a_dividend_of_zero_or_none_is_no_action(dividend):
    assert counts(adjusted("1.0", dividend)) == (1, 0, 0, 0)


def test_a_split_and_a_dividend_of_one_day_are_two_actions():
    assert actions(adjusted("7.0000", "3.29")).select("kind", "value").rows() == [
        ("dividend", "3.29"),
        ("split", "7"),
    ]


def adjusted(coefficient, dividend):
    return body(
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\r\n"
        f"2014-06-09,92,93,91,92.5,20,1,{dividend},{coefficient}\r\n",
        AV + "TIME_SERIES_DAILY_ADJUSTED&symbol=AAPL",
    )


def test_a_csv_of_bars_is_daily_without_its_url_when_its_days_follow_each_other():
    assert counts(recorded("av_daily_ibm.csv", symbol="IBM")) == (100, 0, 0, 0)


def test_dates_saved_again_by_a_spreadsheet_are_read():
    frame = bars(recorded("av_daily_ibm_resaved.csv", symbol="IBM"))
    assert frame.row(0)[1:7] == ("IBM", "2023-12-29", "163.75", "164.18", "162.83", "163.55")


def test_a_csv_of_bars_without_a_symbol_is_asked_for_one():
    with pytest.raises(Usage, match="--symbol"):
        recorded("av_daily_ibm.csv", AV + "TIME_SERIES_DAILY")


def test_bars_a_week_apart_are_not_taken_for_daily_ones():
    rows = "".join(f"{date(2024, 1, 5) + timedelta(days=7 * n)},1,2,1,2,5\r\n" for n in range(20))
    with pytest.raises(Usage, match="daily, weekly or monthly"):
        body("timestamp,open,high,low,close,volume\r\n" + rows, "prices.csv", symbol="IBM")


def test_one_day_stated_twice_in_json_is_two_rows():
    day = '"2024-01-05": {"1. open": "1", "2. high": "2", "3. low": "1", "4. close": "'
    text = '{"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": {' + day + '1.5"}, ' + day + '1.6"}}}'
    assert bars(body(text))["close"].to_list() == ["1.5", "1.6"]


def test_numbers_written_without_quotes_keep_their_digits():
    text = (
        '{"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": {"2024-01-05": {"1. open": 1.10000000000000000001,'
        ' "2. high": 1e-7, "3. low": NaN, "4. close": 123456789012345678901234567890, "5. volume": null}}}'
    )
    assert bars(body(text)).row(0)[3:8] == (
        "1.10000000000000000001", "1e-7", "NaN", "123456789012345678901234567890", None,
    )  # fmt: skip


def test_a_body_about_another_symbol_than_the_one_asked_for_is_unreadable():
    with pytest.raises(Unreadable, match="MSFT was asked for"):
        body('{"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": {"2024-01-05": {"4. close": "1"}}}',
             AV + "TIME_SERIES_DAILY&symbol=MSFT")  # fmt: skip


def test_a_body_of_another_kind_than_the_one_asked_for_is_unreadable():
    with pytest.raises(Unreadable, match="SPLITS was asked for"):
        recorded("av_daily_ibm.csv", AV + "SPLITS&symbol=IBM")


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,open,high,low,close,volume\r\n",
        '{"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": {}}',
        '{"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": {"2024-01-05": {}}}',
    ],
)
def test_a_body_without_bars_is_an_error_and_not_an_empty_result(text):
    with pytest.raises(Unreadable):
        body(text)


# ---- rates ----


def test_fx_daily_csv_is_the_close_of_the_pair_in_the_url():
    frame = rates(recorded("av_fx_daily_eurusd.csv", AV + "FX_DAILY&from_symbol=EUR&to_symbol=USD"))
    assert frame.height == 100
    assert frame.row(0) == (2, "EUR", "USD", "2026-05-15", "1.16250", "alpha_vantage")


def test_fx_daily_json_names_its_pair_and_keeps_its_weekend_rows():
    frame = rates(recorded("av_fx_daily_eurusd_2018.json"))
    assert frame.height == 101
    assert frame.row(3) == (4, "EUR", "USD", "2018-08-19", "1.1438", "alpha_vantage")
    assert rates(recorded("av_fx_daily_euraud_2021.json")).row(0)[1:5] == (
        "EUR",
        "AUD",
        "2021-01-11",
        "1.57823",
    )


def test_fx_daily_csv_without_a_pair_is_asked_for_its_url():
    with pytest.raises(Usage, match="--request"):
        recorded("av_fx_daily_eurusd.csv", AV + "FX_DAILY")


def test_a_rate_of_another_pair_than_asked_for_is_unreadable():
    with pytest.raises(Unreadable, match="GBP/USD was asked for"):
        recorded("av_fx_daily_eurusd_2018.json", AV + "FX_DAILY&from_symbol=GBP&to_symbol=USD")


# ---- actions ----


def test_splits_are_a_whole_list_and_an_odd_factor_is_a_spinoff():
    parsed = recorded("av_splits_ibm.csv", AV + "SPLITS&symbol=IBM")
    assert actions(parsed).select("row", "symbol", "ex_date", "kind", "value").rows() == [
        (2, "IBM", "2021-11-04", "spinoff", "1.0460"),
        (3, "IBM", "1999-05-27", "split", "2"),
    ]
    assert parsed.whole == {"split", "spinoff"}


def test_dividends_are_a_whole_list_and_none_is_no_date():
    parsed = recorded("av_dividends_ibm.csv", AV + "DIVIDENDS&symbol=IBM")
    frame = actions(parsed)
    assert frame.height == 110
    assert frame.row(0) == (2, "IBM", "2026-05-08", "dividend", "1.69", None, "2026-06-10", None, "raw")
    assert frame.filter(ex_date="2020-11-09")["pay_date"].to_list() == [None]
    assert parsed.whole == {"dividend"}


def test_json_splits_name_their_symbol_and_an_empty_list_is_whole_too():
    listed = {"symbol": "NFLX", "data": [{"effective_date": "2015-07-15", "split_factor": "7.00000700001"}]}
    parsed = body(json.dumps(listed), AV + "SPLITS&symbol=NFLX")
    assert actions(parsed).select("symbol", "kind", "value").rows() == [("NFLX", "split", "7")]
    empty = body('{"symbol": "BRK-A", "data": []}', AV + "SPLITS&symbol=BRK-A")
    assert counts(empty) == (0, 0, 0, 0)
    assert empty.whole == {"split", "spinoff"}


# ---- listings ----


def test_symbol_search_gives_units_as_published_and_the_exchange_of_a_suffix():
    found = {item.symbol: item for item in recorded("av_symbol_search_tesco.csv").listings}
    assert len(found) == 5
    assert (found["TSCO.LON"].unit, found["TSCO.LON"].mic) == ("GBX", "XLON")
    assert (found["TSCDF"].unit, found["TSCDF"].mic) == ("USD", None)
    assert found["TCO2.FRK"].mic == "XFRA"


def test_overview_gives_currency_and_exchange():
    text = (
        '{"Symbol": "IBM", "AssetType": "Common Stock", "Name": "IBM", "Exchange": "NYSE", "Currency": "USD"}'
    )
    (listing,) = body(text, AV + "OVERVIEW&symbol=IBM").listings
    assert (listing.symbol, listing.mic, listing.unit) == ("IBM", "XNYS", "USD")


def test_a_search_without_matches_is_no_such_symbol():
    with pytest.raises(NoSuchSymbol):
        body('{"bestMatches": []}', AV + "SYMBOL_SEARCH&keywords=zzzz")


# ---- landed only ----


@pytest.mark.parametrize(
    ("text", "request_", "message"),
    [
        (RECORDED / "av_global_quote_msft.json", "recorded", "a live quote is landed, not loaded"),
        (RECORDED / "av_realtime_bulk_quotes.json", AV + "REALTIME_BULK_QUOTES", "sample data is landed, not loaded"),
        ("timestamp,open,high,low,close,adjusted close,volume,dividend amount\r\n2026-05-15,1,2,1,2,2,5,0\r\n",
         AV + "TIME_SERIES_WEEKLY_ADJUSTED&symbol=IBM", "weekly bars are landed, not loaded"),
        ('{"Meta Data": {}, "Monthly Time Series": {"2026-05-15": {}}}', "x", "monthly bars are landed, not loaded"),
        ('{"Meta Data": {}, "Time Series (5min)": {"2026-05-15 10:00:00": {}}}', "x",
         "intraday bars are landed, not loaded"),
        ("timestamp,open,high,low,close,volume\r\n2026-05-15 19:55:00,1,2,1,2,3\r\n",
         AV + "TIME_SERIES_INTRADAY&symbol=IBM", "intraday bars are landed, not loaded"),
        ('{"Realtime Currency Exchange Rate": {"5. Exchange Rate": "1"}}', "x",
         "a live exchange rate is landed, not loaded"),
        ("timestamp,open,high,low,close\r\n2026-05-15,1,2,1,2\r\n", AV + "FX_WEEKLY&from_symbol=EUR&to_symbol=USD",
         "weekly rates are landed, not loaded"),
        ('{"Meta Data": {}, "Time Series (Digital Currency Daily)": {"2026-05-15": {}}}', "x",
         "digital currency prices are landed, not loaded"),
        ("currency code,currency name\r\nUSD,United States Dollar\r\n", "x",
         "the list of currencies is landed, not loaded"),
        ("symbol,name,exchange,assetType,ipoDate,delistingDate,status\r\nNAN,Nuveen,NYSE,Stock,1999-05-26,null,Active\r\n",
         AV + "LISTING_STATUS", "the list of all symbols is landed, not loaded"),
        ('{"endpoint": "Global Market Open & Close Status", "markets": []}', AV + "MARKET_STATUS",
         "the market status is landed, not loaded"),
        ('{"Meta Data": {}, "Technical Analysis: SMA": {}}', AV + "SMA&symbol=IBM", "SMA is landed, not loaded"),
    ],
)  # fmt: skip
def test_what_is_not_loaded_says_so_and_has_no_frame(text, request_, message):
    parsed = parse(payload("alpha_vantage", text, request_))
    assert parsed.message == message
    assert counts(parsed) == (0, 0, 0, 0)


# ---- refusals: HTTP 200, told apart by their text ----

DAILY_LIMIT = (
    "We have detected your API key as ABCDEFGH12345678 and our standard API rate limit is 25 requests per day. Please "
    "subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly remove all daily rate "
    "limits."
)
BURST = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly "
    "(1 request per second). You may subscribe to any of the premium plans to lift the free key rate limit "
    "(25 requests per day) and instantly remove all daily rate limits."
)
PER_MINUTE = (
    "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day. "
    "Please visit https://www.alphavantage.co/premium/ if you would like to target a higher API call frequency."
)
PREMIUM = (
    "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints"
)
FULL_PREMIUM = (
    "Thank you for using Alpha Vantage! The outputsize=full parameter value is a premium feature for the "
    "TIME_SERIES_DAILY endpoint. You may subscribe to any of the premium plans to instantly unlock all premium features"
)
DEMO = (
    "The **demo** API key is for demo purposes only. Please claim your free API key at "
    "(https://www.alphavantage.co/support/#api-key) to explore our full API offerings. It takes fewer than 20 seconds."
)
INVALID = (
    "Invalid API call. Please retry or visit the documentation (https://www.alphavantage.co/documentation/) for "
    "TIME_SERIES_DAILY."
)
BAD_KEY = (
    "the parameter apikey is invalid or missing. Please claim your free API key on "
    "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds."
)
OF_2018 = (
    "Thank you for using Alpha Vantage! Please visit https://www.alphavantage.co/premium/ if you would like to have a "
    "higher API call volume."
)


@pytest.mark.parametrize("key", ["Information", "Note", "Error Message"])
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (DAILY_LIMIT, QuotaSpent),
        (BURST, ProviderBusy),
        (PER_MINUTE, ProviderBusy),
        (OF_2018, ProviderBusy),
        (PREMIUM, NotEntitled),
        (FULL_PREMIUM, NotEntitled),
        (DEMO, NotEntitled),
        (INVALID, NoSuchSymbol),
        (BAD_KEY, BadKey),
        ("This API function (TIME_SERIES_HOURLY) does not exist.", Refused),
        ("Our systems are under maintenance.", Refused),
    ],
)
def test_a_notice_is_the_refusal_its_text_says_under_whatever_key(key, words, error):
    with pytest.raises(error) as caught:
        body(json.dumps({key: words}))
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_a_burst_waits_seconds_and_a_minute_limit_a_minute():
    with pytest.raises(ProviderBusy) as burst:
        body(json.dumps({"Information": BURST}))
    with pytest.raises(ProviderBusy) as minute:
        recorded("av_note_2018.json")
    assert 1 <= burst.value.retry_after <= 5
    assert minute.value.retry_after == 60


def test_the_notice_of_2018_without_a_number_is_busy():
    with pytest.raises(ProviderBusy):
        recorded("av_information_2018.json")


@pytest.mark.parametrize("words", [DAILY_LIMIT, "Strange: API key as ABCDEFGH12345678 was seen."])
def test_no_message_repeats_an_echoed_key(words):
    with pytest.raises(TickerConverterError) as caught:
        body(json.dumps({"Information": words}))
    assert "ABCDEFGH12345678" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "error"),
    [("I,n,f,o,r,m,a", QuotaSpent), ("N,o,t,e,,,", ProviderBusy), ("E,r,r,o,r,M,e", Refused)],
)
def test_a_csv_whose_row_spells_a_notice_is_a_refusal(row, error):
    header = "symbol,name,exchange,assetType,ipoDate,delistingDate,status"
    with pytest.raises(error):
        body(f"{header}\r\n{row}\r\n", AV + "LISTING_STATUS")


@pytest.mark.parametrize("text", ["{}", '{"Global Quote": {}}'])
def test_an_empty_answer_is_an_error(text):
    with pytest.raises(NoSuchSymbol, match="IBM"):
        body(text, AV + "GLOBAL_QUOTE&symbol=IBM")
    with pytest.raises(Unreadable):
        body(text, "quote.json")


@pytest.mark.parametrize(
    "text",
    ["", " \r\n", "<html><body>Service</body></html>", "<!DOCTYPE html><p>", "\0" * 5000, "[1]", "hello", '{"a": 1',
     '{"what": "is this"}', "[" * 100_000, '{"Meta Data": {}, "Time Series (Daily)": 5}', "a,b,c\r\n1,2,3\r\n",
     '{"Meta Data": {"2. Symbol": "\\ud800"}, "Time Series (Daily)": {"2024-01-05": {"4. close": "1"}}}',
     '{"Meta Data": {"2. Symbol": "A\\u0000"}, "Time Series (Daily)": {"2024-01-05": {"4. close": "1"}}}',
     b"\xff\xfe{\x00}\x00", b"PK\x03\x04zip", b"\x89PNG\r\n", b'{"a": "\xff"}',
     "timestamp,open,high,low,close,volume\r\n2024-01-05,1,2\r\n"],
)  # fmt: skip
def test_bytes_that_are_not_what_they_should_be_are_unreadable(text):
    with pytest.raises(Unreadable) as caught:
        body(text, DAILY.replace("&symbol=IBM", ""))
    assert "\n" not in str(caught.value)


# ---- calls ----


def provider(**settings):
    return AlphaVantage({"api_key": "ABCDEFGH12345678", **settings})


def urls(calls):
    return [call.url.removeprefix("https://www.alphavantage.co/query?") for call in calls]


def test_demo_calls_are_the_documented_ones_with_the_key_at_their_end():
    demo = AlphaVantage({})
    assert urls(demo.calls("prices", "IBM", Window(), None)) == ["function=TIME_SERIES_DAILY&symbol=IBM"]
    assert urls(demo.calls("prices", "IBM", Window(date(1999, 1, 1)), None)) == [
        "function=TIME_SERIES_DAILY&symbol=IBM"
    ]
    assert urls(demo.calls("prices", "TSCO.LON", Window(), None)) == [
        "function=TIME_SERIES_DAILY&symbol=TSCO.LON&outputsize=full"
    ]
    assert urls(demo.calls("rates", "EUR/USD", Window(), None)) == [
        "function=FX_DAILY&from_symbol=EUR&to_symbol=USD"
    ]
    assert urls(demo.calls("actions", "IBM", Window(), None)) == [
        "function=SPLITS&symbol=IBM", "function=DIVIDENDS&symbol=IBM",
    ]  # fmt: skip
    assert urls(demo.calls("listing", "IBM", Window(), None)) == ["function=OVERVIEW&symbol=IBM"]


def test_full_history_is_asked_for_only_beyond_the_latest_hundred_rows():
    near, far = Window(TODAY - timedelta(days=60)), Window(TODAY - timedelta(days=400))
    assert "outputsize" not in provider().calls("prices", "AAPL", near, None)[0].url
    assert provider().calls("prices", "AAPL", far, None)[0].url.endswith("&symbol=AAPL&outputsize=full")
    assert "outputsize" not in provider().calls("prices", "AAPL", Window(), None)[0].url
    assert "outputsize" not in provider().calls("prices", "AAPL", Window(), TODAY - timedelta(days=3))[0].url
    assert (
        "outputsize=full" in provider().calls("prices", "AAPL", Window(), TODAY - timedelta(days=300))[0].url
    )


def test_a_call_known_to_be_premium_is_not_planned_in_full():
    known = provider(premium=("TIME_SERIES_DAILY:full",))
    far = Window(TODAY - timedelta(days=400))
    assert "outputsize" not in known.calls("prices", "AAPL", far, None)[0].url
    assert "outputsize=full" in known.calls("rates", "EURUSD", far, None)[0].url


def test_a_listing_asks_for_the_exchange_only_where_the_spelling_does_not_tell_it():
    assert urls(provider().calls("listing", "TSCO.LON", Window(), None)) == [
        "function=SYMBOL_SEARCH&keywords=TSCO.LON"
    ]
    assert urls(provider().calls("listing", "AAPL", Window(), None)) == [
        "function=SYMBOL_SEARCH&keywords=AAPL", "function=OVERVIEW&symbol=AAPL",
    ]  # fmt: skip


def test_no_planned_url_holds_the_key():
    planned = [
        call
        for kind in ("prices", "actions", "listing")
        for call in provider().calls(kind, "AAPL", Window(), None)
    ]
    assert planned
    assert not any("ABCDEFGH12345678" in repr(call) for call in planned)


def test_a_pair_that_is_none_is_refused():
    with pytest.raises(Usage, match="EUR/USD"):
        provider().calls("rates", "EURO", Window(), None)


def test_the_quota_is_the_one_set():
    assert (provider().quota().per_second, provider().quota().per_minute, provider().quota().per_day) == (
        1,
        5,
        25,
    )
    assert provider(per_day=500, per_minute=75).quota().per_day == 500
