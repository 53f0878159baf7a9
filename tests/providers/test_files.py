"""Files imported by hand: headers, cells, dates, Parquet types, and files that are none."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.given import RECORDED, actions, bars, counts, parse, payload, rates
from ticker_converter.errors import TickerConverterError, Unreadable, Usage
from ticker_converter.providers import files_read
from ticker_converter.providers.files import MISSING, Files, ignored_columns
from ticker_converter.records import Call, Window

HEADER = "symbol,date,open,high,low,close,volume\n"
ROW = "AAPL,2024-01-05,181.99,182.76,180.17,181.18,62303300\n"


def prices(body, **options):
    return payload("files", body, "prices.csv", options={"kind": "prices", **options})


def read(body, **options):
    return bars(parse(prices(body, **options)))


def parquet(frame, **how):
    out = io.BytesIO()
    frame.write_parquet(out, **how)
    return out.getvalue()


# ---- the three schemas ----


def test_prices_have_every_staged_column():
    frame = read(HEADER + ROW)
    assert frame.rows() == [
        (2, "AAPL", "2024-01-05", "181.99", "182.76", "180.17", "181.18", "62303300", None, None, "raw")
    ]


def test_mic_unit_and_basis_come_from_columns_then_from_options():
    text = "symbol,date,open,high,low,close,volume,mic,unit,basis\nVOD.L,2024-01-05,1,2,1,2,3,XLON,,splits\n"
    assert read(text, unit="GBX", mic="XNAS").row(0)[8:] == ("GBX", "XLON", "splits")
    assert read(HEADER + ROW, unit="USD", mic="XNAS", basis="all").row(0)[8:] == ("USD", "XNAS", "all")


def test_rates_have_a_source_of_their_own():
    text = "base,quote,date,rate,source\nUSD,TWD,2024-01-05,31.05,CBC\nUSD,AED,2024-01-05,3.6725,\n"
    frame = rates(parse(payload("files", text, options={"kind": "rates"})))
    assert frame.rows() == [
        (2, "USD", "TWD", "2024-01-05", "31.05", "CBC"),
        (3, "USD", "AED", "2024-01-05", "3.6725", "files"),
    ]


def test_actions_keep_the_ratio_as_written():
    text = (
        "symbol,ex_date,kind,value,unit\nA,2020-08-31,split,4,\nA,2021-01-04,Split,1/3,\nB,2021-01-05,split,0.05,\n"
        "A,2024-02-09,dividend,0.24,USD\nIBM,2021-11-04,spinoff,1.0460,\n"
    )
    frame = actions(parse(payload("files", text, options={"kind": "actions"})))
    assert frame.select("row", "kind", "value", "unit").rows() == [
        (2, "split", "4", None), (3, "split", "1/3", None), (4, "split", "0.05", None),
        (5, "dividend", "0.24", "USD"), (6, "spinoff", "1.0460", None),
    ]  # fmt: skip


def test_an_action_of_no_known_kind_goes_on_to_the_judge():
    text = "symbol,ex_date,kind,value\nA,2020-08-31,split,4\nA,2020-08-31,Merger,4\n"
    frame = actions(parse(payload("files", text, options={"kind": "actions"})))
    assert frame["kind"].to_list() == ["split", "merger"]


def test_a_row_of_no_known_basis_is_told_as_wrong_and_the_others_stand():
    text = "symbol,date,open,high,low,close,volume,basis\nA,2024-01-05,1,2,1,2,3,adjusted\nA,2024-01-08,1,2,1,2,3,all\n"
    frame = read(text)
    assert frame["basis"].to_list() == [None, "all"]
    assert frame["wrong"].to_list() == ['{"basis": "adjusted"}', None]
    with pytest.raises(Usage, match="--basis 'adjusted'"):
        read(HEADER + ROW, basis="adjusted")


@pytest.mark.parametrize("name", ["ecb_daily.csv", "ecb_daily.xml", "ecb_hist_partial.xml"])
def test_the_ecbs_own_files_are_rates_too(name):
    mine = rates(parse(payload("files", RECORDED / name, options={"kind": "rates"})))
    assert mine.equals(rates(parse(payload("ecb", RECORDED / name))))
    assert set(mine["source"]) == {"ecb"}


def test_a_kind_of_file_that_there_is_not_is_refused():
    with pytest.raises(Usage, match="prices, rates or actions"):
        parse(payload("files", HEADER, options={"kind": "bonds"}))


# ---- headers ----


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiter_line_end_and_byte_order_mark_do_not_matter(delimiter, ending, mark):
    text = (HEADER + ROW).replace(",", delimiter).replace("\n", ending)
    assert read(mark + text.encode()).rows() == read(HEADER + ROW).rows()


def test_headers_are_matched_without_regard_to_case_and_extras_are_named():
    text = "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n2024-01-05,1,2,1,2,1.5,9,0,0\n"
    assert read(text, symbol="AAPL").row(0)[1:8] == ("AAPL", "2024-01-05", "1", "2", "1", "2", "9")
    assert ignored_columns(prices(text, symbol="AAPL")) == ("Adj Close", "Dividends", "Stock Splits")


def test_an_unnamed_index_column_and_a_timestamp_are_understood():
    text = ",symbol,timestamp,open,high,low,close\n0,NA,2015-05-27 00:00:00+00:00,1,2,1,2\n"
    assert read(text).row(0)[:8] == (2, "NA", "2015-05-27", "1", "2", "1", "2", None)
    assert ignored_columns(prices(text)) == ("(unnamed)",)


def test_date_is_preferred_to_timestamp():
    text = "symbol,timestamp,date,open,high,low,close\nA,1704412800,2024-01-05,1,2,1,2\n"
    assert read(text)["date"].to_list() == ["2024-01-05"]


def test_columns_of_other_names_are_named_by_option():
    text = "Day;Ticker;First;Top;Bottom;Last\n05.01.2024;AAPL;1;2;1;2\n"
    mapped = "date=Day,symbol=ticker,open=First,high=Top,low=Bottom,close=Last"
    assert read(text, columns=mapped, date_format="%d.%m.%Y").row(0)[1:7] == (
        "AAPL",
        "2024-01-05",
        "1",
        "2",
        "1",
        "2",
    )


def test_one_column_may_stand_for_several():
    frame = read("Date,NAV\n2024-01-05,10.5\n", symbol="F", columns="open=NAV,high=NAV,low=NAV,close=NAV")
    assert frame.row(0)[3:8] == ("10.5", "10.5", "10.5", "10.5", None)


def test_a_wrong_header_names_what_is_missing_what_is_there_and_what_to_say():
    with pytest.raises(Usage) as caught:
        read("foo,date,bar\n1,2,3\n")
    message = str(caught.value)
    assert "has no column open, high, low, close; found: foo, date, bar" in message
    assert "--columns open=...,high=..." in message


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("date,open,high,low,close\n2024-01-05,1,2,1,2\n", {}, "--symbol"),
        (HEADER + ROW, {"columns": "close=Last"}, "no column 'Last'; found: symbol"),
        (HEADER + ROW, {"columns": "price=close"}, "no such column here: known are"),
        (HEADER + ROW, {"columns": "close"}, "write it as date=Date"),
        ("symbol,date,open,high,low,close,Close\nA,2024-01-05,1,2,1,2,3\n", {}, "2 columns close"),
        (HEADER + ROW + ROW.replace("AAPL", "MSFT"), {"symbol": "X"}, "several symbols"),
        (HEADER + ROW, {"date_format": "%Q"}, "date-format"),
    ],
)
def test_an_option_or_header_that_does_not_fit_is_a_usage_error(text, options, words):
    with pytest.raises(Usage) as caught:
        read(text, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_symbol_renames_the_one_symbol_of_a_file():
    assert set(read(HEADER + ROW + ROW.replace("05", "08"), symbol="APPLE")["symbol"]) == {"APPLE"}


# ---- cells ----


@pytest.mark.parametrize(
    "symbol", ["NA", "NAN", "ON", "TRUE", "NULL", "null", "None", "N/A", "1E5", "007", "-P-HIZ"]
)
def test_a_symbol_is_text_whatever_it_says(symbol):
    assert read(HEADER + ROW.replace("AAPL", symbol))["symbol"].to_list() == [symbol]


@pytest.mark.parametrize("cell", MISSING)
def test_a_number_that_says_nothing_is_missing(cell):
    assert read(HEADER + f"A,2024-01-05,{cell},2,1,2,{cell}\n").row(0)[3:8] == (None, "2", "1", "2", None)


@pytest.mark.parametrize(
    "cell",
    ["nan", "NaN", "inf", "-Infinity", "1e-7", "1E3", "0.1000000000000000000001", "123456789012345678901234567890",
     "1.5000", "-3", "007", "1_000", "0x10", "abc"],
)  # fmt: skip
def test_a_number_stays_exactly_as_written(cell):
    assert read(HEADER + f"A,2024-01-05,{cell},2,1,2,3\n")["open"].to_list() == [cell]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_breaks():
    text = (
        'symbol,date,open,high,low,close,volume,note\n"A","2024-01-05","1","2","1","2","3","a,""b""\nc"\n'
        + ("B,2024-01-05,1,2,1,2,3,\n")
    )
    assert read(text)["symbol"].to_list() == ["A", "B"]


def test_blank_lines_are_no_rows_and_keep_the_count_of_lines():
    frame = read(HEADER + "\n" + ROW + "\n,,,,,,\n" + ROW.replace("05", "08"))
    assert frame.select("row", "date").rows() == [(3, "2024-01-05"), (6, "2024-01-08")]


def test_a_row_that_ends_early_has_missing_cells():
    assert read(HEADER + "A,2024-01-05,1,2\n" + ROW).row(0)[3:8] == ("1", "2", None, None, None)


def test_lines_of_spaces_and_delimiters_are_no_rows():
    frame = read(HEADER + "   \n" + ROW + " , ,\t,,,,\n \n" + ROW.replace("05", "08"))
    assert frame.select("row", "date").rows() == [(3, "2024-01-05"), (6, "2024-01-08")]


def test_a_row_without_a_symbol_goes_on_to_the_judge():
    assert read(HEADER + ROW + ROW.replace("AAPL", ""))["symbol"].to_list() == ["AAPL", None]


def test_a_line_with_too_many_cells_is_told_as_wrong_and_the_others_stand():
    torn = "ZZZ,2024-01-08,1,234.5,1240,1230,1238,7\n"
    frame = read(HEADER + ROW + torn + ROW.replace("05", "09"))
    assert frame.select("row", "symbol").rows() == [(2, "AAPL"), (3, None), (4, "AAPL")]
    assert [json.loads(text) if text else None for text in frame["wrong"]] == [
        None, {"line": torn.strip(), "cells": 8, "header": 7}, None
    ]  # fmt: skip
    assert read(HEADER + ROW + torn.replace("ZZZ", "AAPL"))["symbol"].to_list() == ["AAPL", "AAPL"]


def test_empty_cells_past_the_header_are_nothing():
    assert read(HEADER + ROW.strip() + ", ,\n").rows() == [(*read(HEADER + ROW).row(0), None)]


def test_a_line_with_too_many_cells_names_no_other_symbol():
    frame = read(HEADER + ROW + "ZZZ,2024-01-08,1,2,1,2,3,4\n", symbol="MINE")
    assert frame["symbol"].to_list() == ["MINE", "MINE"]


# ---- dates ----


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2023-04-14 00:00:00+09:00", "2023-04-14"),
        ("2023-04-14T00:00:00-05:00", "2023-04-14"),
        ("2023-04-14T23:59:59.123Z", "2023-04-14"),
        ("2023-04-14 16:00", "2023-04-14"),
        ("2023/12/29", "2023-12-29"),
        ("2023/1/5", "2023-01-05"),
        ("2023.12.29", "2023-12-29"),
        ("20231229", "2023-12-29"),
        (" 2023-12-29 ", "2023-12-29"),
        ("2024-02-29", "2024-02-29"),
        ("2023-02-29", "2023-02-29"),
        ("12/29/2023", "12/29/2023"),
        ("29-12-05", "29-12-05"),
        ("yesterday", "yesterday"),
        ("2023-13-01", "2023-13-01"),
        ("1704412800", "1704412800"),
    ],
)
def test_a_readable_date_becomes_iso_and_another_stays_as_published(written, iso):
    frame = read(HEADER + f"A,{written},1,2,1,2,3\n" + ROW)
    assert frame["date"].to_list() == [iso, "2024-01-05"]


def test_a_date_format_is_the_only_one_read():
    text = HEADER + "A,05/01/2024,1,2,1,2,3\nA,2024-01-06,1,2,1,2,3\n"
    assert read(text, date_format="%d/%m/%Y")["date"].to_list() == ["2024-01-05", "2024-01-06"]
    assert (
        read(HEADER + "A,01/05/24 16:30,1,2,1,2,3\n", date_format="%m/%d/%y %H:%M")["date"].item()
        == "2024-01-05"
    )


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_every_day_is_read_from_each_way_of_writing_it(day):
    ways = [day.isoformat(), f"{day:%Y/%m/%d}".rjust(10, "0"), day.isoformat() + " 00:00:00+09:00"]
    frame = read(HEADER + "".join(f"A,{way},1,2,1,2,3\n" for way in ways))
    assert set(frame["date"]) == {day.isoformat()}


# ---- Parquet ----


def table(**columns):
    base = {
        "symbol": ["A"],
        "date": ["2024-01-05"],
        "open": ["1"],
        "high": ["2"],
        "low": ["1"],
        "close": ["2"],
    }
    return pl.DataFrame({**base, **columns})


def test_parquet_decimals_and_integers_are_exact():
    frame = table(
        open=pl.Series([Decimal("1.2300")], dtype=pl.Decimal(38, 4)),
        volume=pl.Series([2**63 - 1], dtype=pl.Int64),
    )
    assert read(parquet(frame)).row(0)[:8] == (
        1, "A", "2024-01-05", "1.2300", "2", "1", "2", "9223372036854775807",
    )  # fmt: skip


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_parquet_float_is_its_shortest_text_that_gives_it_back(number):
    text = read(parquet(table(open=[number])))["open"].item()
    assert float(text) == number
    assert Decimal(text) == Decimal(repr(number))


def test_a_parquet_float32_is_its_own_shortest_text():
    frame = table(open=pl.Series([0.1], dtype=pl.Float32), close=pl.Series([188.9], dtype=pl.Float32))
    assert read(parquet(frame)).row(0)[3:7] == ("0.1", "2", "1", "188.9")


def test_parquet_not_a_number_stays_for_the_judging_and_null_is_missing():
    assert read(parquet(table(open=[float("nan")], volume=[None]))).row(0)[3:8] == (
        "NaN",
        "2",
        "1",
        "2",
        None,
    )


@pytest.mark.parametrize(
    "column",
    [
        [date(2024, 1, 5)],
        [datetime(2024, 1, 5, 16, 0)],  # noqa: DTZ001
        pl.Series(
            [datetime(2024, 1, 5, tzinfo=ZoneInfo("Asia/Tokyo"))], dtype=pl.Datetime("ns", "Asia/Tokyo")
        ),
        [20240105],
        pl.Series(["2024-01-05"], dtype=pl.Categorical),
        [b"2024-01-05"],
    ],
)
def test_parquet_dates_of_every_type_are_their_own_local_day(column):
    assert read(parquet(table(date=column)))["date"].item() == "2024-01-05"


def test_a_parquet_column_of_lists_is_a_usage_error():
    with pytest.raises(Usage, match="column open"):
        read(parquet(table(open=[[1.0]])))


def test_an_empty_row_of_parquet_is_a_row():
    frame = pl.concat([table(), table().clear().vstack(table().with_columns(pl.all().replace("A", "A")))])
    frame = frame.with_columns(
        pl.when(pl.int_range(2) == 1).then(None).otherwise(pl.col("date")).alias("date")
    )
    assert read(parquet(frame))["date"].to_list() == ["2024-01-05", None]


@pytest.mark.parametrize("kept", [4, 8, 100, -1, -4, -40])
def test_a_truncated_parquet_file_is_unreadable(kept, tmp_path):
    whole = parquet(pl.concat([table()] * 500))
    path = tmp_path / "prices.parquet"
    path.write_bytes(whole[:kept])
    with pytest.raises(Unreadable):
        read(path)
    with pytest.raises(Unreadable):
        read(whole[:kept])


def test_a_path_with_wildcards_is_one_file(tmp_path):
    path = tmp_path / "p[1]*.parquet"
    path.write_bytes(parquet(table()))
    (tmp_path / "p1x.parquet").write_bytes(parquet(table(symbol=["B"])))
    assert read(path)["symbol"].to_list() == ["A"]


# ---- pieces ----


def test_a_file_larger_than_a_piece_is_read_in_pieces_without_loss(tmp_path, monkeypatch):
    monkeypatch.setattr(files_read, "CHUNK", 1000)
    path = tmp_path / "long.csv"
    path.write_text(HEADER + "".join(f'S{n},2024-01-05,1,2,1,2,"{n}"\n' for n in range(5000)))
    pieces = list(parse(prices(path)).bars)
    assert len(pieces) > 100
    whole = pl.concat(pieces)
    assert whole["volume"].to_list() == [str(n) for n in range(5000)]
    assert whole["row"].to_list() == list(range(2, 5002))


@given(st.lists(st.text('a\n\r",', max_size=6), min_size=1, max_size=30), st.integers(8, 64))
def test_quoted_text_never_moves_a_piece_boundary_into_a_cell(notes, size):
    rows = "".join(
        f'A,2024-01-05,1,2,1,2,{n},"{quoted}"\n'
        for n, quoted in enumerate(note.replace('"', '""') for note in notes)
    )
    old = files_read.CHUNK
    files_read.CHUNK = size
    try:
        frame = read("symbol,date,open,high,low,close,volume,note\n" + rows)
    finally:
        files_read.CHUNK = old
    assert frame["volume"].to_list() == [str(n) for n in range(len(notes))]


def test_parquet_pieces_count_rows_on(monkeypatch):
    monkeypatch.setattr(files_read, "ROWS", 7)
    frame = read(parquet(pl.concat([table()] * 50)))
    assert frame["row"].to_list() == list(range(1, 51))


def test_frames_are_made_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(files_read, "CHUNK", 1000)
    path = tmp_path / "broken.csv"
    path.write_bytes((HEADER + ROW * 100).encode() + b"A,2024-01-05,1,2,1,2,\xff\n")
    frames = iter(parse(prices(path)).bars)
    assert next(frames).height > 0
    with pytest.raises(Unreadable, match="line 102 is not UTF-8"):
        list(frames)


# ---- files that are none ----


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"", Unreadable, "empty"),
        (b"\0" * 200_000, Unreadable, "zero bytes only"),
        (b"0" * 200_000, Unreadable, "first line is longer"),
        (b"\n\n  \n", Unreadable, "white space"),
        (b"<html><body>sign in</body></html>", Unreadable, "web page"),
        (b'{"prices": []}', Unreadable, "import payload"),
        (b"PK\x03\x04rest", Unreadable, "zip archive"),
        (b"\x1f\x8b\x08rest", Unreadable, "gzip"),
        ((HEADER + ROW).encode("utf-16"), Unreadable, "UTF-16"),
        ((HEADER + ROW).replace("AAPL", "\xc4").encode("latin-1"), Unreadable, "line 2 is not UTF-8"),
        ((HEADER + ROW).encode() + b"A,\0\n", Unreadable, "zero byte"),
        (HEADER.encode(), Unreadable, "no rows"),
        (HEADER.strip().encode(), Unreadable, "no rows"),
        ((HEADER + ROW).replace("\n", "\r").encode(), Unreadable, "CR alone"),
        ((HEADER + ROW + "AAPL,2024-01-08,18").encode(), Unreadable, "cut short"),
        ((HEADER + ROW + 'AAPL,"2024-01-08,1,2,1,2,3\n' * 3).encode(), Unreadable, ""),
        (b"PAR1", Unreadable, "Parquet"),
    ],
    ids=range(17),
)
def test_a_file_that_is_not_what_it_should_be_gives_one_line(body, error, words, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_bytes(body)
    for given_ in (prices(body), prices(path)):
        with pytest.raises(error) as caught:
            counts(parse(given_))
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "prices.csv" in str(caught.value)


def test_a_gigabyte_of_zeros_costs_one_read(tmp_path):
    path = tmp_path / "zeros.csv"
    with path.open("wb") as out:
        out.truncate(1 << 30)
    for kind in ("prices", "rates", "actions"):
        with pytest.raises(Unreadable, match="zero bytes only"):
            parse(payload("files", path, options={"kind": kind}))
    for provider in ("ecb", "alpha_vantage"):
        with pytest.raises(Unreadable, match="zero bytes only"):
            parse(payload(provider, path))


def test_zeros_after_a_good_beginning_are_unreadable(tmp_path):
    path = tmp_path / "zeros.csv"
    with path.open("wb") as out:
        out.write((HEADER + ROW * 3000).encode())
        out.truncate(1 << 28)
    with pytest.raises(Unreadable, match="zero byte"):
        counts(parse(prices(path)))


def test_a_line_without_end_is_unreadable(tmp_path, monkeypatch):
    monkeypatch.setattr(files_read, "LONGEST", 100_000)
    monkeypatch.setattr(files_read, "CHUNK", 10_000)
    with pytest.raises(Unreadable, match="never closed"):
        counts(parse(prices(HEADER + ROW + 'A,"' + "x\n" * 100_000)))


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(Usage, match="cannot be opened"):
        parse(prices(tmp_path / "no.csv"))
    with pytest.raises(Usage, match="cannot be opened"):
        parse(prices(tmp_path))


def test_a_zip_of_something_else_is_no_rate_file():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(TickerConverterError, match="zip|csv"):
        parse(payload("files", out.getvalue(), options={"kind": "rates"}))


# ---- no calls ----


def test_files_never_call():
    files = Files({})
    assert files.calls("prices", "AAPL", Window(), None) == ()
    with pytest.raises(Usage, match="imported by hand"):
        files.fetch(Call("files", "prices", "http://example.invalid"))
