"""Tables from files in pieces of about 30,000 rows, every cell as text: CSV by the chunk, Parquet by the slice.

A file is never held whole. What makes a piece unreadable (bytes that are no UTF-8, a quote never closed, a broken page)
makes the file unreadable: no piece is skipped. A line of more cells than the header has is no such thing: it goes on
with its text in the column `wrong`, to be held.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ticker_converter.errors import Unreadable, Usage
from ticker_converter.providers import bodies
from ticker_converter.providers.files_columns import Layout, layout, recognised
from ticker_converter.records import Payload

CHUNK = 2 * 1024 * 1024
LONGEST = 8 * CHUNK
"Bytes of the longest line, or of the longest quoted cell, that is looked for."
ROWS = 32 * 1024
"Rows of Parquet at once: 128 k took 417 MB at the peak of an import of ten million, for the same processor time."
MOST_ROWS = 1_000_000_000
_DELIMITERS = (",", ";", "\t", "|")


def csv_table(payload: Payload, head: bodies.Head) -> tuple[Layout, Iterator[pl.DataFrame]]:
    """The layout of a CSV file by its header, and its rows: `row` (the line, the header being the first) and a
    text column for each header, called by its position."""
    name = head.name
    data = head.data.removeprefix(bodies.BOM)
    if data.lstrip()[:1] in (b"{", b"["):
        raise Unreadable(
            f"{name}: is JSON, not CSV or Parquet; a provider's response goes in with `import payload`"
        )
    skipped = len(data) - len(data.lstrip(b"\r\n"))
    line, ended, _ = data[skipped:].partition(b"\n")
    if not ended and len(head.data) >= bodies.SNIFF:
        raise Unreadable(f"{name}: its first line is longer than {bodies.SNIFF // 1024} kB: not a table")
    if b"\r" in line.rstrip(b"\r"):
        raise Unreadable(f"{name}: its lines end with CR alone; save it with LF or CR LF")
    delimiter, headers = _header(name, line, payload.options)
    found = layout(name, headers, payload.options)
    start = len(head.data) - len(data) + skipped + len(line) + len(ended)
    if start >= len(head.data) and len(head.data) < bodies.SNIFF:
        raise Unreadable(f"{name}: has a header and no rows")
    first = data[:skipped].count(b"\n") + 2
    return found, _csv_pieces(payload, name, start, first, delimiter, len(headers))


def parquet_table(payload: Payload, head: bodies.Head) -> tuple[Layout, Iterator[pl.DataFrame]]:
    """The layout of a Parquet file by its schema, and its rows: `row` (the first is 1) and the columns used."""
    source: Path | io.BytesIO = payload.path if payload.path is not None else io.BytesIO(payload.body or b"")
    try:
        lazy = pl.scan_parquet(source, glob=False, hive_partitioning=False)
        types = lazy.collect_schema()
        rows = int(lazy.select(pl.len()).collect().item())
    except (PolarsError, PanicException, OSError, ValueError) as exc:
        raise Unreadable(f"{head.name}: is a broken or incomplete Parquet file ({_reason(exc)})") from exc
    found = layout(head.name, types.names(), payload.options)
    for column, position in found.at.items():
        kind = types.dtypes()[position]
        if kind.is_nested() or kind == pl.Object:
            raise Usage(f"{head.name}: column {column} holds {kind}, expected text, numbers or dates")
    if rows == 0:
        raise Unreadable(f"{head.name}: has columns and no rows")
    if rows > MOST_ROWS:
        raise Unreadable(f"{head.name}: claims {rows} rows; at most {MOST_ROWS} are read")
    kinds = {column: types.dtypes()[position] for column, position in found.at.items()}
    numbers = {column for column in found.schema.numbers if column in kinds and kinds[column].is_numeric()}
    dates = {column for column in found.schema.dates if kinds.get(column) in (pl.Date, pl.Datetime)}
    found = replace(found, typed=frozenset(numbers | dates))
    return found, _parquet_pieces(lazy, types, found, rows, head.name)


def _header(name: str, line: bytes, options: Mapping[str, str]) -> tuple[str, list[str]]:
    try:
        text = line.decode("utf-8").strip("\r")
    except UnicodeDecodeError as exc:
        raise Unreadable(f"{name}: its first line is not UTF-8 text; save it as UTF-8") from exc
    best: tuple[int, int, str, list[str]] | None = None
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        score = (recognised(cells, options), len(cells))
        if best is None or score > best[:2]:
            best = (*score, delimiter, cells)
    if best is None:
        raise Unreadable(f"{name}: its first line is no CSV header")
    return best[2], best[3]


def _csv_pieces(
    payload: Payload, name: str, start: int, first: int, delimiter: str, width: int
) -> Iterator[pl.DataFrame]:
    with payload.open() as stream:
        stream.seek(start)
        for chunk, last in _chunks(stream, name, first):
            if last and not chunk.endswith(b"\n"):
                tail = chunk.rpartition(b"\n")[2]
                if b'"' not in tail and tail.strip() and tail.count(delimiter.encode()) < width - 1:
                    raise Unreadable(f"{name}: its last line ends early: the file is cut short")
            table = _csv_frame(chunk, name, first, delimiter, width)
            lines = table.with_columns(pl.int_range(first, first + table.height, dtype=pl.Int64).alias("row"))
            yield _without_blank(lines, table.columns)
            first += table.height


def _without_blank(lines: pl.DataFrame, cells: Sequence[str]) -> pl.DataFrame:
    """Without lines of nothing but delimiters and spaces; all cells are looked at only where a first one is empty."""

    def blank(cell: str) -> pl.Expr:
        return pl.col(cell).str.strip_chars().fill_null("") == ""

    if not lines.select(blank(cells[0]).any()).item():
        return lines
    return lines.filter(~pl.all_horizontal(blank(cell) for cell in cells))


def _chunks(stream: IO[bytes], name: str, first: int) -> Iterator[tuple[bytes, bool]]:
    """Whole lines, about CHUNK bytes at a time. A line break inside quotes ends no line: before one that does, the
    quotes are even."""
    kept = b""
    while True:
        data = stream.read(CHUNK)
        if b"\0" in data:
            raise Unreadable(f"{name}: has a zero byte after its line {first}: binary data, not text")
        if not data:
            if kept.strip():
                yield kept, True
            return
        kept += data
        cut = _line_end(kept)
        if cut:
            yield kept[:cut], False
            kept = kept[cut:]
        elif len(kept) > LONGEST:
            raise Unreadable(
                f"{name}: has a line longer than {LONGEST // 2**20} MB, or a quote that is never closed"
            )


def _line_end(data: bytes) -> int:
    """The end of the last line that is whole, or 0."""
    quotes = data.count(b'"')
    cut = data.rfind(b"\n")
    end = len(data)
    while cut >= 0:
        quotes -= data.count(b'"', cut, end)
        if quotes % 2 == 0:
            return cut + 1
        end = cut
        cut = data.rfind(b"\n", 0, data.rfind(b'"', 0, cut))
    return 0


def _csv_frame(chunk: bytes, name: str, first: int, delimiter: str, width: int) -> pl.DataFrame:
    # A header of our own: without one polars takes the first line's number of cells for the table's.
    header = delimiter.join(map(str, range(width))).encode() + b"\n"
    try:
        return pl.read_csv(header + chunk, infer_schema=False, separator=delimiter)
    except (PolarsError, PanicException) as exc:
        until = first + chunk.count(b"\n")
        where = f"{name}: lines {first} to {until}"
        try:
            chunk.decode("utf-8")
        except UnicodeDecodeError as broken:
            line = first + chunk.count(b"\n", 0, broken.start)
            raise Unreadable(f"{name}: line {line} is not UTF-8 text; save the file as UTF-8") from exc
        try:
            return _careful(chunk.decode(), delimiter, width)
        except csv.Error as broken:
            raise Unreadable(f"{where}: are not readable CSV ({_reason(broken)})") from exc


def _careful(chunk: str, delimiter: str, width: int) -> pl.DataFrame:
    """What polars refuses, line by line. A line of more cells than the header has keeps the first of them and is told
    as `wrong`, unless the others are empty."""
    rows: list[list[str | None]] = []
    for cells in csv.reader(io.StringIO(chunk, newline=""), delimiter=delimiter, strict=True):
        told = None
        if any(cell.strip() for cell in cells[width:]):
            shown = delimiter.join(cells)[:200]
            told = json.dumps({"line": shown, "cells": len(cells), "header": width})
        some = [cell or None for cell in cells[:width]]
        rows.append([*some, *[None] * (width - len(some)), told])
    names = [*map(str, range(width)), "wrong"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _parquet_pieces(
    lazy: pl.LazyFrame, types: pl.Schema, found: Layout, rows: int, name: str
) -> Iterator[pl.DataFrame]:
    names = types.names()
    cells = [
        _as_text(pl.col(names[position]), types.dtypes()[position]).alias(str(position))
        for position in sorted(set(found.at.values()))
    ]
    for offset in range(0, rows, ROWS):
        try:
            table = lazy.slice(offset, ROWS).select(cells).collect()
        except (PolarsError, PanicException, OSError) as exc:
            raise Unreadable(f"{name}: rows from {offset + 1} on cannot be read ({_reason(exc)})") from exc
        yield table.with_columns(
            pl.int_range(offset + 1, offset + 1 + table.height, dtype=pl.Int64).alias("row")
        )


def _as_text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Decimals and integers exactly, floats by the shortest digits that give the same float (a float32 by its own), a
    moment as its date in its own time zone."""
    if isinstance(kind, pl.Datetime):
        return column.dt.date().dt.to_string("%Y-%m-%d")
    if isinstance(kind, pl.Date):
        return column.dt.to_string("%Y-%m-%d")
    return column.cast(pl.String)


def _reason(exc: BaseException) -> str:
    return " ".join(str(exc).split())[:100]
