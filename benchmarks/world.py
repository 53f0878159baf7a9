"""A warehouse of any size, put straight into the facts: what reading costs does not depend on how the bars came.

Sizes and shapes matter here and nothing else: prices follow a formula, so that every run has the same. Instruments
are on four exchanges and in four price units; rates are those of a source with the ECB's pivot, one per weekday. Bars
lie in order of symbol and day, as a first import leaves them; `append` adds sessions as a daily sync does.
"""

from __future__ import annotations

from datetime import date

import psycopg

from ticker_converter.market.sessions import sessions as calendar
from ticker_converter.warehouse import migrations, reference

PLACES = (("XNYS", "USD"), ("XLON", "GBX"), ("XTKS", "JPY"), ("XETR", "EUR"))
CURRENCIES = {"USD": "1.1234", "GBP": "0.8567", "JPY": "141.37", "CHF": "0.9432", "SEK": "11.234"}
SESSIONS = 7_560
CHUNK = 100
LAST = date(2025, 10, 31)

RUN = """
WITH run AS (INSERT INTO landing.run (command, state) VALUES ('benchmark', 'done') RETURNING run_id)
INSERT INTO landing.load (run_id, kind, known_from) SELECT run_id, 'load', '2026-01-01Z' FROM run RETURNING load_id
"""
INSTRUMENTS = """
INSERT INTO warehouse.dim_instrument (symbol, mic, name, providers)
SELECT 'B' || to_char(n, 'FM00000'), (%(mics)s::text[])[1 + n %% 4], 'Bench ' || n, '{files}'
FROM generate_series(0, %(symbols)s - 1) AS n ORDER BY n
"""
UNITS = """
INSERT INTO warehouse.instrument_unit (instrument_id, unit_id)
SELECT i.instrument_id, u.unit_id
FROM warehouse.dim_instrument AS i
JOIN unnest(%(mics)s::text[], %(units)s::text[]) AS p (mic, unit) ON p.mic = i.mic
JOIN warehouse.dim_price_unit AS u ON u.unit = p.unit
"""
RATES = """
INSERT INTO warehouse.fact_fx_rate (source_id, base, quote, rate_date, rate, load_id, known_from)
SELECT s.source_id, 'EUR', %(quote)s, d::date,
    round(%(rate)s::numeric * (1 + 0.2 * sin(extract(epoch FROM d) / 9e6)::numeric
        + (hashint4((d::date - date '1990-01-01')) %% 97) / 20000.0), 4),
    %(load)s, '2026-01-01Z'
FROM warehouse.dim_source AS s, generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d
WHERE s.source = 'ecb' AND extract(isodow FROM d) < 6
"""
BARS = """
INSERT INTO warehouse.fact_price (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
)
SELECT i.instrument_id, d.day, %(load)s, s.source_id, u.unit_id, 'r', p.x - (p.wave % 7) * 0.01, p.x + 1.25, p.x - 1.25,
    p.x + (p.wave % 11) * 0.01, 100000 + p.wave
FROM warehouse.dim_instrument AS i
JOIN warehouse.instrument_unit AS u USING (instrument_id)
JOIN warehouse.dim_source AS s ON s.source = 'files'
CROSS JOIN unnest(%(days)s::date[]) WITH ORDINALITY AS d (day, n)
CROSS JOIN LATERAL (
    SELECT abs(hashint4(i.instrument_id * 7919 + (d.day - date '1990-01-01'))) %% 1000000 AS wave) AS w
CROSS JOIN LATERAL (
    SELECT w.wave, ((20 + i.instrument_id %% 200) * 100 + (d.day - date '1990-01-01') / 3
        + w.wave %% 300)::numeric / 100 AS x) AS p
WHERE i.instrument_id BETWEEN %(first)s AND %(last)s
ORDER BY i.instrument_id, d.n
""".replace("(p.wave % ", "(p.wave %% ")
COVERAGE = """
INSERT INTO warehouse.coverage (instrument_id, first_session, last_session, bars)
SELECT i.instrument_id, %(first)s, %(last)s, %(bars)s FROM warehouse.dim_instrument AS i
ON CONFLICT (instrument_id) DO UPDATE
SET last_session = excluded.last_session, bars = warehouse.coverage.bars + %(bars)s
"""


def days(number: int, last: date = LAST) -> list[date]:
    """The last so many sessions of New York up to a day."""
    return [day for day, _ in calendar("XNYS", date(1993, 1, 1), last)][-number:]


def build(conn: psycopg.Connection, symbols: int, sessions: int = SESSIONS) -> None:
    """Fill an empty database: instruments, their bars in order of symbol and day, rates, coverage."""
    migrations.upgrade(conn)
    words = {"mics": [mic for mic, _ in PLACES], "units": [unit for _, unit in PLACES], "symbols": symbols}
    for mic, _ in PLACES:
        reference.ensure_calendar(conn, mic)
    conn.execute(INSTRUMENTS, words)
    conn.execute(UNITS, words)
    load = _load(conn)
    span = days(sessions)
    for quote, rate in CURRENCIES.items():
        conn.execute(
            RATES,
            {
                "quote": quote,
                "rate": rate,
                "load": load,
                "first": date(1993, 1, 1),
                "last": date(2026, 6, 30),
            },
        )
    conn.execute("ALTER TABLE warehouse.fact_price DROP CONSTRAINT fact_price_pkey")
    for first in range(1, symbols + 1, CHUNK):
        conn.execute(BARS, {"load": load, "days": span, "first": first, "last": first + CHUNK - 1})
    conn.execute("SET maintenance_work_mem = '1GB'")
    conn.execute("ALTER TABLE warehouse.fact_price ADD PRIMARY KEY (instrument_id, session)")
    conn.execute("RESET maintenance_work_mem")
    conn.execute(COVERAGE, {"first": span[0], "last": span[-1], "bars": len(span)})
    conn.execute("UPDATE warehouse.state SET published_at = '2026-01-01Z', version = 1")
    conn.execute("VACUUM ANALYZE")


def append(conn: psycopg.Connection, after: date, sessions: int) -> list[date]:
    """The next sessions, one publish a session: all instruments' bars of a day lie together."""
    new = [day for day, _ in calendar("XNYS", after, date(2030, 12, 31)) if day > after][:sessions]
    for day in new:
        with conn.transaction():
            conn.execute(BARS, {"load": _load(conn), "days": [day], "first": 1, "last": 2**31 - 1})
            conn.execute(COVERAGE, {"first": day, "last": day, "bars": 1})
            conn.execute("UPDATE warehouse.state SET version = version + 1")  # what closing a load does
    return new


def _load(conn: psycopg.Connection) -> int:
    row = conn.execute(RUN).fetchone()
    assert row is not None
    return int(row[0])
