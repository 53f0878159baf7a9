"""What the rate providers without a key have in common: one GET per window, and tables or JSON read strictly.

A table with a row too short, an unknown shape or a body that is no data is Unreadable; a cell that says nothing is no
rate; a number that is none goes on as published, for the judging to name. "Per 100" is divided by moving the decimal
point of the published text, so that no digit is lost or made.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

import polars as pl

from ticker_converter.errors import Unreadable
from ticker_converter.providers import bodies, http
from ticker_converter.providers.base import Quota
from ticker_converter.providers.dates import iso_dates
from ticker_converter.records import Call, Parsed, Payload, Publisher, Window, rate_frame

NONE = frozenset({"", "N/A", "n/a", "-", ".."})
"Cells that say there is no rate; `..` is the Bank of England's."
# The staging's own pattern of a number: what it does not match is held as published, so it is not moved here.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,2})?")

Rate = tuple[str | None, str | None, str | None, str | None]
"Base, quote, date as published, rate of one base."


class CentralBank:
    """A publisher of daily fixings that is asked by a window of days. A subclass has the data and two methods."""

    name: ClassVar[str]
    title: ClassVar[str]
    "What it is called in messages."
    parser_version: ClassVar[int] = 1
    publisher: ClassVar[Publisher]
    home: ClassVar[str]
    "Where it answers, unless NAME_BASE_URL says otherwise."
    first: ClassVar[date]
    "The first fixing that it serves."
    back: ClassVar[timedelta | None] = None
    "How far the first sync reaches back without --since; None: to the first fixing."
    overlap: ClassVar[timedelta] = timedelta(days=14)
    "At least the last five fixings are asked for again."
    span: ClassVar[timedelta | None] = None
    "Days that one call may cover; None: any number."
    speaks_in_bodies: ClassVar[bool] = False
    "Whether the body of a 4xx says what it is about."

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._base_url = str(settings.get("base_url") or self.home).rstrip("/")
        self._timeout = float(str(settings.get("timeout") or 30))

    def quota(self) -> Quota:
        """None is stated; one call a second is manners."""
        return Quota(per_second=1, time_zone=self.publisher.time_zone)

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """The calls for the window, or from two weeks before the last stored fixing until today."""
        if kind != "rates":
            return ()
        today = datetime.now(ZoneInfo(self.publisher.time_zone)).date()
        since = window.since
        if since is None and isinstance(stored_until, date):
            since = stored_until - self.overlap
        if since is None:
            since = today - self.back if self.back else self.first
        since, until = max(since, self.first), min(window.until or today, today)
        return tuple(
            Call(self.name, "rates", url, None, f"fixings from {start} to {end}")
            for start, end in self.windows(since, until)
            for url in self.urls(start, end)
        )

    def windows(self, since: date, until: date) -> Iterable[tuple[date, date]]:
        """The window in pieces that one call may cover, oldest first; none where it is empty."""
        while since <= until:
            end = until if self.span is None else min(until, since + self.span - timedelta(days=1))
            yield since, end
            since = end + timedelta(days=1)

    def urls(self, since: date, until: date) -> Sequence[str]:
        """The URLs that bring one piece."""
        raise NotImplementedError

    def fetch(self, call: Call) -> Payload:
        """Make one call; ProviderUnavailable, ProviderBusy or Refused when it gives no body."""
        answer = http.get(
            call.url, provider=self.title, timeout=self._timeout, speaks_in_bodies=self.speaks_in_bodies
        )
        return Payload(
            self.name, call.url, answer.received_at, answer.body, content_type=answer.content_type, symbol=call.symbol
        )  # fmt: skip

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """All rates of a body, in its order; `row` is the rate's position among them."""
        raise NotImplementedError


def text(payload: Payload) -> str:
    """The body as text."""
    return bodies.text(payload, bodies.whole(payload))


def table(payload: Payload, body: str) -> list[list[str]]:
    """The rows of a csv body that are not blank, cells stripped; Unreadable if it is not csv."""
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(body, newline=""), strict=True)
        ]
    except csv.Error as exc:
        raise Unreadable(f"{bodies.name(payload)}: is not readable csv ({exc}); cut short?") from exc
    return [row for row in rows if any(row)]


def records(payload: Payload, body: str, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a csv body by the names of its header, which must have the `needed` ones; one row at least."""
    name, rows = bodies.name(payload), table(payload, body)
    header = rows[0] if rows else []
    if not set(needed) <= set(header) or len(set(header)) < len(header):
        raise Unreadable(f"{name}: its header is not {', '.join(needed)} but {short(','.join(header))}")
    check_width(name, header, rows)
    if len(rows) < 2:
        raise Unreadable(f"{name}: holds a header and no rate")
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def check_width(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Unreadable unless each row has as many cells as the header."""
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise Unreadable(
                f"{name}: row {number} has {len(row)} cells, its header {len(header)}; cut short?"
            )


def as_json(payload: Payload, body: str) -> object:
    """The body as JSON whose numbers stay the published text."""
    name = bodies.name(payload)
    try:
        found: object = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as exc:
        reason = str(exc).partition("\n")[0][:100]
        raise Unreadable(f"{name}: is not complete JSON ({reason}); cut short?") from exc
    if "\\u" in body:
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError) as exc:
            raise Unreadable(f"{name}: holds half a character (a lone surrogate)") from exc
    return found


def objects(payload: Payload, found: object, what: str) -> list[dict[str, object]]:
    """A JSON list of objects; Unreadable if it is something else."""
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Unreadable(f"{bodies.name(payload)}: its {what} are not a list of objects")
    return found


def cell(payload: Payload, value: object) -> str | None:
    """A JSON value as published, without zero characters; None for null. Unreadable for a list, an object or a
    truth value."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(
            f"{bodies.name(payload)}: holds {short(str(value))} where a text or number should be"
        )
    return value.replace("\0", "\\0").strip()


def moved(rate: str | None, places: int) -> str | None:
    """The number with its decimal point moved `places` to the left, in all its digits: what 100 cost, as what one
    costs. A text that is no number comes back as it is."""
    if rate is None or not places or not _NUMBER.fullmatch(rate):
        return rate
    sign, digits, exponent = Decimal(rate).as_tuple()
    assert isinstance(exponent, int)
    return format(Decimal((sign, digits, exponent - places)), "f")


def per(rate: str | None, units: str | None) -> str | None:
    """What one costs, where so many `units` cost `rate`; exact for 1, 10, 100 ... and else `rate/units`, which the
    judging holds as no number."""
    if rate is None or units is None:
        return rate
    if re.fullmatch(r"10{0,6}", units):
        return moved(rate, len(units) - 1)
    return f"{rate}/{units}"


def frame(rates: Iterable[Rate], source: str, written_as: str | None = None) -> pl.DataFrame:
    """The rates that are some, numbered; dates are read as ISO, or as `written_as`, and else left as published."""
    kept = [rate for rate in rates if rate[3] is not None and rate[3] not in NONE]
    found = rate_frame(
        {"row": row, "base": base, "quote": quote, "date": day, "rate": rate, "source": source}
        for row, (base, quote, day, rate) in enumerate(kept, start=1)
    )
    return found.with_columns(iso_dates(found["date"], written_as))


def parsed(payload: Payload, rates: Iterable[Rate], source: str, written_as: str | None = None) -> Parsed:
    """The rates as a provider hands them on; a message where there are none."""
    found = frame(rates, source, written_as)
    if found.is_empty():
        return Parsed(message="holds no rate: nothing was published in its period")
    return Parsed(rates=[found])


def short(words: str) -> str:
    """A few printable characters of what was found, for a message."""
    return "".join(c if c.isprintable() else " " for c in words[:60]).strip()
