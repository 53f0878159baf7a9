"""Closes as a line of a terminal: a picture to look at, not data. It shows gaps as gaps and starts no axis at zero."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ticker_converter.cli.output import plain
from ticker_converter.queries.result import Result

HEIGHT = 12
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:#"


def closes(result: Result) -> Iterator[str]:
    """A column per session, or per group of sessions (their last close) where the terminal is narrower."""
    at = list(result.columns).index("close")
    known = [(row[0], row[at]) for row in result.rows]
    values = [value for _, value in known if value is not None]
    head = result.head
    yield f"{head['symbol']} close in {head['currency']}, {plain(known[0][0])} to {plain(known[-1][0])}"
    if not values:
        yield "no session could be converted"
        return
    low, high = min(values), max(values)
    labels = [_label(low + (high - low) * n / (HEIGHT - 1)) for n in range(HEIGHT)]
    margin = max(map(len, labels))
    columns = max(10, shutil.get_terminal_size().columns - margin - 3)
    points = list(_points([value for _, value in known], min(columns, len(known))))
    marks = _marks()
    for line in reversed(range(HEIGHT)):
        cells = "".join(_cell(point, low, high, line, marks) for point in points)
        yield f"{labels[line]:>{margin}} |{cells}".rstrip()
    yield f"{'':>{margin}} +{'-' * len(points)}"
    first, last = plain(known[0][0]), plain(known[-1][0])
    yield f"{'':>{margin}}  {first}{last:>{max(len(points) - len(first), len(last) + 1)}}"


def _points(values: Sequence[Decimal | None], columns: int) -> Iterator[Decimal | None]:
    for n in range(columns):
        part = values[n * len(values) // columns : (n + 1) * len(values) // columns]
        yield next((value for value in reversed(part) if value is not None), None)


def _cell(point: Decimal | None, low: Decimal, high: Decimal, line: int, marks: str) -> str:
    """How full the cell of this line is: the lowest close fills one mark, the highest all lines."""
    if point is None:
        return " "
    steps = len(marks) - 1
    filled = 1 if high == low else 1 + int((point - low) * (HEIGHT * steps - 1) / (high - low))
    return marks[max(0, min(steps, filled - line * steps))]


def _label(value: Decimal) -> str:
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"


def _marks() -> str:
    try:
        _EIGHTHS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _ASCII
    return _EIGHTHS
