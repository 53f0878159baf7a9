"""The definitions of docs/reference/analytics.md once more, in pandas and float: slower to write down than to trust."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd


def raw_closes(shared: Path, symbol: str) -> pd.DataFrame:
    """close and volume as traded, by day, oldest first."""
    path = shared / "prices" / "av_daily_full_raw_to_2023-12" / f"daily_{symbol}.csv"
    return pd.read_csv(path, index_col="timestamp")[["close", "volume"]].sort_index()


def split_factors(shared: Path, symbol: str, days: pd.Index) -> pd.Series:
    """S(d): the product of the splits after each day."""
    splits = pd.read_csv(shared / "reference" / "splits_mag7.csv")
    factors = pd.Series(1.0, index=days)
    for row in splits[splits["symbol"] == symbol].itertuples():
        factors[days < row.effective_date] *= row.factor
    return factors


def ecb_rates(shared: Path, base: str, quote: str, days: pd.Index) -> pd.Series:
    """quote per base on each day: the last published on or before it, seven days old at most."""
    with zipfile.ZipFile(shared / "ecb" / "eurofxref-hist_2026-04.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    published = {
        row["Date"]: float(row[quote]) / float(row[base])
        for row in csv.DictReader(io.StringIO(text))
        if row[base] != "N/A" and row[quote] != "N/A"
    }
    found = []
    for text in days:
        day = date.fromisoformat(text)
        ages = (str(day - timedelta(age)) for age in range(8))
        found.append(next((published[each] for each in ages if each in published), np.nan))
    return pd.Series(found, index=days)


def smoothed(values: pd.Series, n: int, weight: int) -> pd.Series:
    """The mean of the first n, then (weight x + (n-1) before)/(n-1+weight)."""
    out = pd.Series(np.nan, index=values.index)
    known = values.dropna()
    if len(known) < n:
        return out
    average = known.iloc[:n].mean()
    out[known.index[n - 1]] = average
    for day, x in known.iloc[n:].items():
        average = (weight * x + (n - 1) * average) / (n - 1 + weight)
        out[day] = average
    return out


def rsi(closes: pd.Series, n: int) -> pd.Series:
    """Wilder's relative strength index."""
    move = closes.diff()
    up, down = smoothed(move.clip(lower=0), n, 1), smoothed((-move).clip(lower=0), n, 1)
    return 100 * up / (up + down)


def everything(closes: pd.Series, volumes: pd.Series, benchmark: pd.Series) -> pd.DataFrame:
    """What `NAMES` ask for, of a series without holes."""
    change = closes.pct_change(fill_method=None)
    macd = smoothed(closes, 12, 2) - smoothed(closes, 26, 2)
    signal = smoothed(macd, 9, 2)
    middle, width = closes.rolling(20).mean(), closes.rolling(20).std(ddof=0)
    both = pd.DataFrame({"own": closes, "market": benchmark}).dropna().pct_change(fill_method=None)
    return pd.DataFrame(
        {
            "sma:20": middle,
            "ema:12": smoothed(closes, 12, 2),
            "rsi:14": rsi(closes, 14),
            "macd": macd,
            "macd_signal": signal,
            "macd_histogram": macd - signal,
            "volatility:30": change.rolling(30).std(),
            "volatility_annual:30": change.rolling(30).std() * np.sqrt(252),
            "drawdown": closes / closes.cummax() - 1,
            "beta:MSFT:60": both["own"].rolling(60).cov(both["market"]) / both["market"].rolling(60).var(),
            "bollinger_upper:20": middle + 2 * width,
            "bollinger_lower:20": middle - 2 * width,
            "volume:20": volumes.rolling(20).mean(),
        }
    )


NAMES = (
    "sma:20", "ema:12", "rsi:14", "macd", "volatility:30", "volatility_annual:30", "drawdown", "beta:MSFT:60",
    "bollinger:20", "volume:20",
)  # fmt: skip
