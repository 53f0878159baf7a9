"""Results as the tables people work with: rows, data frames, CSV, Parquet, Arrow. Numbers stay exact decimals.

The libraries that some forms need (polars always comes along; pandas and pyarrow do not) are imported when asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ticker_converter.errors import Usage
from ticker_converter.queries.result import Result

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

PRECISION = 38
"Digits of the widest decimal of polars and Arrow; a column that needs more is given as text."


class Table:
    """One result, or several of the same shape under each other (`single` False: `to_dict` gives a list)."""

    def __init__(self, results: Iterable[Result], *, single: bool = True) -> None:
        self.results: Sequence[Result] = tuple(results)
        self.single = single

    @property
    def columns(self) -> list[str]:
        """The names of the columns, `symbol` first where there is one."""
        return self.results[0].flat()[0] if self.results else []

    @property
    def notes(self) -> list[str]:
        """What a person should know of the results, one line each."""
        return [note for result in self.results for note in result.notes]

    @property
    def receipts(self) -> list[dict[str, Any] | None]:
        """The receipt of each row, where receipts were asked for."""
        if "receipt" not in self.columns:
            return []
        return [values[-1] for values in self.values()]

    def values(self) -> Iterator[list[Any]]:
        """The rows as lists, in the order of `columns`."""
        for result in self.results:
            yield from result.flat()[1]

    def rows(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, values, strict=True)) for values in self.values()]

    def to_dict(self) -> dict[str, Any] | list[dict[str, Any]]:
        """What the command line prints as JSON: one object, or a list of them."""
        found = [result.as_dict() for result in self.results]
        return found[0] if self.single and len(found) == 1 else found

    def to_polars(self) -> polars.DataFrame:
        """A polars data frame: decimals as decimals, days as dates, a receipt as its JSON text."""
        polars = _library("polars", "polars")
        columns = list(zip(*self.values(), strict=True)) or [()] * len(self.columns)
        return polars.DataFrame(  # type: ignore[no-any-return]
            [_series(polars, name, cells) for name, cells in zip(self.columns, columns, strict=True)]
        )

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow table."""
        _library("pyarrow", "pyarrow")
        return self.to_polars().to_arrow()

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas data frame; exact numbers are Decimal objects there."""
        _library("pandas", "pandas")
        _library("pyarrow", "pyarrow")
        return self.to_polars().to_pandas()

    def __len__(self) -> int:
        return sum(len(result.rows) for result in self.results)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __repr__(self) -> str:
        about = ", ".join(" ".join(str(value) for value in result.keys.values()) for result in self.results)
        return f"<Table {about}: {len(self)} rows of {', '.join(self.columns)}>"


#: Columns with one meaning whatever is in them, so that an empty or all-null column keeps its type.
_DATES = {"date", "rate_date"}
_NUMBERS = {"open", "high", "low", "close", "volume", "rate"}


def _series(polars: Any, name: str, cells: Sequence[Any]) -> Any:
    found = next((cell for cell in cells if cell is not None), None)
    if isinstance(found, Decimal) or (found is None and name in _NUMBERS):
        scale, whole = _digits(cells)
        if scale + whole > PRECISION:
            return polars.Series(
                name, [None if cell is None else f"{cell:f}" for cell in cells], polars.String
            )
        return polars.Series(name, cells, polars.Decimal(PRECISION, scale))
    if isinstance(found, datetime):
        return polars.Series(name, cells, polars.Datetime("us", "UTC"))
    if isinstance(found, date) or (found is None and name in _DATES):
        return polars.Series(name, cells, polars.Date)
    if isinstance(found, bool):
        return polars.Series(name, cells, polars.Boolean)
    if isinstance(found, int):
        return polars.Series(name, cells, polars.Int64)
    if isinstance(found, dict | list):
        return polars.Series(
            name, [None if cell is None else as_json(cell).decode() for cell in cells], polars.String
        )
    return polars.Series(name, cells, polars.String)


def _digits(cells: Iterable[Any]) -> tuple[int, int]:
    """Places after the point, and digits before it, that hold every cell exactly."""
    scale = whole = 0
    for cell in cells:
        if cell is not None:
            scale = max(scale, -cell.as_tuple().exponent)
            whole = max(whole, cell.adjusted() + 1)
    return scale, whole


def as_json(value: object) -> bytes:
    """JSON with every Decimal as the number it is, digit for digit; days and times in ISO 8601."""
    import msgspec

    encoded: bytes = msgspec.json.Encoder(decimal_format="number").encode(value)
    return encoded


def _library(name: str, package: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Usage(f"this needs {package}: pip install 'ticker-converter[pandas]'") from None
