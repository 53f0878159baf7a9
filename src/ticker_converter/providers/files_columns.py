"""Which column of a file is which: the three schemas of imported files, and the matching of headers.

Names are matched without regard to case and never guessed: a price column that is not called by its name is named with
`--columns`, and what is not used is reported by `Layout.ignored`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticker_converter.errors import Usage

_DATES = ("timestamp", "datetime")
"Other names of a date column: Alpha Vantage's and yfinance's."
_OTHERS = {"date": _DATES, "ex_date": ("date",)}
"Other names of a column; `date` is what `actions --format csv` calls the ex-date."


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one kind of file."""

    kind: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    numbers: tuple[str, ...]
    dates: tuple[str, ...]
    about_symbols: bool


SCHEMAS = {
    "prices": Schema(
        "prices", ("date", "open", "high", "low", "close"), ("symbol", "volume", "mic", "unit", "basis"),
        ("open", "high", "low", "close", "volume"), ("date",), True,
    ),
    "rates": Schema("rates", ("base", "quote", "date", "rate"), ("source",), ("rate",), ("date",), False),
    "actions": Schema(
        "actions", ("ex_date", "kind", "value"), ("symbol", "unit", "pay_date", "type", "basis"),
        ("value",), ("ex_date", "pay_date"), True,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """The position of each column that is read, by its name in the schema, and the headers left out. `typed`: the
    columns of numbers and of dates that the file itself says hold such, whose text is therefore as it should be."""

    schema: Schema
    at: Mapping[str, int]
    width: int
    ignored: tuple[str, ...]
    typed: frozenset[str] = frozenset()


def schema(options: Mapping[str, str]) -> Schema:
    """The schema that `options["kind"]` names; Usage if it is none of the three."""
    kind = options.get("kind", "")
    if kind not in SCHEMAS:
        raise Usage(f"a file is imported as prices, rates or actions, not {kind!r}")
    return SCHEMAS[kind]


def layout(name: str, headers: Sequence[str], options: Mapping[str, str]) -> Layout:
    """Match a header; Usage naming the columns missing, those found, and how to say which is which."""
    wanted = schema(options)
    names = (*wanted.required, *wanted.optional)
    folded = [header.strip().casefold() for header in headers]
    at = _mapped(name, headers, folded, names, options.get("columns", ""))
    for column in names:
        if column in at:
            continue
        spellings = (column, *_OTHERS.get(column, ()))
        for spelling in spellings:
            found = [position for position, header in enumerate(folded) if header == spelling]
            if len(found) > 1:
                raise Usage(
                    f"{name}: has {len(found)} columns {spelling}: say which with --columns {column}=..."
                )
            if found:
                at[column] = found[0]
                break
    missing = [column for column in wanted.required if column not in at]
    if missing:
        raise Usage(_missing(name, wanted, missing, headers))
    if wanted.about_symbols and "symbol" not in at and not options.get("symbol"):
        raise Usage(f"{name}: says of no symbol: it has no column symbol; give --symbol")
    used = set(at.values())
    ignored = tuple(header.strip() or "(unnamed)" for n, header in enumerate(headers) if n not in used)
    return Layout(wanted, at, len(headers), ignored)


def recognised(headers: Sequence[str], options: Mapping[str, str]) -> int:
    """How many columns of the schema a header names: what tells the delimiter."""
    wanted = schema(options)
    known = {
        *wanted.required,
        *wanted.optional,
        *_DATES,
        *(right for _, right in _pairs(options.get("columns", ""))),
    }
    return sum(header.strip().casefold() in {word.casefold() for word in known} for header in headers)


def _pairs(columns: str) -> list[tuple[str, str]]:
    found = []
    for part in columns.split(","):
        if part.strip():
            left, sign, right = part.partition("=")
            if not sign or not left.strip() or not right.strip():
                raise Usage(f"--columns {columns!r}: write it as date=Date,close=Close, ours on the left")
            found.append((left.strip().casefold(), right.strip()))
    return found


def _mapped(
    name: str, headers: Sequence[str], folded: Sequence[str], names: Sequence[str], columns: str
) -> dict[str, int]:
    at: dict[str, int] = {}
    bare = [header.strip() for header in headers]
    for column, theirs in _pairs(columns):
        if column not in names:
            raise Usage(f"--columns {column}={theirs}: no such column here: known are {', '.join(names)}")
        if theirs in bare:
            at[column] = bare.index(theirs)
        elif theirs.casefold() in folded:
            at[column] = folded.index(theirs.casefold())
        else:
            raise Usage(f"{name}: has no column {theirs!r}; found: {_shown(headers)}")
    return at


def _missing(name: str, wanted: Schema, missing: Sequence[str], headers: Sequence[str]) -> str:
    listed = ", ".join(missing)
    text = f"{name}: has no column {listed}; found: {_shown(headers)}"
    if wanted.kind == "prices":
        form = ",".join(f"{column}=..." for column in missing)
        return f"{text}; if they have other names, give --columns {form}"
    return f"{text}; a file of {wanted.kind} has the columns {','.join(wanted.required)}"


def _shown(headers: Sequence[str]) -> str:
    words = ", ".join(header.strip() or "(unnamed)" for header in headers[:20])[:200]
    return "".join(c if c.isprintable() else " " for c in words) or "nothing"
