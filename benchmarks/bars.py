"""Daily bars to measure with: random walks on the real sessions of New York, two decimals, from a fixed seed.

Only sizes and shapes matter here; correctness is tested on real data elsewhere.
"""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import polars as pl

from ticker_converter.market.sessions import sessions

SESSIONS = 7_560  # thirty years


def frame(rows: int, seed: int = 7) -> pl.DataFrame:
    """About `rows` bars in the columns of `import prices`, symbol by symbol in order of days."""
    days = [day for day, _ in sessions("XNYS", date(1993, 1, 1), date(2025, 12, 31))][:SESSIONS]
    noise = random.Random(seed)
    parts = []
    for number in range(max(1, round(rows / SESSIONS))):
        close, closes, opens = 50.0, [], []
        for _ in days:
            opens.append(round(close * noise.uniform(0.99, 1.01), 2))
            close = min(max(close * noise.gauss(1.0002, 0.015), 5.0), 300.0)
            closes.append(round(close, 2))
        part = pl.DataFrame({"date": days, "open": opens, "close": closes}).with_columns(
            pl.lit(f"B{number:05d}").alias("symbol"),
            (pl.max_horizontal("open", "close") * 1.01).round(2).alias("high"),
            (pl.min_horizontal("open", "close") * 0.99).round(2).alias("low"),
            pl.Series("volume", [noise.randrange(100_000, 10_000_000) for _ in days]),
        )
        parts.append(part.select("symbol", "date", "open", "high", "low", "close", "volume"))
    return pl.concat(parts)


def parquet(folder: Path, rows: int) -> Path:
    """The bars as a Parquet file."""
    path = folder / "bars.parquet"
    frame(rows).write_parquet(path)
    return path
