"""Writes docs/explanation/reconciliation.md: our adjusted closes against those that providers publish.

It reads the real data kept beside the checkout (docs: the data's index names each source), loads the raw bars and the
actions through the pipeline, and compares what `prices --adjust` answers. The test of this page works the figures out
again.
"""

from __future__ import annotations

import csv
import itertools
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from pathlib import Path

import psycopg

from tests.support import postgres
from ticker_converter.pipeline import Run
from ticker_converter.queries.actions import actions
from ticker_converter.queries.prices import prices
from ticker_converter.records import Payload
from ticker_converter.warehouse import instruments, migrations

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "reconciliation.md"
SEVEN = ("AAPL", "AMZN", "GOOGL", "META", "MSFT", "NVDA", "TSLA")
AV_URL = "https://www.alphavantage.co/query?function={}&symbol={}&datatype=csv&outputsize=full"
RAW = "prices/av_daily_full_raw_to_2023-12/daily_{}.csv"
ADJUSTED = "prices/av_daily_adjusted_full_to_2018-08/daily_adjusted_{}.csv"
IBM = "alphavantage/portfoliotree_2026-05/TIME_SERIES_DAILY_ADJUSTED_572d0539.csv"
TIINGO = "prices/tiingo_AAPL_2015_2020.csv"
YAHOO = "prices/yahoo_splitadj_adjclose_2015_2024/{}.csv"

#: Moves of 11 per cent and more in one day that are no split: what the split check must leave alone.
REAL = {("AAPL", date(2000, 9, 29)), ("TSLA", date(2020, 8, 31))}


@dataclass(frozen=True)
class Compared:
    """Ours against a published series: the largest difference in proportion, and the same in money."""

    symbol: str
    against: str
    convention: str
    first: date
    last: date
    days: int
    absolute: Decimal
    relative: Decimal
    on: date


@dataclass(frozen=True)
class Split:
    """The move of the close across an ex-date, as traded and adjusted."""

    symbol: str
    ex_date: date
    ratio: str
    raw: Decimal
    adjusted: Decimal


def load(conn: psycopg.Connection, payload: Payload) -> None:
    """One payload through the pipeline, as `import` does."""
    with Run(conn, "import", {}) as run:
        run.load_all([payload])


def alpha_vantage(conn: psycopg.Connection, path: Path, symbol: str, mic: str, function: str) -> None:
    """A recorded Alpha Vantage response, its instrument listed first."""
    if instruments.find(conn, symbol) is None:
        instruments.add(conn, symbol, unit="USD", mic=mic, providers=["alpha_vantage"])
    body, fetched = path.read_bytes(), datetime(2026, 6, 1, tzinfo=UTC)
    load(conn, Payload("alpha_vantage", AV_URL.format(function, symbol), fetched, body=body, symbol=symbol))


def file(conn: psycopg.Connection, kind: str, lines: Iterable[str], **options: str) -> None:
    """An imported file of these lines."""
    body = "".join(f"{line}\n" for line in lines).encode()
    given = {"kind": kind, **options}
    load(conn, Payload("files", f"{kind}.csv", datetime(2026, 6, 1, tzinfo=UTC), body=body, options=given))


def seven(conn: psycopg.Connection, data: Path) -> list[Split]:
    """The seven's raw closes to the end of 2023 and the splits of the reference: how each close moved across them."""
    for symbol in SEVEN:
        alpha_vantage(conn, data / RAW.format(symbol), symbol, "XNAS", "TIME_SERIES_DAILY")
    with (data / "reference" / "splits_mag7.csv").open() as opened:
        splits = list(csv.DictReader(opened))
    rows = [f"{row['symbol']},{row['effective_date']},split,{row['factor']}" for row in splits]
    file(conn, "actions", ["symbol,ex_date,kind,value", *rows])
    found = []
    for symbol in SEVEN:
        raw, adjusted = series(conn, symbol, "none"), series(conn, symbol, "splits")
        ratios = {
            date.fromisoformat(row["effective_date"]): row["factor"]
            for row in splits
            if row["symbol"] == symbol
        }
        days = sorted(raw)
        for before, day in itertools.pairwise(days):
            if day in ratios or (symbol, day) in REAL:
                found.append(
                    Split(
                        symbol, day, ratios.get(day, ""), move(raw[before], raw[day]),
                        move(adjusted[before], adjusted[day]),
                    )
                )  # fmt: skip
    return found


def series(conn: psycopg.Connection, symbol: str, adjust: str) -> dict[date, Decimal]:
    """Our closes by day."""
    return {row[0]: row[4] for row in prices(conn, symbol, adjust=adjust).rows}


def move(before: Decimal, now: Decimal) -> Decimal:
    """The change in per cent, to two decimals."""
    return (100 * (now / before - 1)).quantize(Decimal("0.01"))


def compare(
    symbol: str,
    against: str,
    convention: str,
    ours: dict[date, Decimal],
    theirs: dict[date, Decimal],
) -> Compared:
    """The largest difference over the days that both have."""
    days = sorted(ours.keys() & theirs.keys())
    assert days, f"{symbol}: no day in common with {against}"
    on = max(days, key=lambda day: abs(ours[day] - theirs[day]) / theirs[day])
    absolute = abs(ours[on] - theirs[on])
    return Compared(
        symbol, against, convention, days[0], days[-1], len(days), absolute, absolute / theirs[on], on
    )


def against_alpha_vantage(conn: psycopg.Connection, path: Path, symbol: str, mic: str) -> Compared:
    """`all` against the column adjusted_close of the same response."""
    alpha_vantage(conn, path, symbol, mic, "TIME_SERIES_DAILY_ADJUSTED")
    with path.open() as opened:
        theirs = {
            date.fromisoformat(row["timestamp"]): Decimal(row["adjusted_close"])
            for row in csv.DictReader(opened)
        }
    ours = series(conn, symbol, "all")
    return compare(symbol, "Alpha Vantage adjusted_close", "ex_close", ours, theirs)


def against_tiingo(conn: psycopg.Connection, data: Path) -> Compared:
    """`all` against adjClose, from Tiingo's raw bars, divCash and splitFactor."""
    with (data / TIINGO).open() as opened:
        rows = list(csv.DictReader(opened))
    day = {id(row): row["date"][:10] for row in rows}
    file(
        conn, "prices", ["symbol,date,open,high,low,close,volume"] + [
            ",".join(["AAPL", day[id(row)], *(row[name] for name in ("open", "high", "low", "close", "volume"))])
            for row in rows
        ], unit="USD", mic="XNAS",
    )  # fmt: skip
    acted = [f"AAPL,{day[id(row)]},dividend,{row['divCash']}" for row in rows if Decimal(row["divCash"])]
    acted += [
        f"AAPL,{day[id(row)]},split,{row['splitFactor']}" for row in rows if Decimal(row["splitFactor"]) != 1
    ]
    file(conn, "actions", ["symbol,ex_date,kind,value", *acted])
    theirs = {date.fromisoformat(day[id(row)]): Decimal(row["adjClose"]) for row in rows}
    return compare("AAPL", "Tiingo adjClose", "ex_close", series(conn, "AAPL", "all"), theirs)


def against_yahoo(conn: psycopg.Connection, data: Path, symbol: str) -> Compared:
    """Yahoo's Adj Close against its own closes by Yahoo's convention, 1 - D/C of the prior close, worked out here from
    our raw closes and our stored dividends. Both are put on each other on the last day in common: Yahoo's file goes
    on, with dividends that we do not have."""
    raw = series(conn, symbol, "none")
    with (data / YAHOO.format(symbol)).open() as opened:
        rows = {date.fromisoformat(row["Date"][:10]): row for row in csv.DictReader(opened)}
    days = sorted(raw.keys() & rows.keys())
    factors = prior_close({day: raw[day] for day in days}, dividends(conn, symbol))
    close = {day: Decimal(rows[day]["Close"]) for day in days}
    theirs = {day: Decimal(rows[day]["Adj Close"]) for day in days}
    last = days[-1]
    with localcontext(prec=40):
        ours = {day: close[day] * factors[day] * theirs[last] / close[last] for day in days}
    return compare(symbol, "Yahoo Adj Close", "prior_close", ours, theirs)


def dividends(conn: psycopg.Connection, symbol: str) -> dict[date, Decimal]:
    """The stored dividends that a stored session has reached, by ex-date."""
    rows = [
        dict(zip(found.columns, row, strict=True)) for found in [actions(conn, symbol)] for row in found.rows
    ]
    return {
        row["ex_date"]: Decimal(row["value"]) for row in rows if row["kind"] == "dividend" and row["applied"]
    }


def prior_close(raw: dict[date, Decimal], paid: dict[date, Decimal]) -> dict[date, Decimal]:
    """The factor of each day by Yahoo's convention: 1 - D/C of the last close before each later ex-date."""
    factor, found = Decimal(1), {}
    days = sorted(raw, reverse=True)
    with localcontext(prec=40):
        for day, before in itertools.zip_longest(days, days[1:]):
            found[day] = factor
            for ex_date, amount in paid.items():
                if before is not None and before < ex_date <= day:
                    factor *= 1 - amount / raw[before]
    return found


def reconcile(conn: psycopg.Connection, data: Path, forget: object) -> tuple[list[Split], list[Compared]]:
    """All comparisons; `forget` empties the warehouse between two sources of one symbol."""
    assert callable(forget)
    splits = seven(conn, data)
    forget(conn)
    compared = []
    for symbol in ("AAPL", "TSLA"):
        compared.append(against_alpha_vantage(conn, data / ADJUSTED.format(symbol), symbol, "XNAS"))
    compared.append(against_alpha_vantage(conn, data / IBM, "IBM", "XNYS"))
    forget(conn)
    compared.append(against_tiingo(conn, data))
    compared.append(against_yahoo(conn, data, "AAPL"))
    alpha_vantage(conn, data / MSFT, "MSFT", "XNAS", "TIME_SERIES_DAILY_ADJUSTED&datatype=json")
    compared.append(against_yahoo(conn, data, "MSFT"))
    return splits, compared


MSFT = "alphavantage/kevwk314_2018/Stocks_TimeSeriesDailyAdjusted.json"


HEAD = """\
# Our adjusted closes against the providers'

Made by `python -m tools.reconcile` from recorded responses; `tests/trust/test_reconciliation.py` works every figure
out again. Prices are stored as traded and adjusted when they are asked for, from the splits and dividends stored with
them.

## With splits and dividends

`ex_close` is what `--adjust all` gives: each dividend D scales what is before it by C/(C+D), C being the close on the
ex-date. `prior_close` is Yahoo's convention, 1 - D/C of the close before; it is worked out only here, from our stored
closes and dividends, on Yahoo's own closes, and put on Yahoo's figure on the last day in common. The largest difference
is the largest in proportion, on the day named. Our own prices are rounded to 10 digits, which is 5e-8 of a price of
200. Alpha Vantage's older file has 4 decimals, cut off rather than rounded, and before the split of 2014 more than once
(1.5e-4 at most). What remains against Yahoo is what factors rounded to 6 decimals leave.

| symbol | published | convention | days | from | to | largest difference | of the price | on |
|---|---|---|---:|---|---|---:|---:|---|
"""
ACROSS = """
## Across splits

The change of the close from the session before, in per cent: as traded, and with `--adjust splits`. A day without a
ratio is a real move that looks like a split, and stays.

| symbol | ex-date | ratio | as traded | adjusted |
|---|---|---:|---:|---:|
"""


def page(splits: Sequence[Split], compared: Sequence[Compared]) -> str:
    """The text of the page."""
    table = [
        f"| {c.symbol} | {c.against} | `{c.convention}` | {c.days:,} | {c.first} | {c.last} | {short(c.absolute)} "
        f"| {short(c.relative)} | {c.on} |\n" for c in compared
    ]  # fmt: skip
    moves = [f"| {s.symbol} | {s.ex_date} | {s.ratio} | {s.raw} | {s.adjusted} |\n" for s in splits]
    return "".join([HEAD, *table, ACROSS, *moves])


def short(value: Decimal) -> str:
    """Two significant digits."""
    return f"{value:.1e}" if value else "0"


def main() -> None:
    data = Path(os.environ.get("TICKER_CONVERTER_SHARED") or ROOT.parent / "shared" / "data")
    if not data.is_dir():
        sys.exit(f"no real data in {data}: TICKER_CONVERTER_SHARED names the folder")
    from tests.trust.acting import emptied

    directory = postgres.run_directory()
    try:
        server = postgres.start(directory, owner=os.getpid())
        with psycopg.connect(server.create("reconciled"), options="-c timezone=UTC") as conn:
            migrations.upgrade(conn)
            conn.autocommit = True
            splits, compared = reconcile(conn, data, emptied)
    finally:
        postgres.stop(directory)
    PAGE.write_text(page(splits, compared), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
