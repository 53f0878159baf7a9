"""What passes between rooms: frozen records and the columns of staged rows. No I/O.

Numbers travel as the provider's own text and become PostgreSQL `numeric` in the database, so no binary float
ever holds a price or a rate. A parser yields *frames* (polars data frames of text columns), because a file of a
million bars and a response of a hundred then take the same road; `bar_frame` and its sisters make one from rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

import polars as pl

Basis = Literal["raw", "splits", "all"]
Kind = Literal["prices", "rates", "actions", "listing", "none"]

#: Staged columns. `row` is the row's 1-based position in the payload (a file's line counts its header).
#: Everything else is text exactly as published; dates are rewritten to ISO 8601 where the parser can read them and
#: left as published where it cannot. A missing value is null. A frame may have one more column, `wrong`: what makes a
#: row unreadable, as JSON by field (`{"line": ...}`), null for the others.
BAR_COLUMNS = ("row", "symbol", "date", "open", "high", "low", "close", "volume", "unit", "mic", "basis")
RATE_COLUMNS = ("row", "base", "quote", "date", "rate", "source")
ACTION_COLUMNS = ("row", "symbol", "ex_date", "kind", "value", "unit", "pay_date", "type", "basis")


def _schema(columns: Sequence[str]) -> dict[str, pl.DataType]:
    return {name: pl.Int64() if name == "row" else pl.String() for name in columns}


def bar_frame(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Bars as a frame of BAR_COLUMNS; keys left out are null. `symbol` is in the provider's spelling; `unit` is what
    the payload declares for the row, or null; `basis` is `raw` (as traded), `splits` or `all`."""
    return pl.DataFrame(list(rows), schema=_schema(BAR_COLUMNS), orient="row")


def rate_frame(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Rates as a frame of RATE_COLUMNS: one `base` is `rate` `quote` on `date`; `source` is the fixing's publisher."""
    return pl.DataFrame(list(rows), schema=_schema(RATE_COLUMNS), orient="row")


def action_frame(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Corporate actions as a frame of ACTION_COLUMNS: `kind` split (`value` new per old: `4`, `0.05`, `1/3`),
    spinoff (a price factor) or dividend (cash per share in `unit`; null: the instrument's own currency unit)."""
    return pl.DataFrame(list(rows), schema=_schema(ACTION_COLUMNS), orient="row")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose fixings a provider brings, as `warehouse.dim_source` keeps it: the currency that crosses go through (None:
    any common one), and by which clock, from what time of the day on, the rate of that day is final."""

    pivot: str | None = None
    time_zone: str = "UTC"
    final_at: timedelta = timedelta(hours=24)
    fixing: str | None = None
    "The moment that the rates are of, in words for receipts."


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a provider, before it is made. `url` holds no secret; the adapter adds the key when it sends."""

    provider: str
    kind: Kind
    url: str
    symbol: str | None = None
    "The provider's spelling of the instrument, where the call is about one."
    why: str = ""
    endpoint: str = ""
    """What a key must be entitled to, where that is one thing for all symbols (`TIME_SERIES_DAILY:full`): once refused,
    it is in the setting `premium` that the provider is made with, and nothing of it is asked for a week."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a provider sent, byte for byte, with where it came from.

    `request` is the URL without secrets, or a file's name. `options` are the importing person's words (unit, mic,
    basis, symbol, columns, date_format), needed to read the same bytes the same way again. A large local file is
    held as a `path` and never wholly in memory.
    """

    provider: str
    request: str
    fetched_at: datetime
    body: bytes | None = None
    path: Path | None = None
    content_type: str | None = None
    symbol: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    redacted: bool = False

    def open(self) -> IO[bytes]:
        """The bytes as a binary stream."""
        if self.path is not None:
            return self.path.open("rb")
        return BytesIO(self.body or b"")

    def read(self, limit: int = -1) -> bytes:
        """The bytes, or the first `limit` of them."""
        with self.open() as stream:
            return stream.read(limit)


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument as a provider describes it; `unit` is a price unit (`GBX`), `symbol` in the provider's spelling."""

    symbol: str
    name: str | None = None
    mic: str | None = None
    unit: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a payload says. Frames may be generators: a file is read once, in pieces.

    `message` is set, and no frame, when the payload holds nothing this warehouse loads (weekly bars, a live quote).
    `whole` names the action kinds of which the payload states the complete list for its symbol: what it no longer
    holds is then withdrawn; `about` is that symbol in the provider's spelling, because a list may be empty. `more` is
    the URL of the next page, without secrets, where the answer says that there is one.
    """

    bars: Iterable[pl.DataFrame] = ()
    rates: Iterable[pl.DataFrame] = ()
    actions: Iterable[pl.DataFrame] = ()
    listings: Sequence[Listing] = ()
    whole: frozenset[str] = frozenset()
    about: str | None = None
    message: str | None = None
    more: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows of one symbol go: the instrument (None: not known, the rows will be held) and its unit (None: the
    instrument's own of each day); `unit_text` is a stated unit that does not exist, `mic_text` such an exchange."""

    instrument_id: int | None
    unit_id: int | None = None
    unit_text: str | None = None
    mic_text: str | None = None


@dataclass(slots=True)
class Counts:
    """Where every row read ended (P5): read = inserted + unchanged + revised + outranked + quarantined."""

    read: int = 0
    inserted: int = 0
    unchanged: int = 0
    revised: int = 0
    outranked: int = 0
    quarantined: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def balanced(self) -> bool:
        """Whether the counts add up."""
        return self.read == (
            self.inserted + self.unchanged + self.revised + self.outranked + self.quarantined
        )


@dataclass(frozen=True, slots=True)
class Window:
    """What to fetch: sessions or fixings from `since` to `until`, both included; None is open."""

    since: date | None = None
    until: date | None = None


def days(first: date, last: date) -> Iterator[date]:
    """Each calendar day from first to last, both included."""
    return (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))
