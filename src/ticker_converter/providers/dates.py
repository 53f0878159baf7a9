"""Published dates as ISO 8601 text, for a whole column at once.

A date that cannot be read stays as published: judging, not parsing, says what is wrong with a row.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from polars.exceptions import PolarsError

from ticker_converter.errors import Usage

_ISO = "%Y-%m-%d"
# yfinance tables carry the session's local midnight with its offset, '2023-04-14 00:00:00+09:00'; the date meant is the
# one written, not its UTC day.
_WRITTEN = (
    r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2}){0,2})?)?\s*$"
)
_COMPACT = r"^\s*(\d{8})\s*$"
_TIMES = ("%H", "%I", "%k", "%l", "%M", "%S", "%T", "%R", "%X", "%c", "%z", "%Z", "%s", "%f", "%+", "%r")


def iso_dates(column: pl.Series, written_as: str | None = None) -> pl.Series:
    """The column with every readable date as YYYY-MM-DD. Read are ISO dates, ISO date-times (their own local date),
    2023/12/29 and 20231229; or only `written_as`, a strftime format, where one is given."""
    if column.dtype != pl.String:
        return column
    if written_as is not None:
        return _format(column, written_as).fill_null(column)
    plain = column.str.to_date(_ISO, strict=False).dt.to_string(_ISO)
    if plain.eq_missing(column).all():
        return column
    spread = column.str.extract(_WRITTEN, 1).str.replace_all(r"[/.]", "-").str.to_date(_ISO, strict=False)
    dense = column.str.extract(_COMPACT, 1).str.to_date("%Y%m%d", strict=False)
    return spread.dt.to_string(_ISO).fill_null(dense.dt.to_string(_ISO)).fill_null(column)


def check_format(written_as: str) -> None:
    """Usage unless a day written in this strftime format can be read back."""
    probe = pl.Series([datetime(2024, 11, 25, 13, 5, 59, tzinfo=UTC)])
    try:
        found = _format(probe.dt.to_string(written_as), written_as).item()
    except PolarsError as exc:
        raise Usage(f"--date-format {written_as!r} is not a date format: write it as in %d/%m/%Y") from exc
    if found != "2024-11-25":
        raise Usage(
            f"--date-format {written_as!r} does not tell year, month and day: write it as in %d/%m/%Y"
        )


def _format(column: pl.Series, written_as: str) -> pl.Series:
    bare = column.str.strip_chars()
    if any(mark in written_as for mark in _TIMES):
        return bare.str.to_datetime(written_as, strict=False).dt.to_string(_ISO)
    return bare.str.to_date(written_as, strict=False).dt.to_string(_ISO)
