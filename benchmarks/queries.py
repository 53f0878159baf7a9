"""What reading costs beside the plainest reading of the same rows (PERFORMANCE: Q1, Q2, Q3, I3), and how daily appends
change it.

One embedded PostgreSQL with a warehouse of --symbols x --sessions (75 million bars: `--symbols 10000`, 8 GB of disk and
20 minutes). Limit and ours run in turn; times are those the server spends on a processor for the session, which others
at work on the machine disturb least. Ratios are taken round by round; the medians are printed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks import world
from ticker_converter import db, embedded, sql
from ticker_converter.queries.performers import performers

SCAN = "SELECT sum(p.close) FROM mart.price AS p"
WHOLE = """
WITH fx AS MATERIALIZED (
    SELECT u.unit_id, r.day, r.rate / u.per AS factor
    FROM (SELECT DISTINCT unit, currency FROM mart.instrument) AS i
    JOIN mart.price_unit AS u USING (unit)
    CROSS JOIN LATERAL mart.fx_rates(
        i.currency, 'EUR', %(first)s, %(last)s, '{files,ecb,alpha_vantage}', 7, NULL, 0, false, false) AS r
)
SELECT sum(p.close * f.factor) FROM mart.price AS p JOIN fx AS f ON f.unit_id = p.unit_id AND f.day = p.session
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--symbols, --sessions, --append and --rounds."""
    parser.add_argument("--symbols", type=int, default=200, help="instruments (default: 200)")
    parser.add_argument("--sessions", type=int, default=world.SESSIONS, help="of each (default: 7,560)")
    parser.add_argument("--append", type=int, default=60, help="sessions added day by day (default: 60)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (default: 5)")


def run(arguments: argparse.Namespace) -> str:
    """The table, as Markdown."""
    with tempfile.TemporaryDirectory(prefix="tc-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server's own user must reach it when root measures
        url = embedded.server(home)
        try:
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute("ALTER SYSTEM SET shared_buffers = '4GB'")
                admin.execute("CREATE DATABASE bench")
            embedded.stop(home)
            url = make_conninfo(embedded.server(home), dbname="bench")
            with psycopg.connect(url, autocommit=True) as conn:
                db.exact(conn)
                world.build(conn, arguments.symbols, arguments.sessions)
                return measure(conn, arguments.append, arguments.rounds)
        finally:
            embedded.stop(home)


def measure(conn: psycopg.Connection[Any], append: int, rounds: int) -> str:
    """The table of a warehouse that is there."""
    conn.execute("SET jit = off")
    conn.execute("SET max_parallel_workers_per_gather = 0")  # the time of other processes would not be seen
    bars, symbols, last = conn.execute(
        "SELECT sum(bars)::bigint, count(*), max(last_session) FROM mart.instrument"
    ).fetchone() or (0, 0, world.LAST)
    plain, converted = _series(conn, None), _series(conn, "GBP")
    one = [(_spent(conn, plain), _spent(conn, converted)) for _ in range(rounds)]
    words = {"first": date(1993, 1, 1), "last": last}
    whole = [
        (_spent(conn, lambda: conn.execute(SCAN)), _spent(conn, lambda: conn.execute(WHOLE, words)))
        for _ in range(min(rounds, 3))
    ]
    start = time.perf_counter()
    _top(conn)
    first = time.perf_counter() - start
    top = [_spent(conn, lambda: _top(conn)) for _ in range(rounds * 3)]
    recent = _recent(conn, last, rounds)
    days = []
    added: list[date] = []
    for _ in range(append):
        days.append(_spent(conn, lambda: added.extend(world.append(conn, (added or [last])[-1], 1))))
    later = _recent(conn, added[-1] if added else last, rounds)
    lines = [
        f"{bars:,} bars of {symbols:,} symbols, PostgreSQL {conn.info.server_version // 10000}, {rounds} rounds",
        "",
        "| question | plain, ms | ours, ms | ratio | goal |",
        "|---|---|---|---|---|",
        _row("one symbol, all sessions, as `prices` gives them: listing unit, and in GBP (Q1)", one, "≤ 1.3"),
        _row("the whole warehouse: a scan, and in EUR (Q2)", whole, "≤ 4"),
        f"| top ten, `performers` 30d all, first touch (Q3) | | {first * 1000:.0f} | | ≤ 50 |",
        f"| top ten, `performers` 30d all, warm (Q3) | | {median(top) * 1000:.1f} | | ≤ 5 |",
        f"| one more session of all symbols, stored and derived | | {median(days or [0]) * 1000:.0f} | | |",
        f"| last 250 sessions of a symbol, before and after {append} daily appends | {recent * 1000:.2f} | "
        f"{later * 1000:.2f} | {later / recent:.2f} | |",
    ]
    return "\n".join(lines)


def _row(label: str, found: list[tuple[float, float]], goal: str) -> str:
    plain, ours = median(a for a, _ in found), median(b for _, b in found)
    return f"| {label} | {plain * 1000:,.1f} | {ours * 1000:,.1f} | {median(b / a for a, b in found):.2f} | {goal} |"


def _series(conn: psycopg.Connection[Any], currency: str | None) -> Callable[[], object]:
    """The statement of `prices`, its rows thrown away by the server."""
    words = {
        "instrument_id": 1, "first": date.min, "last": date.max, "known_at": None, "basis": "r", "adjust": "none",
        "period": "day", "mic": "XNYS", "asked": currency is not None, "to": currency, "to_unit": currency,
        "to_per": 1, "sources": ["files", "ecb", "alpha_vantage"], "max_age": 7, "pegs": False,
        "receipts": False,
    }  # fmt: skip
    (unit,) = conn.execute("SELECT unit FROM mart.instrument WHERE instrument_id = 1").fetchone() or ("USD",)
    if currency is None:
        words |= {"to": unit, "to_unit": unit, "to_per": 1}
    statement = b"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) " + sql.load("queries/prices").encode()
    return lambda: conn.execute(statement, words)


def _top(conn: psycopg.Connection[Any]) -> None:
    performers(conn, currency="EUR", window="30d", adjust="all")


def _recent(conn: psycopg.Connection[Any], last: date, rounds: int) -> float:
    """The last 250 sessions of one symbol after another, so that no page of the next is at hand."""
    number = iter(range(1, 1000, 4))

    def read() -> None:
        conn.execute(
            "SELECT session, close FROM mart.price WHERE instrument_id = %s AND session <= %s"
            " ORDER BY session DESC LIMIT 250", [next(number), last],
        ).fetchall()  # fmt: skip

    return median(_spent(conn, read) for _ in range(min(rounds * 5, 40)))


def _spent(conn: psycopg.Connection[Any], act: Callable[[], object]) -> float:
    """Seconds the session's process spends on a processor; wall time where the system does not tell."""
    stat = Path(f"/proc/{conn.info.backend_pid}/schedstat")
    if not stat.exists():
        start = time.perf_counter()
        act()
        return time.perf_counter() - start
    before = int(stat.read_text().split()[0])
    act()
    return (int(stat.read_text().split()[0]) - before) / 1e9
