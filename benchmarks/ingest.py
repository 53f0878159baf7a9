"""Rows a second of `import prices` beside COPY of the same bars (PERFORMANCE: I1, I2, I4).

One embedded PostgreSQL, fsync on. Every round measures in turn: COPY text into a bare keyed table (the limit), COPY
text into a copy of fact_price with its key, the import into a fresh database (parsing, landing, every rule, revisions,
publishing, and the vacuum after it), the same import again with nothing changed, and the same values from another file:
CSV, in another spelling of the numbers. Ratios are taken round by round; the medians are printed. Processor seconds of
the server and of Python stand beside the wall clock, which on a busy machine says more of the machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import polars as pl
import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks import bars
from ticker_converter import embedded
from ticker_converter.pipeline import Run
from ticker_converter.records import Counts, Payload
from ticker_converter.warehouse import migrations

KEYED = """
DROP TABLE IF EXISTS keyed;
CREATE TABLE keyed (instrument_id integer, session date, open numeric, high numeric, low numeric, close numeric,
    volume numeric, PRIMARY KEY (instrument_id, session))
"""
LIKE_FACTS = """
DROP TABLE IF EXISTS like_facts;
CREATE TABLE like_facts (LIKE warehouse.fact_price INCLUDING ALL)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--rows and --rounds."""
    parser.add_argument("--rows", type=int, default=1_000_000, help="bars (default: 1,000,000)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds, of which the median counts (default: 3)"
    )


def run(arguments: argparse.Namespace) -> str:
    """The table, as Markdown."""
    with tempfile.TemporaryDirectory(prefix="tc-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server's own user must reach it when root measures
        file = bars.parquet(home, arguments.rows)
        data = pl.read_parquet(file)
        other = home / "bars.csv"
        data.with_columns(pl.col("open", "high", "low", "close").cast(pl.Decimal(12, 4))).write_csv(other)
        url = embedded.server(home / "server")
        try:
            rounds = [_round(url, file, other, data, number) for number in range(arguments.rounds)]
        finally:
            embedded.stop(home / "server")
    return _table(rounds, data.height)


def _round(url: str, file: Path, other: Path, data: pl.DataFrame, number: int) -> dict[str, float]:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE bench_{number}")
        version = str(admin.info.parameter_status("server_version"))
    conn = psycopg.connect(make_conninfo(url, dbname=f"bench_{number}"), autocommit=True)
    migrations.upgrade(conn)
    seconds = {"version": float(version.split()[0].split(".")[0])}
    numbered = data.select(
        pl.col("symbol").str.slice(1).cast(pl.Int32), "date", "open", "high", "low", "close", "volume"
    )
    used = _used(conn)
    seconds["limit"] = _copy(conn, KEYED, "COPY keyed FROM STDIN (FORMAT csv)", numbered)
    seconds["limit server"], seconds["limit python"] = _used(conn) - used, 0.0
    facts = numbered.select(
        "symbol", "date", *(pl.lit(1).alias(name) for name in ("load", "source", "unit")), pl.lit("r").alias("basis"),
        "open", "high", "low", "close", "volume",
    )  # fmt: skip
    seconds["facts"] = _copy(conn, LIKE_FACTS, "COPY like_facts FROM STDIN (FORMAT csv)", facts)
    conn.execute("DROP TABLE keyed, like_facts")
    same = Counts(data.height, unchanged=data.height)
    for way, path, expected in (
        ("first", file, Counts(data.height, inserted=data.height)), ("again", file, same), ("other", other, same),
    ):  # fmt: skip
        used, own, before = _used(conn), time.process_time(), _wal(conn)
        seconds[way] = _import(conn, path, expected)
        seconds[f"{way} server"], seconds[f"{way} python"] = _used(conn) - used, time.process_time() - own
        seconds[f"{way} wal"] = _wal(conn) - before
        if way == "again":  # before another payload lands
            seconds["bytes"] = _scalar(conn, STORED) / data.height
    conn.close()
    return seconds


STORED = """
SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('landing', 'warehouse', 'mart', 'access', 'ops', 'audit')
"""


def _copy(conn: psycopg.Connection, create: str, statement: str, data: pl.DataFrame) -> float:
    conn.execute(create)
    conn.execute("CHECKPOINT")
    text = data.write_csv(include_header=False).encode()
    start = time.perf_counter()
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)
    return time.perf_counter() - start


def _import(conn: psycopg.Connection, file: Path, expected: Counts) -> float:
    conn.execute("CHECKPOINT")
    start = time.perf_counter()
    with Run(conn, "benchmark", {}) as one:
        options = {"kind": "prices", "unit": "USD", "mic": "XNYS"}
        one.load_all([Payload("files", file.name, datetime.now(UTC), path=file, options=options)])
    seconds = time.perf_counter() - start
    if one.report.counts != expected:
        raise SystemExit(f"the import did not do its work: {one.report.counts}, expected {expected}")
    return seconds


def _used(conn: psycopg.Connection) -> float:
    """Processor seconds that the connection's server process has used."""
    fields = Path(f"/proc/{conn.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wal(conn: psycopg.Connection) -> float:
    return _scalar(conn, "SELECT pg_current_wal_insert_lsn() - '0/0'")


def _scalar(conn: psycopg.Connection, statement: str) -> float:
    row = conn.execute(statement).fetchone()
    assert row is not None
    return float(row[0])


def _table(rounds: list[dict[str, float]], rows: int) -> str:
    def middle(name: str) -> float:
        return median(one[name] for one in rounds)

    def ratio(name: str) -> float:
        return median(one["limit"] / one[name] for one in rounds)

    ways = [
        ("COPY text into a keyed table (the limit)", "limit", ""),
        ("COPY text into a table like fact_price", "facts", ""),
        ("import prices, first time (I1)", "first", "≥ 0.5"),
        ("import prices, nothing changed (I2)", "again", "≥ 0.7"),
        ("import prices, the same values as another file's (CSV)", "other", ""),
    ]
    lines = [
        f"{rows:,} bars from Parquet, PostgreSQL {middle('version'):.0f}, {len(rounds)} rounds in turn, medians",
        "",
        "| way | thousand rows a second | ratio to the limit | goal |",
        "|---|---|---|---|",
        *(
            f"| {label} | {rows / middle(name) / 1000:,.0f} | {ratio(name):.2f} | {goal} |"
            for label, name, goal in ways
        ),
        "",
        "| processor seconds | server | Python |",
        "|---|---|---|",
        *(
            f"| {label} | {middle(f'{name} server'):.1f} | {middle(f'{name} python'):.1f} |"
            for label, name, _ in ways
            if f"{name} server" in rounds[0]
        ),
        "",
        "| also | measured | goal |",
        "|---|---|---|",
        f"| WAL of the import that changes nothing (I2) | {middle('again wal') / 1024:,.0f} kB | < 1 MB |",
        f"| WAL of the same values from another file | {middle('other wal') / 1024:,.0f} kB | |",
        f"| bytes on disk per bar, everything included (I4) | {middle('bytes'):.0f} | ≤ 135 (18), ≤ 160 (15) |",
    ]
    return "\n".join(lines)
