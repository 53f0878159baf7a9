"""The short ways of a large file: whole series that are new go into the facts as they come, and years of which every
bar is stored already go no further. The rest is staged, judged and merged like any other row.

A series takes a short way only if the screen cleared each of its bars, if they come in strict order of days, if nothing
of the instrument waits in quarantine or was answered there, and if its closes lie nearer together than any jump of
units: then no rule has anything to say. Where such a series goes on after others, the file is scattered, and none of it
may take a short way: it is loaded anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from hashlib import sha256

import polars as pl
import psycopg

from ticker_converter import sql
from ticker_converter.records import Counts
from ticker_converter.warehouse.merge import Load

#: Bars of its first piece from which on a file is worth a look: below, it is staged at once.
LARGE = 10_000
#: Closes of one series less than this many times apart hold no unit jump: the least is 75.
NARROW = 70
#: Bars of one instrument that wait for the end of its series; more are no series of days.
LONGEST = 100_000

NUMBERS = ("open", "high", "low", "close", "volume")
KEY, DAY = pl.col("instrument_id"), pl.col("day")


class Scattered(Exception):
    """A series that took a short way goes on after others: nothing of this load may stand."""


def settle(conn: psycopg.Connection) -> None:
    """After the commit of a large load (a load inside a larger transaction is left alone). No one waits for it but the
    one who imports, and it may fail: autovacuum does the same later."""
    if conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        with suppress(psycopg.Error):
            conn.execute(sql.load("warehouse/bulk_freeze"))


class Bulk:
    """Takes what it can out of a stream of screened bars; `counts` holds what it took."""

    def __init__(self, conn: psycopg.Connection, load: Load, source_id: int) -> None:
        self.conn, self.load, self.source_id = conn, load, source_id
        self.counts = Counts()
        self.short: set[int] = set()
        self.staged: set[int] = set()

    def sift(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The bars that remain to be staged."""
        kept: list[pl.DataFrame] = []  # of the last series, which may go on in the next frame
        for frame in frames:
            whole = pl.concat([*kept, frame])
            others = whole.select(KEY.ne_missing(KEY.last()).arg_true()).to_series()
            cut = int(others[-1]) + 1 if len(others) else 0
            if whole.height - cut > LONGEST:
                self.staged.add(whole["instrument_id"][-1])
                cut = whole.height
            kept = [whole.slice(cut)]
            yield from self._sifted(whole.head(cut))
        for whole in kept:
            yield from self._sifted(whole)

    def _sifted(self, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
        if not frame.height:
            return
        series = _series(frame)
        present = set(series["instrument_id"].drop_nulls().to_list())
        if present & self.short:
            raise Scattered
        able = series.filter(pl.col("fine") & ~KEY.is_in(list(self.staged & present)))
        new, known = self._told_apart(able)
        self._copy(frame.filter(KEY.is_in(new)) if new else frame.clear(), able.filter(KEY.is_in(new)))
        rest = frame.filter(~KEY.is_in(new)) if new else frame
        if known:
            rest = self._unknown(rest, able.filter(KEY.is_in(known)))
        self.short.update(new)
        self.staged |= present - self.short
        if rest.height:
            yield rest

    def _told_apart(self, able: pl.DataFrame) -> tuple[list[int], list[int]]:
        """The series of which nothing was ever stored, and those of which something is."""
        new, known = [], []
        if able.height:
            bounds = {row[0]: row[1:] for row in able.select("instrument_id", "low", "high").iter_rows()}
            for found, stored, waiting, low, high in self.conn.execute(
                sql.load("warehouse/bulk_known"), _spans(able)
            ).fetchall():
                if waiting:
                    continue
                if not stored:
                    new.append(found)
                elif low is None or _near(bounds[found], (low, high)):
                    known.append(found)
        return new, known

    def _copy(self, frame: pl.DataFrame, series: pl.DataFrame) -> None:
        """Store whole series as they stand."""
        if not frame.height:
            return
        facts = frame.select(
            "instrument_id", "date", pl.lit(self.load.load_id).alias("load_id"),
            pl.lit(self.source_id).alias("source_id"), "unit_id", "basis", *NUMBERS,
        )  # fmt: skip
        with self.conn.cursor() as cursor, cursor.copy(sql.load("warehouse/bulk_copy")) as copy:
            copy.write(facts.write_csv(include_header=False, quote_style="never").encode())
        spans = _spans(series) | {"bars": series["bars"].to_list()}
        self.conn.execute(sql.load("warehouse/bulk_coverage"), spans)
        self.counts += Counts(frame.height, inserted=frame.height)

    def _unknown(self, frame: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
        """The frame without the years that are stored word for word."""
        context = {"source_id": self.source_id, "known_from": self.load.known_from}
        stored = {
            (number, year): digest
            for number, year, digest in self.conn.execute(
                sql.load("warehouse/bulk_digests"), _spans(series) | context
            ).fetchall()
        }
        dated = frame.with_columns(DAY.dt.year().cast(pl.Int64).alias("year"))
        said = (
            dated.filter(KEY.is_in(series["instrument_id"].implode()))
            .select("instrument_id", "year", _line().alias("line"))
            .group_by("instrument_id", "year", maintain_order=True)
            .agg(pl.col("line").str.join("\n"))
        )
        same = [
            (number, year)
            for number, year, text in said.iter_rows()
            if stored.get((number, year)) == sha256(text.encode()).digest()
        ]
        if not same:
            return frame
        gone = pl.DataFrame(same, schema={"instrument_id": pl.Int64, "year": pl.Int64}, orient="row")
        rest = dated.join(gone, on=["instrument_id", "year"], how="anti", maintain_order="left").drop("year")
        self.short.update(number for number, _ in same)
        self.counts += Counts(frame.height - rest.height, unchanged=frame.height - rest.height)
        return rest


def _series(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per instrument: whether it may take a short way as far as its bars say, and their span."""
    starts = KEY.ne_missing(KEY.shift(1))
    level = pl.col("level")
    return (
        frame.with_columns(
            (starts | (pl.int_range(pl.len()) == 0)).alias("starts"),
            (pl.col("clean") & (starts | (DAY.shift(1) < DAY)).fill_null(True)).alias("fine"),
        )
        .group_by("instrument_id", maintain_order=True)
        .agg(
            pl.col("fine").all() & (pl.col("starts").sum() == 1) & (level.max() < NARROW * level.min()),
            DAY.min().alias("first"),
            DAY.max().alias("last"),
            level.min().alias("low"),
            level.max().alias("high"),
            pl.len().alias("bars"),
        )
        .with_columns(pl.col("fine").fill_null(False) & KEY.is_not_null())
    )


def _line() -> pl.Expr:
    """A bar as `bulk_digests` writes it; a number with needless zeros in front is written as no stored one is."""

    def plain(name: str) -> pl.Expr:
        text = pl.col(name).fill_null("")
        return (
            pl.when(text.str.contains(".", literal=True))
            .then(text.str.strip_chars_end("0").str.strip_chars_end("."))
            .otherwise(text)
        )

    return pl.concat_str("date", *map(plain, NUMBERS), "unit_id", "basis", separator=",")


def _spans(series: pl.DataFrame) -> dict[str, object]:
    return {
        "instruments": series["instrument_id"].to_list(),
        "firsts": series["first"].to_list(),
        "lasts": series["last"].to_list(),
    }


def _near(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> bool:
    return max(one[1], other[1]) < NARROW * min(one[0], other[0])
