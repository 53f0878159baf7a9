"""`demo`: the bundled real sample through the whole pipeline, into an embedded database of its own, then shown, served.

It goes the way of any import (landing, judging, loading, publishing), so what it prints is what the warehouse says. It
never touches the configured database: its data lie in TICKER_CONVERTER_HOME/demo. A server that it started it stops.
"""

from __future__ import annotations

import argparse
import csv
import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from ticker_converter.cli import output, receipts

if TYPE_CHECKING:
    from ticker_converter.db import Connection
    from ticker_converter.records import Payload
    from ticker_converter.settings import Settings

SAMPLE = files("ticker_converter") / "sample"
TABLE = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
HOST = "127.0.0.1"
COLUMNS = ("symbol", "date", "close", "unit", "GBP", "rate", "rate_date", "source")


class Shown(NamedTuple):
    """What is printed of a share: sessions `first` to `last`, and the receipt of `on` in each of `currencies`."""

    symbol: str
    first: date
    last: date
    on: date
    currencies: tuple[str, ...]
    note: str


SHOWN = (
    Shown("AAPL", date(2020, 8, 27), date(2020, 9, 1), date(2020, 8, 28), ("GBP",),
          "one share became four on 2020-08-31"),
    Shown("BARC.L", date(2016, 6, 22), date(2016, 6, 27), date(2016, 6, 24), ("GBP", "EUR"),
          "quoted in pence, GBX: 100 to the pound; the United Kingdom voted on 2016-06-23"),
    Shown("4063.T", date(2023, 4, 6), date(2023, 4, 11), date(2023, 4, 10), ("GBP",),
          "Tokyo traded over Easter, the ECB published nothing from 2023-04-07 to 2023-04-10"),
)  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Load, print, serve."""
    from ticker_converter import embedded, settings

    configured = settings.load()
    own = replace(
        configured,
        ticker_converter_home=configured.ticker_converter_home / "demo",
        database_url=None,
        database_read_url=None,
    )
    found_running, me = embedded.running(own.ticker_converter_home) is not None, os.getpid()
    try:
        _load(own)
        _show(own)
        return 0 if args.no_serve else _serve(own, args.port)
    finally:
        # A worker that the HTTP server forks ends through here as well.
        if not found_running and os.getpid() == me:
            embedded.stop(own.ticker_converter_home)


def sample(now: datetime) -> Iterator[Payload]:
    """The sample's files as payloads, as `import rates`, `import prices` and `import actions` would land them."""
    yield _payload("eurofxref-hist.csv", now, kind="rates")
    for row in csv.DictReader((SAMPLE / "manifest.csv").read_text(encoding="utf-8").splitlines()):
        if row["kind"] == "prices":
            given = {name: row[name] for name in ("kind", "symbol", "mic", "unit", "basis")}
            yield _payload(row["file"], now, **given)
    yield _payload("actions.csv", now, kind="actions")


def _payload(name: str, now: datetime, **options: str) -> Payload:
    from ticker_converter.records import Payload

    return Payload("files", f"sample/{name}", now, (SAMPLE / name).read_bytes(), options=options)


def _load(own: Settings) -> None:
    from ticker_converter import connection, db, pipeline
    from ticker_converter.cli.session import Progress

    output.tell(f"the demo's database is in {own.ticker_converter_home}")
    with Progress() as progress:
        progress("starting the database")
        with connection.writer(own, "demo") as conn, db.translated("loading the sample"):
            conn.autocommit = True
            with pipeline.Run(conn, "demo", {}, progress) as flow:
                counts = flow.load_all(sample(datetime.now(UTC))).counts
    output.tell(
        f"read {counts.read:,} rows: {counts.inserted:,} inserted, {counts.unchanged:,} unchanged, "
        f"{counts.revised:,} revised, {counts.outranked:,} outranked, {counts.quarantined:,} quarantined"
    )


def _show(own: Settings) -> None:
    from ticker_converter import connection

    with connection.reader(own, "demo") as conn:
        output.say("Closes as traded, and in pounds at the rate of each day:", "")
        output.table(COLUMNS, [row for share in SHOWN for row in _rows(conn, share)])
        output.say("", *(f"{share.symbol}: {share.note}." for share in SHOWN))
        for share in SHOWN:
            for currency in share.currencies:
                output.say("", *_receipt(conn, share, currency))
    output.say(
        "",
        f"The ECB's table, to check against: {TABLE}",
        f"The bundled excerpt of it: {SAMPLE / 'eurofxref-hist.csv'}",
        "",
        "Ask it more, in this database:",
        f"  export TICKER_CONVERTER_HOME={shlex.quote(str(own.ticker_converter_home))}",
        "  ticker-converter prices AAPL --in GBP --adjust splits --receipts",
    )


def _rows(conn: Connection, share: Shown) -> Iterator[list[object]]:
    traded = _bars(conn, share, None)
    for day, bar in _bars(conn, share, "GBP").items():
        close, unit = traded[day]["close"], bar["receipt"]["from"]
        yield [share.symbol, day, close, unit, bar["close"], bar["rate"], bar["rate_date"], bar["source"]]


def _bars(conn: Connection, share: Shown, currency: str | None) -> dict[date, dict[str, Any]]:
    from ticker_converter.queries.prices import prices

    found = prices(
        conn,
        share.symbol,
        currency=currency,
        first=share.first,
        last=share.last,
        receipts=currency is not None,
    ).as_dict()
    return {bar["date"]: bar for bar in found["prices"]}


def _receipt(conn: Connection, share: Shown, currency: str) -> Iterator[str]:
    close, bar = _bars(conn, share, None)[share.on]["close"], _bars(conn, share, currency)[share.on]
    receipt = bar["receipt"]
    unit, per = receipt["from"], receipt["unit"]["from_per"]
    yield f"{share.symbol} on {share.on}: {close:f} {unit} = {bar['close']:f} {currency}. The receipt:"
    yield from (f"  {line}" for line in receipts.lines(receipt))
    steps = [f"{close:f}"] + ([f"/ {per}"] if per != 1 else [])
    for leg in receipt["legs"]:
        steps.append(f"{'/' if leg['use'] == 'inverse' else '*'} {leg['rate']:f}")
    yield f"  by hand: {' '.join(steps)} = {bar['close']:f}"


def _serve(own: Settings, port: int) -> int:
    from ticker_converter.api import server

    output.say("", f"Serving http://{HOST}:{port}/ and its API, http://{HOST}:{port}/docs. Ctrl-C ends it.")
    return server.run(replace(own, enable_metrics=False), HOST, port, 1)
