"""The European Central Bank's files: every form, and what only looks like one."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from tests.providers.given import RECORDED, counts, parse, payload, rates
from ticker_converter.errors import Unreadable
from ticker_converter.providers import ecb
from ticker_converter.providers.ecb import ECB
from ticker_converter.records import Window

TODAY = datetime.now(UTC).date()
CSV = (
    b"Date,USD,JPY,TRL,CYP,\n2026-04-13,1.1684,186.75,N/A,N/A,\n2026-04-10,1.1711,186.43,N/A,N/A,\n"
    b"1999-01-04,1.1789,133.73,372274,0.58231,\n"
)
XML = (RECORDED / "ecb_daily.xml").read_bytes()


def zipped(*members, level=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def read(body):
    return rates(parse(payload("ecb", body, "eurofxref")))


def test_daily_xml_keeps_its_fixed_decimals():
    frame = read(XML)
    assert frame.height == 32
    assert frame.row(0) == (1, "EUR", "USD", "2018-06-11", "1.1790", "ecb")
    assert frame.row(-1) == (32, "EUR", "ZAR", "2018-06-11", "15.4991", "ecb")


def test_one_day_csv_has_a_written_date_and_spaces():
    frame = read(RECORDED / "ecb_daily.csv")
    assert frame.height == 29
    assert set(frame["date"]) == {"2026-04-13"}
    assert frame.filter(quote="HUF")["rate"].item() == "366.90"


def test_history_xml_has_a_day_for_each_outer_cube():
    frame = read(RECORDED / "ecb_hist_partial.xml")
    assert frame.height == 327
    assert frame["date"].n_unique() == 11
    assert frame.filter(quote="CYP").height > 0


def test_cells_without_a_rate_are_no_rows():
    frame = read(CSV)
    assert frame.height == 8
    assert frame.filter(quote="TRL").select("date", "rate").rows() == [("1999-01-04", "372274")]
    assert frame["row"].to_list() == list(range(1, 9))


def test_zip_csv_and_csv_say_the_same():
    assert read(zipped(("eurofxref-hist.csv", CSV))).equals(read(CSV))


def test_csv_with_crlf_and_byte_order_mark_says_the_same():
    assert read(b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n")).equals(read(CSV))


def test_quotes_of_either_kind_say_the_same():
    assert read(XML.replace(b"'", b'"')).equals(read(XML))


def test_a_file_on_disk_and_its_bytes_say_the_same():
    assert read(RECORDED / "ecb_daily.xml").equals(read(XML))


BOMB = zipped(("eurofxref-hist.csv", b"0" * (ecb.LIMIT + 1)))


@pytest.mark.parametrize(
    "body",
    [
        (RECORDED / "ecb_not_xml.html").read_bytes(),
        b"",
        b"\0" * 100_000,
        b"   \n",
        b"Date\n2026-04-13\n",
        b"Day,USD\n2026-04-13,1.1\n",
        b"Date,USD,USD\n2026-04-13,1.1,1.2\n",
        b"Date,US dollar\n2026-04-13,1.1\n",
        b"Date,USD,JPY,\n",
        b"Date,USD,JPY,\n2026-04-13,N/A,N/A,\n",
        b"Date,USD,JPY,\n2026-04-13,1.1,1.2,\n2026-04-10,1.1",
        b"Date,USD\n2026-04-13,\xff\n",
        XML[: len(XML) // 2],
        XML.replace(b"gesmes:Envelope", b"rss"),
        XML.replace(b"<gesmes:subject>", b"<gesmes:subject>&euro;"),
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><gesmes:Envelope>&b;</gesmes:Envelope>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<Envelope>" + b"<Cube>" * 100_000,
        b"<Envelope><Cube/></Envelope>",
        zipped(("eurofxref-hist.csv", CSV))[:-40],
        zipped(("eurofxref-hist.csv", CSV * 50), level=zipfile.ZIP_STORED)[:400],
        zipped(("readme.txt", CSV)),
        zipped(("a.csv", CSV), ("b.csv", CSV)),
        zipped(("eurofxref-hist.csv", b"")),
        zipped(("eurofxref-hist.csv", b"\0" * 1000)),
        zipped(("eurofxref-hist.csv", b"<html><body>")),
        zipped(("eurofxref-hist.csv", zipped(("x.csv", CSV)))),
        zipped(),
        BOMB,
    ],
    ids=range(30),
)
def test_what_only_looks_like_a_rate_file_is_unreadable(body):
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert "\n" not in str(caught.value)


def test_a_zip_whose_bytes_are_damaged_is_unreadable():
    whole = bytearray(zipped(("eurofxref-hist.csv", CSV * 50)))
    whole[70] ^= 0xFF
    with pytest.raises(Unreadable):
        read(bytes(whole))


def test_the_whole_history_reads_in_half_a_second(shared):
    given = payload("ecb", shared / "ecb" / "eurofxref-hist_2026-04.zip")
    started = time.perf_counter()
    parsed = parse(given)
    took = time.perf_counter() - started
    assert counts(parsed) == (0, 217_555, 0, 0)
    assert took < 0.5


def test_history_has_every_cell_of_the_table(shared):
    path = shared / "ecb" / "eurofxref-hist_2026-04.zip"
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("eurofxref-hist.csv").decode().splitlines()
    header = lines[0].split(",")
    cells = {
        (line.split(",")[0], currency, cell)
        for line in lines[1:]
        for currency, cell in zip(header[1:], line.split(",")[1:], strict=True)
        if currency and cell != "N/A"
    }
    frame = read(path)
    assert set(frame.select("date", "quote", "rate").rows()) == cells
    assert frame.height == len(cells)


def planned(window, stored_until=None):
    (call,) = ECB({}).calls("rates", None, window, stored_until)
    return call.url.removeprefix("https://www.ecb.europa.eu/stats/eurofxref/")


def test_the_smallest_file_that_reaches_back_is_chosen():
    assert planned(Window()) == "eurofxref-hist.zip"
    assert planned(Window(TODAY - timedelta(days=2000))) == "eurofxref-hist.zip"
    assert planned(Window(), TODAY - timedelta(days=300)) == "eurofxref-hist.zip"
    assert planned(Window(), TODAY - timedelta(days=1)) == "eurofxref-hist-90d.xml"
    assert planned(Window(TODAY - timedelta(days=30))) == "eurofxref-hist-90d.xml"
    assert planned(Window(TODAY)) == "eurofxref-daily.xml"
    assert planned(Window(TODAY - timedelta(days=2000)), TODAY) == "eurofxref-hist.zip"


def test_only_rates_are_asked_of_it():
    assert ECB({}).calls("prices", "IBM", Window(), None) == ()


def test_its_base_url_is_a_setting():
    (call,) = ECB({"base_url": "http://127.0.0.1:9/x/"}).calls("rates", None, Window(), None)
    assert call.url == "http://127.0.0.1:9/x/eurofxref-hist.zip"
