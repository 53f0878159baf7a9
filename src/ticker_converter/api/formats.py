"""The same rows as JSON, CSV, Arrow or Parquet, as the caller accepts.

Numbers are exact in all four. Arrow and Parquet have one schema for a route, whatever the values: numbers are
decimal128(38, 20), and a value that does not fit is refused rather than rounded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Format:
    """`exact`: the same data give the same bytes under every version of the writer."""

    name: str
    media_type: str
    exact: bool


JSON = Format("json", "application/json", True)
CSV = Format("csv", "text/csv", True)
ARROW = Format("arrow", "application/vnd.apache.arrow.stream", False)
PARQUET = Format("parquet", "application/vnd.apache.parquet", False)
FORMATS = (JSON, CSV, ARROW, PARQUET)


@dataclass(frozen=True, slots=True)
class Table:
    """One answer: the JSON value, and the same as columns and rows. `numbers`: columns that are
    numbers in this answer alone."""

    document: Any
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    numbers: Set[str] = frozenset()


def choose(accept: str | None, asked: str | None) -> Format:
    """What `?format=` says, else the best of what Accept allows, JSON first; 406 if that is none of ours."""
    if asked is not None:
        found = next((one for one in FORMATS if asked in (one.name, one.media_type)), None)
    elif accept is None or not accept.strip():
        found = JSON
    else:
        wanted = _ranges(accept)
        best = max(FORMATS, key=lambda one: _quality(one, wanted))  # the first of equals
        found = best if _quality(best, wanted) > 0 else None
    if found is None:
        raise HTTPException(406, f"Offered are {', '.join(one.media_type for one in FORMATS)}.")
    return found


def _ranges(accept: str) -> dict[str, float]:
    ranges = {}
    for part in accept.split(","):
        media, *options = (text.strip().lower() for text in part.split(";"))
        quality = next((option[2:] for option in options if option.startswith("q=")), "1")
        try:
            ranges[media] = min(max(float(quality), 0.0), 1.0)
        except ValueError:
            ranges[media] = 0.0
    return ranges


def _quality(one: Format, wanted: dict[str, float]) -> float:
    """The most specific range that covers it decides."""
    family = one.media_type.partition("/")[0] + "/*"
    return next((wanted[each] for each in (one.media_type, family, "*/*") if each in wanted), 0.0)


def encode(form: Format, table: Table) -> bytes:
    """The body in that format."""
    if form is JSON:
        return _JSON.encode(table.document)
    if form is CSV:
        return _csv(table)
    buffer = io.BytesIO()
    frame = _frame(table)
    if form is ARROW:
        frame.write_ipc_stream(buffer)
    else:
        frame.write_parquet(buffer)
    return buffer.getvalue()


_JSON = msgspec.json.Encoder(decimal_format="number")


def _csv(table: Table) -> bytes:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(table.columns)
    write.writerows([_cell(value) for value in row] for row in table.rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = _text(value) or ""
    # A spreadsheet runs a cell that opens like this; names and symbols are provider text.
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | dict | bool):
        return _JSON.encode(value).decode()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


_NUMBERS = {
    "open", "high", "low", "close", "volume", "rate", "amount", "result", "local", "fx", "total", "local_close",
    "average_return", "median_return", "turnover", "best_return", "worst_return", "quantity", "price", "local_value",
    "converted", "from_value", "change", "cross", "action", "price_revision", "rate_revision",
}  # fmt: skip
_COUNTS = {
    "age_days", "bars", "sessions_behind", "rank", "instruments", "advancers", "decliners", "unchanged", "compared",
    "without_turnover", "left_out",
}  # fmt: skip
_DAYS = {
    "date", "rate_date", "on", "first_session", "last_session", "base_date", "price_date", "from_date", "pay_date",
    "valid_from", "valid_to", "effective",
}  # fmt: skip
_FLAGS = {"watched", "partial", "applied"}
_TIMES = {"known_at", "from_known_at"}


def _frame(table: Table) -> pl.DataFrame:
    # Imported when first needed: a worker that only ever sends JSON and CSV does without it.
    import polars as pl

    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    series = []
    for name, values in zip(table.columns, columns, strict=True):
        if name in _NUMBERS or name in table.numbers:
            for value in values:
                _fits(name, value)
            series.append(pl.Series(name, values, pl.Decimal(38, 20)))
        elif name in _COUNTS:
            series.append(pl.Series(name, values, pl.Int64))
        elif name in _DAYS:
            series.append(pl.Series(name, values, pl.Date))
        elif name in _FLAGS:
            series.append(pl.Series(name, values, pl.Boolean))
        elif name in _TIMES:
            series.append(pl.Series(name, values, pl.Datetime("us", "UTC")))
        else:
            series.append(pl.Series(name, [_text(value) for value in values], pl.String))
    return pl.DataFrame(series)


def _fits(name: str, value: Decimal | None) -> None:
    """Polars rounds what is below the scale without a word: 1E-21 became 0."""
    if not value:
        return
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if exponent < -20:  # zeros at the end do not count
        exponent += len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if value.adjusted() >= 18 or exponent < -20:
        raise HTTPException(406, f"A value of {name} does not fit decimal128(38, 20): ask for JSON or CSV.")
