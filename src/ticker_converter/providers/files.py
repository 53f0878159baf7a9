"""Files imported by hand: prices, rates and actions as CSV or Parquet, and the ECB's own files as rates.

`files` never fetches. The words of the importing person travel in the payload's options (kind, symbol, mic, unit,
basis, columns, date_format, source), so that the same bytes are read the same way again. Cells stay as written: NA and
TRUE are symbols, `nan` is left for the judging to name, and only a number's cell that says nothing is missing. A row
that cannot be read goes on with what is `wrong` with it, to be held; it keeps no other row out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import polars as pl

from ticker_converter.errors import Usage
from ticker_converter.providers import bodies, ecb, files_read
from ticker_converter.providers.base import Quota
from ticker_converter.providers.dates import check_format, iso_dates
from ticker_converter.providers.files_columns import Layout, schema
from ticker_converter.records import ACTION_COLUMNS, BAR_COLUMNS, RATE_COLUMNS, Call, Parsed, Payload, Window

#: In a column of numbers these say that there is none. In a column of symbols they are symbols.
MISSING = ("", "null", "NULL", "Null", "N/A", "n/a", "#N/A", "NA", "na", "None", "none", "-")
#: Options that stand for a column which the file has not, or for its empty cells.
GIVEN = ("symbol", "mic", "unit", "basis", "source")
BASES = ("raw", "splits", "all")
_COLUMNS = {"prices": BAR_COLUMNS, "rates": RATE_COLUMNS, "actions": ACTION_COLUMNS}


class Files:
    """Imported by hand: no calls, no quota."""

    name: ClassVar[str] = "files"
    parser_version: ClassVar[int] = 1

    def __init__(self, settings: Mapping[str, object]) -> None:
        del settings

    def quota(self) -> Quota:
        """No limit."""
        return Quota()

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """None: files are imported."""
        return ()

    def fetch(self, call: Call) -> Payload:
        """Never: Usage."""
        raise Usage(
            "the provider files is imported by hand: use `import prices`, `import rates` or `import actions`"
        )

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Read a file in pieces. The header is checked now, the rows as the frames are taken: Usage for a header or an
        option that does not fit, Unreadable for a file that is not what it should be."""
        kind = schema(payload.options).kind
        first = bodies.head(payload)
        if kind == "rates" and ecb.speaks(first.data):
            return ecb.ECB.parse(payload)
        if written_as := payload.options.get("date_format"):
            check_format(written_as)
        layout, pieces = _table(payload, first)
        frames = _frames(pieces, layout, payload, first.name)
        if kind == "rates":
            return Parsed(rates=frames)
        return Parsed(bars=frames) if kind == "prices" else Parsed(actions=frames)


def ignored_columns(payload: Payload) -> tuple[str, ...]:
    """The headers of a file that are not read, in its order (`Adj Close`, `OpenInt`, `(unnamed)`)."""
    first = bodies.head(payload)
    if payload.options.get("kind") == "rates" and ecb.speaks(first.data):
        return ()
    return _table(payload, first)[0].ignored


def _table(payload: Payload, first: bodies.Head) -> tuple[Layout, Iterator[pl.DataFrame]]:
    bodies.refuse(first, allow=(bodies.PARQUET,))
    if first.data.startswith(bodies.PARQUET):
        return files_read.parquet_table(payload, first)
    return files_read.csv_table(payload, first)


def _frames(
    pieces: Iterator[pl.DataFrame], layout: Layout, payload: Payload, name: str
) -> Iterator[pl.DataFrame]:
    options = payload.options
    basis = options.get("basis") or "raw"
    if basis not in BASES:
        raise Usage(f"--basis {basis!r}: expected {', '.join(BASES)}")
    whose: set[str] = set()
    for table in pieces:
        wrong = ("wrong",) if "wrong" in table.columns else ()
        frame = table.select(
            "row", *(_column(column, layout, options) for column in _COLUMNS[layout.schema.kind][1:]), *wrong
        )
        frame = frame.with_columns(
            iso_dates(frame[column], options.get("date_format"))
            for column in layout.schema.dates
            if column not in layout.typed or "date_format" in options
        )
        if wrong:
            frame = _doubted(frame, options)
        if layout.schema.about_symbols:
            _check_symbols(layout, table, options, whose, name)
            frame = _basis(frame, basis)
        if layout.schema.kind == "actions":
            frame = frame.with_columns(pl.col("kind").str.to_lowercase())
        if frame.height:
            yield frame


def _column(column: str, layout: Layout, options: Mapping[str, str]) -> pl.Expr:
    """A staged column: the file's cell, else the option of the same name, else null."""
    given = options.get(column) if column in GIVEN else None
    if column == "source":
        given = given or "files"
    position = layout.at.get(column)
    if position is None or (column == "symbol" and given):
        return pl.lit(given, dtype=pl.String).alias(column)
    if column in layout.typed:
        cell = pl.col(str(position))
        return (cell if given is None else cell.fill_null(given)).alias(column)
    cell = pl.col(str(position)).str.strip_chars()
    cell = (
        pl.when(cell.is_in(MISSING) if column in layout.schema.numbers else cell == "")
        .then(None)
        .otherwise(cell)
    )
    return (cell if given is None else cell.fill_null(given)).alias(column)


def _check_symbols(
    layout: Layout, table: pl.DataFrame, options: Mapping[str, str], whose: set[str], name: str
) -> None:
    """--symbol renames the one symbol that a file is about, never several."""
    position = layout.at.get("symbol")
    if not options.get("symbol") or position is None:
        return
    sound = table.filter(pl.col("wrong").is_null()) if "wrong" in table.columns else table
    whose.update(sound[str(position)].str.strip_chars().drop_nulls().unique().to_list())
    if len(whose) > 1:
        shown = ", ".join(sorted(whose)[:3])
        raise Usage(f"{name}: is about several symbols ({shown}), so --symbol cannot name it: leave it out")


def _doubted(frame: pl.DataFrame, options: Mapping[str, str]) -> pl.DataFrame:
    """Of a line with too many cells nobody knows which cell is which: it is of a symbol that sound lines beside it
    have, or of none, and says no exchange, unit, basis or source."""
    sound = pl.col("wrong").is_null()
    kept: list[pl.Expr] = []
    for column in frame.columns:
        if column == "symbol":
            known = frame.filter(sound)["symbol"].drop_nulls().unique()
            kept.append(pl.when(sound | pl.col("symbol").is_in(known.implode())).then("symbol"))
        elif column in GIVEN:
            default = "files" if column == "source" else None
            kept.append(pl.when(sound).then(column).otherwise(pl.lit(options.get(column) or default)))
    return frame.with_columns(kept)


def _basis(frame: pl.DataFrame, default: str) -> pl.DataFrame:
    """With the basis of each row; a row of no known basis is told as wrong and is of none."""
    found = frame["basis"].fill_null(default)
    known = found.is_in(BASES)
    if known.all():
        return frame.with_columns(found)
    wrong = [
        None if fine else json.dumps({"basis": (cell or "")[:200]})
        for cell, fine in zip(found, known, strict=True)
    ]
    told = pl.Series("wrong", wrong, dtype=pl.String)
    before = pl.col("wrong") if "wrong" in frame.columns else pl.lit(None, dtype=pl.String)
    return frame.with_columns(
        pl.when(known).then(found).alias("basis"), pl.coalesce(before, told).alias("wrong")
    )
