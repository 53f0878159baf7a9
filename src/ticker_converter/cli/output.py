"""How data are printed: a table for people, JSON and CSV for programs. Numbers are printed digit for digit.

A terminal is shown no control character of someone else's text, and a spreadsheet no cell that it would compute.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO
from unicodedata import combining, east_asian_width

from ticker_converter.cli.words import flat
from ticker_converter.table import as_json

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def form(arguments: Namespace) -> str:
    """table, json or csv: as asked, else by whether a person is looking."""
    asked: str | None = arguments.format
    return asked or ("table" if sys.stdout.isatty() else "json")


def json(value: object) -> None:
    """One JSON document; over several lines where a person is looking."""
    text = as_json(value)
    if sys.stdout.isatty():
        from msgspec import json as msgspec_json

        text = msgspec_json.format(text, indent=2)
    write(text + b"\n")


def write(data: bytes) -> None:
    """Bytes to stdout, after what was printed before."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], to: TextIO | None = None) -> None:
    """Comma-separated values; text that a spreadsheet would take for a formula gets an apostrophe in front."""
    from csv import writer

    out = writer(to or sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows([_csv_cell(cell) for cell in row] for row in rows)


def _csv_cell(cell: object) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    if isinstance(cell, dict | list | tuple):
        return as_json(cell).decode()
    return plain(cell)


def plain(cell: object) -> str:
    """One value as text: no exponents, ISO 8601, nothing for nothing."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, list | tuple) and all(isinstance(part, str | int | Decimal) for part in cell):
        return ",".join(plain(part) for part in cell)
    if isinstance(cell, dict | list | tuple):
        return as_json(cell).decode()
    return str(cell)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Aligned columns, numbers to the right; a column without a single value is left out."""
    kept = [[*row] for row in rows]
    used = [n for n, _ in enumerate(columns) if any(row[n] is not None for row in kept)] or list(
        range(len(columns))
    )
    right = [
        any(isinstance(row[n], int | Decimal) and not isinstance(row[n], bool) for row in kept) for n in used
    ]
    cells = [[columns[n] for n in used], *([_short(row[n]) for n in used] for row in kept)]
    if sys.stdout.isatty():
        from ticker_converter.cli import painting

        if painting.table(cells, right):
            return
    widths = [max(_width(line[n]) for line in cells) for n in range(len(used))]
    lines = []
    for line in cells:
        padded = [
            " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    say(*lines)


def _short(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    return flat(plain(cell))


def facts(pairs: Mapping[str, Any]) -> None:
    """One fact a line, for a single object."""
    width = max(map(len, pairs), default=0)
    say(*(f"{name:{width}}  {flat(plain(value))}".rstrip() for name, value in pairs.items()))


def say(*lines: str) -> None:
    """Lines to stdout, in what the terminal can show."""
    encoding = sys.stdout.encoding or "utf-8"
    write("".join(f"{line}\n" for line in lines).encode(encoding, "replace"))


def tell(*lines: str) -> None:
    """Lines to the person, on stderr."""
    for line in lines:
        sys.stderr.write(f"ticker-converter: {flat(line)}\n")


def objects(
    arguments: Namespace, found: Sequence[Mapping[str, Any]], columns: Sequence[str], *, one: bool = False
) -> None:
    """Objects with the same fields: a list, or with `one` the only one of them; `columns` are the table's."""
    match form(arguments):
        case "json":
            json(found[0] if one else list(found))
        case "csv":
            names = list(found[0]) if found else list(columns)
            csv(names, ([row[name] for name in names] for row in found))
        case _:
            table(columns, ([row.get(name) for name in columns] for row in found))


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
