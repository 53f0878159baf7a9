"""Stooq: daily prices adjusted for splits and dividends, as csv, from its files and its download address.

Unofficial, off until UNOFFICIAL_SOURCES names it: it answers plain clients with a puzzle for browsers and HTTP 200,
and its download needs a key from behind a captcha. A body says neither symbol nor unit (its bulk files say the
symbol), so whoever imports one does. Nothing is turned back: there is no list of splits or dividends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlencode

import polars as pl

from ticker_converter.errors import (
    BadKey,
    NoSuchSymbol,
    NotEntitled,
    QuotaSpent,
    Refused,
    TickerConverterError,
    Unreadable,
    Usage,
)
from ticker_converter.providers import answers, bodies, http
from ticker_converter.providers.base import Facts, Quota, off
from ticker_converter.providers.dates import iso_dates
from ticker_converter.records import Call, Parsed, Payload, Window

BASE_URL = "https://stooq.com"
_PLAIN = {name.lower(): name for name in ("Date", "Open", "High", "Low", "Close", "Volume", "OpenInt")}
_BULK = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
_PERIODS = {"d": "daily", "w": "weekly", "m": "monthly", "q": "quarterly", "y": "yearly"}


class Stooq:
    """Settings: base_url, timeout, api_key, per_second, per_day, `enabled`."""

    name: ClassVar[str] = "stooq"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Stooq",
        serves="daily prices of several exchanges, in files",
        basis={"prices": "all"},
        unit=None,
        time_zone="Europe/Warsaw",
        published="the evening of the day; not stated",
        convention=None,
        terms="https://stooq.com/help/?q=7",
        official=False,
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._enabled = bool(settings.get("enabled"))
        self._key = answers.key(settings)
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", 1),
            per_minute=answers.limit(settings, "per_minute", None),
            per_day=answers.limit(settings, "per_day", 100),
            time_zone="Europe/Warsaw",
        )

    def quota(self) -> Quota:
        """A daily limit of hits is answered and not stated; 100 is a guess on the safe side."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call of the whole history, because each dividend changes all prices before it."""
        del window, stored_until
        if kind != "prices" or not symbol:
            return ()
        if not self._enabled:
            raise off(self.facts, self.name)
        url = f"{self._base_url}/q/d/l/?{urlencode({'s': symbol, 'i': 'd'})}"
        return (Call(self.name, "prices", url, symbol, "the whole history"),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        if not self._enabled:
            raise off(self.facts, self.name)
        return answers.fetch(type(self), "Stooq", call, http.Secret("apikey", self._key), self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Daily bars of a download or of a bulk file."""
        asked = answers.asked(payload)
        symbol = asked.query.get("s")
        if bodies.is_html(bodies.head(payload).data):
            raise NotEntitled("Stooq: answered with a web page (a puzzle for browsers), not with data")
        text = answers.read(payload)
        if "," not in text.partition("\n")[0]:
            raise refusal(text, symbol)
        if (period := asked.query.get("i", "d")) != "d":
            return Parsed(message=f"{_PERIODS.get(period, 'intraday')} bars are landed, not loaded")
        header, rows = answers.table(text, asked.name)
        if ",".join(header).upper() == _BULK:
            return _bulk(rows, asked)
        names = [_PLAIN.get(cell.lower()) for cell in header]
        if None in names or names[0] != "Date" or "Close" not in names:
            raise Unreadable(f"{asked.name}: is no csv known from Stooq: its first line is {text[:60]!r}")
        if not rows:
            return Parsed(
                message=f"Stooq has no bar of {symbol or asked.symbol or 'the symbol'} in the window"
            )
        plain = [
            {str(name).lower(): row[cell] for name, cell in zip(names, header, strict=True)} for row in rows
        ]
        about = asked.about(None, symbol)
        if not asked.known and not _daily([row["date"] for row in plain]):
            raise Usage(
                f"{asked.name}: its rows do not follow each other by a day: give --request with the URL it came from"
            )
        return answers.parsed(
            [
                answers.bar(number, about, row["date"], row, basis="all")
                for number, row in enumerate(plain, start=2)
            ]
        )


def refusal(said: str, symbol: str | None) -> TickerConverterError:
    """Which refusal the plain text is; it comes with HTTP 200."""
    what, low = symbol or "the call", said.lower()
    if "daily hits limit" in low:
        return QuotaSpent("Stooq: the hits of today are spent; goes on tomorrow")
    if "no data" in low or "brak danych" in low:
        return NoSuchSymbol(f"Stooq: has no data for {what}")
    if "apikey" in low or "api key" in low:
        return BadKey("Stooq: wants a key: set STOOQ_API_KEY, or import files")
    return Refused(f"Stooq: refused {what}: {answers.quoted(said)}")


def _bulk(rows: Sequence[Mapping[str, str]], asked: answers.Asked) -> Parsed:
    """Rows of bulk files, `AAPL.US,D,19840907,...`: the symbol is in the row."""
    periods = {row["<PER>"].strip() for row in rows}
    if periods - {"D"}:
        return Parsed(message=f"bars of period {', '.join(sorted(periods))} are landed, not loaded")
    names = {"open": "<OPEN>", "high": "<HIGH>", "low": "<LOW>", "close": "<CLOSE>", "volume": "<VOL>"}
    return answers.parsed(
        [
            answers.bar(number, row["<TICKER>"].strip().lower(), row["<DATE>"], row, names, basis="all")
            for number, row in enumerate(rows, start=2)
        ]
    )


def _daily(dates: Sequence[str]) -> bool:
    """Whether most rows follow each other within four days, as sessions do and weeks do not."""
    column = iso_dates(pl.Series(dates, dtype=pl.String)).str.to_date("%Y-%m-%d", strict=False)
    gaps = column.diff().dt.total_days().abs().drop_nulls()
    return len(gaps) == 0 or int((gaps <= 4).sum()) * 2 > len(gaps)
