"""The screen before the judge: of a large file's bars it finds those of which it can prove that no rule about one row
offends; the SQL rules then read the others only.

It judges nothing: a bar that it does not clear is a suspect and nothing more, and one clause of it may be stricter than
the rule it stands for, never milder (a property test compares them over random bars). It compares exact decimals; text
that it cannot hold exactly is not cleared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl
import psycopg

from ticker_converter import sql

#: Holds every number that staging calls plain without rounding; what has a sign or an exponent is left to the rules.
EXACT = pl.Decimal(38, 10)
PRICES = ("open", "high", "low", "close")
#: The least ratio that a rule about units looks at is 75.
NARROW = 70

_open, _high, _low, _close = (pl.col(f"exact_{name}") for name in PRICES)
_readable = pl.all_horizontal(pl.col(f"exact_{name}").is_not_null() for name in PRICES)
_long_past = pl.col("day") < pl.col("fetched")

#: What clears a row of each rule about one row, and of the findings, by what the row itself says.
BY_ROW: dict[str, pl.Expr] = {
    "missing_field": _readable & pl.col("day").is_not_null(),
    "not_a_number": pl.col("bad").is_null() & pl.col("plain"),
    "not_positive": (_open > 0) & (_high > 0) & (_low > 0) & (_close > 0),
    "high_below_low": _high >= _low,
    "outside_high_low": (_close <= _high) & (_close >= _low),
    "negative_volume": pl.col("volume").is_null() | (pl.col("exact_volume") >= 0),
    "future_date": _long_past,
    "session_open": _long_past,
    "mixed_units": (_open <= _high) & (_open >= _low) & (_close <= _high) & (_close >= _low) & (_high < NARROW * _low),
    "findings": (_open <= _high) & (_open >= _low) & (pl.col("day").dt.weekday() <= 5),
}  # fmt: skip

#: The same, by what is known of its instrument.
BY_PLACE: dict[str, pl.Expr] = {
    "unit_mismatch": pl.col("unit_id") == pl.col("own_unit"),
    "unknown_currency": pl.col("unit_text").is_null() & pl.col("instrument_id").is_not_null(),
    "not_a_session": pl.col("covered_from").is_null() | (pl.col("day") < pl.col("covered_from"))
    | (pl.col("day") > pl.col("covered_to")) | pl.col("session"),
}  # fmt: skip


class Screen:
    """Adds a column `clean` to readable bars (`by_row`, which asks nothing of the database) and to placed ones
    (`by_place`); `level` is the close as an exact decimal. `fetched_at`: as the judge is told it."""

    def __init__(self, conn: psycopg.Connection, fetched_at: datetime) -> None:
        self.conn = conn
        # The rules look at the last two days before the fetch, in the session's time zone: two more are a margin.
        self.fetched = fetched_at.date() - timedelta(4)
        self.listing = pl.DataFrame(
            schema={"instrument_id": pl.Int64, "mic": pl.String, "covered_from": pl.Date, "covered_to": pl.Date,
                    "own_unit": pl.Int64}
        )  # fmt: skip
        self.sessions = pl.DataFrame(schema={"mic": pl.String, "day": pl.Date, "session": pl.Boolean})

    def by_row(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What the rows say themselves."""
        exact = frame.with_columns(
            pl.col(name).cast(EXACT, strict=False).alias(f"exact_{name}") for name in (*PRICES, "volume")
        ).with_columns(pl.lit(self.fetched).alias("fetched"))
        clean = exact.select(pl.all_horizontal(*BY_ROW.values()).fill_null(False)).to_series()
        return frame.with_columns(clean.alias("clean"), exact["exact_close"].alias("level"))

    def by_place(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What is known of their instruments and exchanges."""
        self._learn(frame["instrument_id"])
        told = (
            frame.select("instrument_id", "unit_id", "unit_text", "day")
            .join(self.listing, on="instrument_id", how="left", maintain_order="left")
            .join(self.sessions, on=["mic", "day"], how="left", maintain_order="left")
        )
        clean = told.select(pl.all_horizontal(*BY_PLACE.values()).fill_null(False)).to_series()
        return frame.with_columns(pl.col("clean") & clean)

    def _learn(self, instruments: pl.Series) -> None:
        unknown = instruments.drop_nulls().unique().sort()
        unknown = unknown.filter(~unknown.is_in(self.listing["instrument_id"].implode()))
        if unknown.is_empty():
            return
        rows = self.conn.execute(
            sql.load("validate/price/screen_listing"), {"instruments": unknown.to_list()}
        ).fetchall()
        found = pl.DataFrame(rows, schema=self.listing.schema, orient="row")
        self.listing = pl.concat([self.listing, found])
        for mic in found["mic"].drop_nulls().unique():
            if not (self.sessions["mic"] == mic).any():
                self.sessions = pl.concat([self.sessions, *self._calendar(mic)])

    def _calendar(self, mic: str) -> Iterator[pl.DataFrame]:
        rows = self.conn.execute(sql.load("validate/price/screen_sessions"), {"mic": mic}).fetchall()
        yield pl.DataFrame(
            {"mic": mic, "day": [row[0] for row in rows], "session": True}, schema=self.sessions.schema
        )
