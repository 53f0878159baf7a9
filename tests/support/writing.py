"""Small imports for the tests of the write side, and what the database holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from ticker_converter.pipeline import Report, Run
from ticker_converter.records import Payload
from ticker_converter.warehouse import instruments

BARS = "symbol,date,open,high,low,close,volume"
RATES = "base,quote,date,rate"
ACTIONS = "symbol,ex_date,kind,value"

#: Columns that differ between two runs that did the same: ids of runs and loads, and clocks.
_ACCIDENTAL = {
    "load_id", "known_from", "known_to", "closed_by", "decided_at", "published_at", "version", "quarantine_id",
    "finding_id", "added_at", "instrument_id", "factor",
}  # fmt: skip


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A connection as the pipeline has it."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def at(text: str) -> datetime:
    """A moment in UTC: `2024-01-31` or `2024-01-31T12:00`."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def file(
    kind: str,
    content: str | bytes | Path,
    *,
    fetched_at: datetime | None = None,
    name: str = "given.csv",
    **options: str,
) -> Payload:
    """A file of `kind` (prices, rates, actions) as `import` hands it over."""
    body = content.encode() if isinstance(content, str) else content
    where = {"path": body} if isinstance(body, Path) else {"body": body}
    return Payload("files", name, fetched_at or datetime.now(UTC), options={"kind": kind, **options}, **where)


def load(conn: psycopg.Connection, *payloads: Payload, known_at: datetime | None = None) -> Report:
    """One run that loads payloads; its counts add up."""
    with Run(conn, "import", {}) as run:
        report = run.load_all(payloads, known_at)
    assert report.counts.balanced(), report.counts
    return report


def bars(
    conn: psycopg.Connection, rows: Iterable[str], *, unit: str = "USD", mic: str | None = None,
    fetched_at: datetime | None = None, known_at: datetime | None = None, header: str = BARS, basis: str = "raw",
) -> Report:  # fmt: skip
    """Import bars written as csv lines; `A,2024-01-02,10` alone stands for a bar at 10 all day."""
    lines = [_bar(row) if header == BARS else row for row in rows]
    options = {"unit": unit, "basis": basis} | ({"mic": mic} if mic else {})
    payload = file("prices", "\n".join([header, *lines]) + "\n", fetched_at=fetched_at, **options)
    return load(conn, payload, known_at=known_at)


def _bar(row: str) -> str:
    cells = row.split(",")
    return ",".join([*cells[:2], *[cells[2]] * 4, "1"]) if len(cells) == 3 else row


def rates(
    conn: psycopg.Connection, rows: Iterable[str], *, fetched_at: datetime | None = None,
    known_at: datetime | None = None, source: str = "files",
) -> Report:  # fmt: skip
    """Import rates written as csv lines."""
    payload = file("rates", "\n".join([RATES, *rows]) + "\n", fetched_at=fetched_at, source=source)
    return load(conn, payload, known_at=known_at)


def actions(
    conn: psycopg.Connection, rows: Iterable[str], *, known_at: datetime | None = None, header: str = ACTIONS
) -> Report:
    """Import splits and dividends written as csv lines."""
    return load(conn, file("actions", "\n".join([header, *rows]) + "\n", unit="USD"), known_at=known_at)


def listed(
    conn: psycopg.Connection, symbol: str, unit: str = "USD", mic: str | None = None, **more: object
) -> int:
    """Put a symbol on the list; its id."""
    found = instruments.add(conn, symbol, unit=unit, mic=mic, **more)  # type: ignore[arg-type]
    return found.instrument_id


def counts(report: Report) -> dict[str, int]:
    """The counts that are not zero, without `read`."""
    whole = report.as_dict()
    return {
        name: int(str(whole[name]))
        for name in ("inserted", "unchanged", "revised", "outranked", "quarantined")
        if whole[name]
    }


def held(conn: psycopg.Connection, state: str | None = "held") -> list[tuple[str, str, str]]:
    """(symbol, day, reason) of what is in quarantine, in order of arrival."""
    return [
        (symbol, str(day), reason)
        for symbol, day, reason in conn.execute(
            "SELECT symbol, day, reason FROM landing.quarantine WHERE state = coalesce(%s, state) "
            "ORDER BY symbol, day, quarantine_id",
            (state,),
        )
    ]


def evidence(conn: psycopg.Connection) -> list[dict[str, object]]:
    """The evidence of each held row, without its line."""
    rows = conn.execute("SELECT evidence - 'row' FROM landing.quarantine ORDER BY quarantine_id").fetchall()
    return [row[0] for row in rows]


def closes(conn: psycopg.Connection, symbol: str, known: datetime | None = None) -> dict[str, str]:
    """The closes of a symbol by day, as believed at `known`."""
    return {
        str(day): str(close)
        for day, close in conn.execute(
            "SELECT b.session, b.close FROM mart.instrument AS i, LATERAL mart.bars(i.instrument_id, '-infinity', "
            "'infinity', %s) AS b WHERE i.symbol = %s ORDER BY 1",
            (known, symbol),
        )
    }


TABLES = {
    "landing.quarantine": "symbol, day, kind, reason, row_key",
    "landing.finding": "rule, subject, day",
    "warehouse.fact_price": "symbol, session",
    "warehouse.fact_price_revision": "symbol, session, known_from, source_id",
    "warehouse.fact_price_outranked": "symbol, session, source_id",
    "warehouse.fact_fx_rate": "source_id, base, quote, rate_date",
    "warehouse.fact_fx_rate_revision": "source_id, base, quote, rate_date, known_from",
    "warehouse.fact_corporate_action": "symbol, kind, ex_date, type, pay_date",
    "warehouse.fact_corporate_action_revision": "symbol, kind, ex_date, type, pay_date, known_from",
    "warehouse.coverage": "symbol",
    "warehouse.dim_instrument": "symbol",
    "warehouse.instrument_unit": "symbol, valid_from",
    "warehouse.dim_date": "mic, session",
    "warehouse.dim_source": "source",
    "warehouse.state": "one",
}


def snapshot(conn: psycopg.Connection, *, exact: bool = True) -> dict[str, str]:
    """What the tables hold, a digest each. `exact`: every column; else without ids of runs and clocks, to compare
    two databases."""
    found: dict[str, str] = {}
    for table, order in TABLES.items():
        names = _columns(conn, table)
        joined = f"{table} AS t"
        if "instrument_id" in names and table != "warehouse.dim_instrument" and "symbol" in order.split(", "):
            symbol = "" if "symbol" in names else ", i.symbol"
            joined = (
                f"(SELECT t.*{symbol} FROM {table} AS t "  # noqa: S608
                "LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)) AS t"
            )
            if symbol:
                names = ["symbol", *names]
        kept = names if exact else [name for name in names if name not in _ACCIDENTAL]
        if not exact:  # the line of the file that came first, which of two at once may be either
            kept = ["evidence - 'row'" if name == "evidence" else name for name in kept]
        row = conn.execute(
            "SELECT count(*) || ' rows ' || coalesce(md5(string_agg("  # noqa: S608
            f"md5(ROW({', '.join(kept)})::text), ',' ORDER BY {order})), '') FROM {joined}"
        ).fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def _columns(conn: psycopg.Connection, table: str) -> list[str]:
    schema, name = table.split(".")
    return [
        row[0]
        for row in conn.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
            "ORDER BY ordinal_position",
            (schema, name),
        )
    ]


def weekdays(first: str, count: int, closed: Sequence[str] = ()) -> list[str]:
    """`count` weekdays from `first` on, without `closed`."""
    day = date.fromisoformat(first)
    found: list[str] = []
    while len(found) < count:
        if day.isoweekday() < 6 and str(day) not in closed:
            found.append(str(day))
        day += timedelta(1)
    return found
