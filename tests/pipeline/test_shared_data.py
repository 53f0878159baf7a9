"""Every recorded file that is input for files, Alpha Vantage and the ECB goes through the whole pipeline, twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest

from tests.support.writing import TABLES, file, load, snapshot
from ticker_converter.errors import (
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    QuotaSpent,
    TickerConverterError,
    Unreadable,
)  # fmt: skip
from ticker_converter.pipeline import Report, Run
from ticker_converter.records import Payload
from ticker_converter.warehouse import instruments

#: file or folder under prices/, stooq/ and yahoo/: symbol (None: the file's name or column), unit, mic, more options.
PRICES = {
    "prices/av_daily_full_raw_to_2023-12/*.csv": (None, "USD", None, {}),
    "prices/av_daily_adjusted_full_to_2018-08/*.csv": (None, "USD", "XNAS", {}),
    "prices/yahoo_splitadj_adjclose_2015_2024/*.csv": (None, "USD", "XNAS", {"basis": "splits"}),
    "prices/yahoo_lse_pence_2016_2019/*.csv": (None, "GBX", "XLON", {"basis": "splits"}),
    "prices/tiingo_AAPL_2015_2020.csv": ("", "USD", "XNAS", {}),
    "prices/yahoo_sp500_2015_2020_482sym.parquet": ("", "USD", "XNYS", {"basis": "splits"}),
    "stooq/*.txt": (None, "USD", "XNAS", {"basis": "all"}),
    "yahoo/yfinance_repair/4063-T*": ("4063.T", "JPY", "XTKS", {"basis": "splits"}),
    "yahoo/yfinance_repair/*-L-1d*": (None, "GBX", "XLON", {"basis": "splits"}),
    "yahoo/yfinance_repair/SSW-JO*": ("SSW.JO", "ZAc", "XJSE", {"basis": "splits"}),
    "yahoo/yfinance_repair/IBE-MC*": ("IBE.MC", "EUR", "XMAD", {"basis": "splits"}),
    "yahoo/yfinance_repair/KEN-TA*": ("KEN.TA", "ILA", "XTAE", {"basis": "splits"}),
    "yahoo/yfinance_repair/SCR-TO*": ("SCR.TO", "CAD", "XTSE", {"basis": "splits"}),
    "yahoo/yfinance_repair/CALM*": ("CALM", "USD", "XNAS", {"basis": "splits"}),
    "yahoo/yfinance_repair/SAND*": ("SAND", "USD", "XNYS", {"basis": "splits"}),
}
#: Alpha Vantage bodies that no sidecar describes: symbol, unit.
BODIES = {"kevwk314_2018": ("MSFT", "USD"), "romeltorres": ("MSFT", "USD"), "pricehist": ("IBM", "USD")}
#: Bodies by which a provider says no, and the error that each one is.
REFUSALS = {
    "errors/error_message_invalid_call.json": NoSuchSymbol,
    "errors/information_burst_limit_2026.json": ProviderBusy,
    "errors/information_daily_limit_25_2025.json": QuotaSpent,
    "errors/information_premium_endpoint.json": NotEntitled,
    "errors/note_5_per_minute_500_per_day_2018.json": ProviderBusy,
    "kevwk314_2018/ApiLimit.json": TickerConverterError,
    "kevwk314_2018/Error.json": NoSuchSymbol,
    "kevwk314_2018/PremiumMessage.json": TickerConverterError,
}


def symbol_of(path: Path) -> str:
    """`daily_adjusted_AAPL.csv`, `aapl.us.txt`, `BARC.L.csv`, `AET-L-1d-100x-error.csv`."""
    stem = path.name.removesuffix(".csv").removesuffix(".us.txt").rpartition("_")[2]
    return stem.partition("-1d")[0].replace("-", ".").upper()


def files(shared: Path) -> Iterator[Payload]:
    for pattern, (symbol, unit, mic, more) in PRICES.items():
        found = sorted(shared.glob(pattern))
        assert found, pattern
        for path in found:
            if "LICENSE" in path.name:
                continue
            named = symbol_of(path) if symbol is None else symbol
            listing = {"unit": unit} | ({"symbol": named} if named else {}) | ({"mic": mic} if mic else {})
            where = str(path.relative_to(shared))
            yield file("prices", path, name=where, **listing, **more)
    for path in sorted((shared / "ecb").glob("eurofxref*")):
        yield file("rates", path, name=f"ecb/{path.name}")


def responses(shared: Path) -> Iterator[Payload]:
    folder = shared / "alphavantage"
    index = {
        Path(entry["path"]).name: entry
        for entry in json.loads((folder / "portfoliotree_2026-05/index.json").read_text())
    }
    for path in sorted(folder.glob("*/*")):
        where = f"{path.parent.name}/{path.name}"
        if where in REFUSALS or path.name == "index.json":
            continue
        if path.name in index:
            about = index[path.name]
            url = about["url"].replace("\\u0026", "&").replace("&apikey=demo", "")
            yield Payload("alpha_vantage", url, datetime.fromisoformat(about["fetched"]), path=path)
        else:
            symbol = BODIES[path.parent.name][0]
            fx = any(word in path.name.lower() for word in ("fx_", "eur-aud", "btc", "currency", "foreign"))
            yield Payload("alpha_vantage", where, datetime.now(UTC), path=path, symbol=None if fx else symbol)
    for path in sorted((shared / "ecb").glob("eurofxref*")):
        yield Payload("ecb", path.name, datetime.now(UTC), path=path)


@pytest.fixture
def watched(conn: psycopg.Connection) -> psycopg.Connection:
    for symbol in ("IBM", "MSFT"):
        instruments.add(
            conn,
            symbol,
            unit="USD",
            mic={"IBM": "XNYS", "MSFT": "XNAS"}[symbol],
            providers=["alpha_vantage", "files"],
        )
    return conn


def touched(conn: psycopg.Connection, since: int) -> dict[str, tuple[int, int]]:
    """Per table: its rows, and those written by a transaction from `since` on."""
    found = {}
    for name in TABLES:
        row = conn.execute(
            f"SELECT count(*), count(*) FILTER (WHERE xmin::text::bigint >= %s) FROM {name}",  # noqa: S608
            (since,),
        ).fetchone()
        assert row is not None
        found[name] = row
    return found


def now(conn: psycopg.Connection) -> int:
    """The number of a transaction after which others are counted."""
    row = conn.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    return int(row[0])


def loaded(payload: Payload, report: Report) -> dict[str, object]:
    """A row of the printed table; the counts add up."""
    counts = report.as_dict()
    names = ("inserted", "unchanged", "revised", "outranked", "quarantined")
    assert counts["read"] == sum(int(str(counts[name])) for name in names), payload.request
    told = report.messages[0][:60] if report.messages and not counts["read"] else ""
    return {"file": payload.request[-58:], **{name: counts[name] for name in ("read", *names)}, "told": told}


@pytest.mark.slow
@pytest.mark.parametrize("given", [files, responses], ids=["files", "responses"])
def test_every_input_file_loads_and_a_second_time_changes_nothing(
    watched: psycopg.Connection, shared: Path, given: Callable[[Path], Iterator[Payload]]
) -> None:
    table = []
    for payload in given(shared):
        row = loaded(payload, load(watched, payload))
        table.append(row)
        assert row["read"] or row["told"], f"{row['file']}: nothing read and nothing said"
        assert row["read"] != row["quarantined"] or row["told"], row
        since = now(watched)
        before = touched(watched, since)
        again = load(watched, payload)
        assert again.counts.read == row["read"] and not again.counts.inserted and not again.counts.revised, (
            row
        )
        assert touched(watched, since) == before, row
    with pl.Config(
        tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=60, tbl_hide_dataframe_shape=True, tbl_width_chars=200
    ):
        print(pl.DataFrame(table, infer_schema_length=None))  # noqa: T201


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_the_error_it_is_and_loads_nothing(
    watched: psycopg.Connection, shared: Path, name: str
) -> None:
    before = snapshot(watched)
    body = (shared / "alphavantage" / name).read_bytes()
    with pytest.raises(REFUSALS[name]) as raised:
        load(watched, Payload("alpha_vantage", name, datetime.now(UTC), body, symbol="IBM"))
    assert "\n" not in str(raised.value) and not isinstance(raised.value, Unreadable)
    assert snapshot(watched) == before
    assert watched.execute("SELECT state FROM landing.delivery").fetchall() == [("refused",)]


def test_a_web_page_of_the_ecb_is_unreadable(watched: psycopg.Connection, shared: Path) -> None:
    body = (shared / "ecb/illegal_not_xml.html").read_bytes()
    with pytest.raises(Unreadable):
        load(watched, Payload("ecb", "eurofxref-daily.xml", datetime.now(UTC), body))


def test_prices_and_splits_of_apple_stay_in_one_series(watched: psycopg.Connection, shared: Path) -> None:
    path = shared / "prices/av_daily_full_raw_to_2023-12/daily_AAPL.csv"
    report = load(watched, file("prices", path, unit="USD", mic="XNAS", symbol="AAPL"))
    assert (report.counts.inserted, report.counts.quarantined) == (6080, 0)
    with Run(watched, "replay", {}) as run:
        replayed = run.replay(None, None).counts
    assert (replayed.read, replayed.unchanged) == (6080, 6080)
