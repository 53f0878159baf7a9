"""Staging: a parser's frames of text become typed rows in this connection's temporary tables, by COPY.

Text that is no number or no date goes beside the row as `detail.bad`, for the judge; nothing is dropped, guessed or
rounded here. The tables empty themselves when the transaction ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

import polars as pl
import psycopg

from ticker_converter import sql
from ticker_converter.records import Place

#: What PostgreSQL's numeric reads and a market can mean: digits, a point, a small exponent. No NaN, no infinity.
NUMBER = r"^[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,2})?$"
#: The numbers of most files: no sign, no exponent, and never too long for exact decimals of 38 digits.
PLAIN = r"^[0-9]{1,15}(?:\.[0-9]{1,10})?$"
ISO_DATE = r"^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}$"
BASES = {"raw": "r", "splits": "s", "all": "a"}
VALUES = {"new": "value", "old": "value", "amount": "value"}
NUMBERS = ("open", "high", "low", "close", "volume")


class Resolve(Protocol):
    """(symbol as stated, unit as stated, MIC as stated) -> Place; raises Usage for what cannot be placed. `eras`: names
    that change their meaning, and on which days; such a row is placed by the last of them (`era`)."""

    eras: Mapping[str, Sequence[date]]

    def __call__(
        self, symbol: str | None, unit: str | None, mic: str | None, era: date | None = None
    ) -> Place: ...


def tables(conn: psycopg.Connection) -> None:
    """Make this connection's staging tables, once: to be told that seven are there takes 15 ms."""
    if conn.execute(sql.load("landing/stage_made")).fetchone() == (True,):
        return
    conn.execute(sql.load("landing/stage_tables"))


def clear(conn: psycopg.Connection) -> None:
    """Forget the verdicts on one kind of rows before the next kind of the same payload is judged."""
    conn.execute(sql.load("landing/stage_clear"))


def correction(
    conn: psycopg.Connection, instrument_id: int, day: date, fields: Mapping[str, Decimal]
) -> dict[str, Decimal | None]:
    """Stage a person's bar, on top of what is stored; returns its open, high, low and close."""
    words = dict.fromkeys(("open", "high", "low", "close", "volume")) | dict(fields)
    words |= {"instrument_id": instrument_id, "session": day}
    row = conn.execute(sql.load("landing/stage_correction"), words).fetchone() or (None, None, None, None)
    return dict(zip(("open", "high", "low", "close"), row, strict=True))


def suspects(conn: psycopg.Connection, instruments: Sequence[int] | None = None) -> None:
    """Stage the ends of every stored series (or of these instruments') in which a unit jump may be or was."""
    given = None if instruments is None else list(instruments)
    conn.execute(sql.load("landing/stage_suspects"), {"instruments": given})


def suspects_stored(conn: psycopg.Connection) -> None:
    """After the walk: what `suspects` had staged is stored."""
    conn.execute(sql.load("landing/suspects_stored"))


def staged_instruments(conn: psycopg.Connection) -> list[int]:
    """The instruments of the staged bars."""
    return [row[0] for row in conn.execute(sql.load("landing/staged_instruments")).fetchall()]


def corrected(conn: psycopg.Connection, instrument_id: int, day: date) -> bool:
    """Stage the key of a corrected bar; False if there is no correction."""
    words = {"instrument_id": instrument_id, "session": day}
    return conn.execute(sql.load("landing/stage_corrected"), words).rowcount > 0


def held(conn: psycopg.Connection, kind: str, ids: Sequence[int], factor: Decimal) -> int:
    """Stage quarantined rows again, of one kind (price, rate, action); `factor` multiplies a bar's prices."""
    return conn.execute(sql.load(f"landing/stage_held_{kind}"), {"ids": list(ids), "factor": factor}).rowcount


@dataclass(slots=True)
class Bars:
    """How many bars were staged, how many of them not proven to offend no rule about one row, and whether they came in
    strict order of instrument and day: then no two are of the same day, and neither the rule on duplicates nor a sort
    has anything to do."""

    rows: int = 0
    suspects: int = 0
    ordered: bool = True
    last: tuple[int, str] = (-1, "")

    def watch(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Look at the next frame on its way."""
        self.rows += frame.height
        self.suspects += int(frame["suspect"].sum())
        if not self.ordered or not frame.height:
            return frame
        key, day = pl.col("instrument_id"), pl.col("date")
        rising = (key > key.shift(1)) | ((key == key.shift(1)) & (day > day.shift(1)))
        fine = frame.select(
            rising.slice(1).all(ignore_nulls=False) & key.is_not_null().all() & day.is_not_null().all()
        )
        first, end = frame.row(0, named=True), frame.row(-1, named=True)
        self.ordered = bool(fine.item()) and (first["instrument_id"], first["date"]) > self.last
        self.last = (end["instrument_id"], end["date"])
        return frame


def readable(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Bars whose cells are what COPY takes, or null with the cell in `bad`; `day` is the date as one, and `plain` tells
    that the numbers are digits and a point only. Asks nothing of the database."""
    plain = pl.all_horizontal(pl.col(name).str.contains(PLAIN).fill_null(True) for name in NUMBERS)
    for frame in frames:
        day = frame["date"].str.to_date("%Y-%m-%d", strict=False).alias("day")
        iso = day.dt.to_string("%Y-%m-%d").eq_missing(frame["date"]) & day.dt.year().is_between(1, 9999)
        if iso.all() and "wrong" not in frame.columns and frame.select(plain.all()).item():
            typed = frame.with_columns(
                pl.lit(None, dtype=pl.String).alias("bad"), day, pl.lit(True).alias("plain")
            )
        else:
            typed = _readable(frame, NUMBERS, ("date",))
            typed = typed.with_columns(
                pl.col("date").str.to_date("%Y-%m-%d").alias("day"), plain.alias("plain")
            )
        typed = typed.drop(
            "wrong", strict=False
        )  # told in `bad` now; pieces of one file are put together later
        yield typed.with_columns(pl.col("basis").fill_null("raw").replace_strict(BASES))


def placed(frames: Iterable[pl.DataFrame], resolve: Resolve) -> Iterator[pl.DataFrame]:
    """Readable bars with their instruments and units."""
    for frame in frames:
        yield _detailed(_placed(frame, resolve, "date")).drop("era", strict=False)


def bars(conn: psycopg.Connection, frames: Iterable[pl.DataFrame]) -> Bars:
    """Stage placed bars; those of a frame without the column `clean` are suspects all."""
    staged = Bars()

    def marked(frame: pl.DataFrame) -> pl.DataFrame:
        suspect = ~pl.col("clean") if "clean" in frame.columns else pl.lit(True)
        return staged.watch(frame.with_columns(suspect.alias("suspect")))

    _copy(
        conn,
        "price",
        map(marked, frames),
        ("row", "instrument_id", "date", "unit_id", "basis", *NUMBERS, "detail", "suspect"),
    )
    return staged


def rates(conn: psycopg.Connection, frames: Iterable[pl.DataFrame], source_id: Callable[[str], int]) -> int:
    """Stage rates; `source_id` gives the id of a publisher's name. Returns the number of rows."""

    def sourced(frame: pl.DataFrame) -> pl.DataFrame:
        ids = {name: source_id(name) for name in frame["source"].unique() if name}
        return frame.with_columns(
            pl.col("source").replace_strict(ids, default=None, return_dtype=pl.Int64).alias("source_id")
        )

    return _copy(
        conn,
        "rate",
        (_detailed(sourced(_readable(frame, ("rate",), ("date",)))) for frame in frames),
        ("row", "source_id", "base", "quote", "date", "rate", "detail"),
    )


def actions(conn: psycopg.Connection, frames: Iterable[pl.DataFrame], resolve: Resolve) -> int:
    """Stage actions: a split's value becomes two numbers, new and old (`1/3`); returns the number of rows."""

    def split(frame: pl.DataFrame) -> pl.DataFrame:
        ratio = pl.col("kind").is_in(["split", "spinoff"])
        parts = pl.col("value").str.split_exact("/", 1).struct
        two = pl.col("value").str.contains(r"^[^/]+/[^/]+$")
        known = pl.col("kind").is_in(["split", "spinoff", "dividend"])
        return frame.with_columns(
            pl.when(ratio & two).then(parts[0]).when(ratio).then(pl.col("value")).alias("new"),
            pl.when(ratio & two)
            .then(parts[1])
            .when(ratio & pl.col("value").is_not_null())
            .then(pl.lit("1"))
            .alias("old"),
            pl.when(pl.col("kind") == "dividend").then(pl.col("value")).alias("amount"),
            pl.when(known).then(pl.col("kind")).alias("kind"),
            pl.when(~known).then(pl.col("kind")).alias("kind_text"),
            pl.col("type").fill_null(""),
        )

    numbers = ("new", "old", "amount")
    return _copy(
        conn,
        "action",
        (
            _detailed(
                _placed(
                    _readable(split(numbered), numbers, ("ex_date", "pay_date"), rename=VALUES),
                    resolve,
                    "ex_date",
                )
            ).with_columns(
                pl.col("pay_date").fill_null("infinity"),
                pl.col("basis").fill_null("raw").replace_strict(BASES),
            )
            for numbered in _numbered(frames)
        ),
        (
            "row",
            "instrument_id",
            "kind",
            "ex_date",
            "type",
            "pay_date",
            *numbers,
            "unit_id",
            "basis",
            "detail",
        ),
    )


def _numbered(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Actions that each have a row of their own: one row of a payload may state a split and a dividend. From the first
    that does on, they are counted."""
    last, counted = 0, False
    for frame in frames:
        counted = counted or bool(frame["row"].is_duplicated().any())
        if counted:
            frame = frame.with_columns(
                pl.int_range(last + 1, last + 1 + pl.len(), dtype=pl.Int64).alias("row")
            )
        last = max(last, int(frame["row"].max() or 0)) if frame.height else last  # type: ignore[arg-type]
        yield frame


def _placed(frame: pl.DataFrame, resolve: Resolve, day: str) -> pl.DataFrame:
    frame, by = _with_eras(frame, resolve.eras, day)
    keys = frame.select(*by).unique(maintain_order=True)
    places = [
        resolve(row["symbol"], row["unit"], row.get("mic"), row.get("era"))
        for row in keys.iter_rows(named=True)
    ]
    looked_up = keys.with_columns(
        pl.Series("instrument_id", [p.instrument_id for p in places], dtype=pl.Int64),
        pl.Series("unit_id", [p.unit_id for p in places], dtype=pl.Int64),
        pl.Series("unit_text", [p.unit_text for p in places], dtype=pl.String),
        pl.Series("mic_text", [p.mic_text for p in places], dtype=pl.String),
    )
    if looked_up.height == 1:  # most payloads are of one instrument
        return frame.with_columns(
            pl.lit(places[0].instrument_id, dtype=pl.Int64).alias("instrument_id"),
            pl.lit(places[0].unit_id, dtype=pl.Int64).alias("unit_id"),
            pl.lit(places[0].unit_text, dtype=pl.String).alias("unit_text"),
            pl.lit(places[0].mic_text, dtype=pl.String).alias("mic_text"),
        )
    return frame.join(looked_up, on=keys.columns, how="left", nulls_equal=True, maintain_order="left")


def _with_eras(
    frame: pl.DataFrame, eras: Mapping[str, Sequence[date]], day: str
) -> tuple[pl.DataFrame, list[str]]:
    """The columns that place a row; among them the last change of meaning of its name, where there is one."""
    by = ["symbol", "unit", *(["mic"] if "mic" in frame.columns else [])]
    if not eras or not frame["symbol"].unique().is_in(list(eras)).any():
        return frame, by
    when, era = pl.col(day).str.to_date("%Y-%m-%d", strict=False), pl.lit(None, dtype=pl.Date)
    for symbol, days in eras.items():
        for change in (date.min, *days):
            later = (pl.col("symbol") == symbol) & (when >= change)
            era = pl.when(later).then(pl.lit(change)).otherwise(era)
    return frame.with_columns(era.alias("era")), [*by, "era"]


def _readable(
    frame: pl.DataFrame, numbers: Sequence[str], dates: Sequence[str], rename: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Text columns to what COPY takes; what is neither empty nor readable goes to `bad`, as JSON by column."""
    names = (*numbers, *dates)
    text = frame.with_columns(pl.col(name).str.strip_chars() for name in names)
    fine = text.select(
        *(pl.col(name).str.contains(NUMBER) for name in numbers),
        *(
            pl.col(name).str.contains(ISO_DATE)
            & pl.col(name).str.to_date("%Y-%m-%d", strict=False).is_not_null()
            for name in dates
        ),
    )
    told = frame["wrong"] if "wrong" in frame.columns else None
    if told is None and all(fine[name].all() for name in names):
        return text.with_columns(pl.lit(None, dtype=pl.String).alias("bad"))
    bad = text.select(((pl.col(name) != "") & ~fine[name]).fill_null(False) for name in names)
    wrong = bad.select(pl.any_horizontal(names)).to_series()
    if told is not None:
        wrong |= told.is_not_null()
    cells = zip(
        bad.filter(wrong).iter_rows(named=True), frame.filter(wrong).iter_rows(named=True), strict=True
    )
    found = [
        json.dumps(
            {(rename or {}).get(name, name): _shown(row[name]) for name in names if flags[name]}
            | json.loads(row.get("wrong") or "{}")
        )
        for flags, row in cells
    ]
    return text.with_columns(
        *(pl.when(fine[name]).then(pl.col(name)).alias(name) for name in names),
        _scattered("bad", wrong, found),
    )


def _detailed(frame: pl.DataFrame) -> pl.DataFrame:
    """With `detail`: what a row says that its columns cannot hold; null for most."""
    tests = [pl.col("bad").is_not_null()]
    if "unit_text" in frame.columns:
        tests += [pl.col("unit_text").is_not_null(), pl.col("instrument_id").is_null()]
    if "kind_text" in frame.columns:
        tests.append(pl.col("kind_text").is_not_null())
    wrong = frame.select(pl.any_horizontal(tests)).to_series()
    if not wrong.any():
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias("detail"))
    details = [_detail(row) for row in frame.filter(wrong).iter_rows(named=True)]
    return frame.with_columns(_scattered("detail", wrong, details))


def _scattered(name: str, where: pl.Series, values: Sequence[str]) -> pl.Series:
    column = pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(where))
    return column.scatter(where.arg_true(), pl.Series(values, dtype=pl.String))


def _shown(value: object) -> str:
    # PostgreSQL's jsonb refuses NUL; anything longer than a sentence is no evidence.
    return str(value).replace("\x00", "\\0")[:200]


def _detail(row: dict[str, object]) -> str:
    detail: dict[str, object] = {"symbol": _shown(row["symbol"])} if row.get("symbol") is not None else {}
    if row["bad"] is not None:
        detail["bad"] = json.loads(str(row["bad"]))
    if row.get("unit_text") is not None:
        detail["unit"] = _shown(row["unit_text"])
    if row.get("mic_text") is not None:
        detail["mic"] = _shown(row["mic_text"])
    if row.get("kind_text") is not None:
        detail["kind"] = _shown(row["kind_text"])
        if row["value"] is not None:
            detail["value"] = _shown(row["value"])
    return json.dumps(detail)


def _copy(conn: psycopg.Connection, kind: str, frames: Iterable[pl.DataFrame], columns: Sequence[str]) -> int:
    rows = 0
    with conn.cursor() as cursor:
        for frame in frames:
            if not frame.height:
                continue
            rows += frame.height
            with cursor.copy(sql.load(f"landing/copy_{kind}")) as copy:
                copy.write(frame.select(columns).write_csv(include_header=False).encode())
        if (
            rows > 1000
        ):  # a temporary table is never analysed by itself, and 1,000 rows are what the planner guesses
            cursor.execute(sql.load(f"landing/analyze_{kind}"))
    return rows
