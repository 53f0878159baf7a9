"""Tiingo: daily prices as traded, with the dividends and splits of each day in the same row, as JSON or csv.

No body of prices names its symbol (the URL does) or its currency, so no bar has a unit. Its adjusted columns are not
loaded: they are computed here. An empty list is no refusal, it is a window without a session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import quote, urlencode

from ticker_converter.errors import (
    BadKey,
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    QuotaSpent,
    Refused,
    TickerConverterError,
    Unreadable,
)
from ticker_converter.providers import answers, http
from ticker_converter.providers.base import Facts, Quota
from ticker_converter.records import Call, Listing, Parsed, Payload, Window

BASE_URL = "https://api.tiingo.com"
FIRST = date(1962, 1, 2)
_HOUR = 3600.0
_EXCHANGES = {
    "NASDAQ": "XNAS",
    "NYSE": "XNYS",
    "NYSE ARCA": "ARCX",
    "AMEX": "XASE",
    "NYSE MKT": "XASE",
    "BATS": "BATS",
}


class Tiingo:
    """One key, sent as a header. Settings: api_key, base_url, timeout, per_hour, per_day, per_month."""

    name: ClassVar[str] = "tiingo"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Tiingo",
        serves="daily prices of the United States with dividends and splits",
        basis={"prices": "raw", "dividends": "raw"},
        unit=None,
        time_zone="America/New_York",
        published="17:30 New York, corrections until 20:00",
        convention="ex_close",
        terms="https://www.tiingo.com/about/terms",
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._key = answers.key(settings)
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", None),
            per_minute=answers.limit(settings, "per_minute", None),
            per_hour=answers.limit(settings, "per_hour", 50),
            per_day=answers.limit(settings, "per_day", 1000),
            per_month=answers.limit(settings, "per_month", None),
            time_zone="America/New_York",
        )

    def quota(self) -> Quota:
        """As set; a free key has about 50 calls an hour and 1000 a day."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call from the window's start, or from a week before what is stored; it brings the actions too.
        listing: name and exchange."""
        if not symbol or kind not in ("prices", "listing"):
            return ()
        answers.needed(self._key, "Tiingo", "TIINGO_API_KEY")
        about = f"{self._base_url}/tiingo/daily/{quote(symbol, safe='')}"
        if kind == "listing":
            return (Call(self.name, "listing", about, symbol, "name and exchange"),)
        since = window.since
        if since is None:
            since = stored_until - timedelta(days=8) if isinstance(stored_until, date) else FIRST
        query = {"startDate": str(since)} | ({"endDate": str(window.until)} if window.until else {})
        url = f"{about}/prices?{urlencode({**query, 'format': 'json', 'resampleFreq': 'daily'})}"
        return (Call(self.name, "prices", url, symbol, f"prices and actions since {since}"),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        secret = http.Secret("token", self._key, header="Authorization", before="Token ")
        return answers.fetch(type(self), "Tiingo", call, secret, self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Prices in JSON or csv with their actions; the description of a ticker as a listing."""
        text, asked = answers.read(payload), answers.asked(payload)
        ticker = asked.after("tiingo", "daily")
        if (every := asked.query.get("resampleFreq", "daily").lower()) != "daily":
            return Parsed(message=f"{every} bars are landed, not loaded")
        if {"iex", "crypto", "fx", "news", "fundamentals"} & set(asked.path):
            return Parsed(message="an answer other than daily prices is landed, not loaded")
        if not text.startswith(("{", "[")):
            if _refuses(text):
                raise refusal(text, ticker)
            header, rows = answers.table(text, asked.name)
            if not {"date", "close"} <= set(header):
                raise Unreadable(
                    f"{asked.name}: is no csv known from Tiingo: its first line is {text[:60]!r}"
                )
            return _bars(rows, 2, asked.about(None, ticker))
        body = answers.loads(text, asked.name)
        if isinstance(body, dict):
            if (said := answers.words(body, "detail", "message", "error")) is not None:
                raise refusal(said, ticker)
            if "exchangeCode" in body and (named := answers.words(body, "ticker")):
                return _listing(body, asked.about(named, ticker))
            raise Unreadable(f"{asked.name}: is JSON of no kind known from Tiingo")
        listed = answers.rows(body, asked.name)
        if not listed:
            return Parsed(
                message=f"Tiingo has no bar of {ticker or asked.symbol or 'the symbol'} in the window"
            )
        if any("date" not in row or "close" not in row for row in listed):
            raise Unreadable(f"{asked.name}: is a list of no kind known from Tiingo")
        return _bars(listed, 1, asked.about(None, ticker))


def refusal(said: str, symbol: str | None) -> TickerConverterError:
    """Which refusal the words are; they come as `detail`, with 404, 429 or 200."""
    what, low = symbol or "the call", said.lower()
    if "not found" in low or "no such" in low:
        return NoSuchSymbol(f"Tiingo: knows no {what}")
    if "hourly" in low:
        return ProviderBusy("Tiingo: this hour's calls are spent; again in an hour", _HOUR)
    if "allocation" in low or "limit" in low:
        return QuotaSpent("Tiingo: the key's calls are spent (a day's, or a month's symbols); goes on later")
    if "token" in low or "authentication" in low or "credentials" in low:
        return BadKey("Tiingo: the key is missing or not accepted: check TIINGO_API_KEY")
    if "permission" in low or "subscri" in low:
        return NotEntitled(f"Tiingo: the key's plan does not serve {what}")
    return Refused(f"Tiingo: refused {what}: {answers.quoted(said)}")


def _refuses(text: str) -> bool:
    return "," not in text.partition("\n")[0] and bool(re.match(r"(error|you have|not found)", text, re.I))


def _bars(rows: Sequence[answers.Row], first: int, symbol: str) -> Parsed:
    bars, actions = [], []
    for number, row in enumerate(rows, start=first):
        day = row.get("date")
        bars.append(answers.bar(number, symbol, day, row))
        if not answers.is_zero(paid := answers.cell(row, "divCash")):
            actions.append(answers.action(number, symbol, day, "dividend", paid))
        if not answers.is_one(split := answers.cell(row, "splitFactor")):
            actions.append(answers.action(number, symbol, day, *answers.factor(split)))
    return answers.parsed(bars, actions)


def _listing(body: Mapping[str, object], symbol: str) -> Parsed:
    exchange = _EXCHANGES.get((answers.words(body, "exchangeCode") or "").upper())
    return Parsed(listings=(Listing(symbol, answers.words(body, "name"), exchange),))
