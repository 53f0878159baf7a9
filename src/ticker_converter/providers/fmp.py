"""Financial Modeling Prep: daily prices, splits and dividends, as flat JSON lists. Written after its documentation;
not run live.

Asked for is the series `non-split-adjusted`, which is as traded although its fields are called adjOpen to adjClose.
`full` is adjusted for splits and `dividend-adjusted` for both; which of them a body is, only its URL says. No body
says a unit. Lists of actions are cut by plan and limit, so none is taken for the whole list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from ticker_converter.errors import (
    BadKey,
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    QuotaSpent,
    Refused,
    TickerConverterError,
    Unreadable,
    Usage,
)
from ticker_converter.providers import answers, http
from ticker_converter.providers.base import Facts, Quota
from ticker_converter.records import Basis, Call, Parsed, Payload, Window

BASE_URL = "https://financialmodelingprep.com/stable"
_SERIES: Mapping[str, Basis] = {"non-split-adjusted": "raw", "full": "splits", "dividend-adjusted": "all"}
_ADJUSTED = {"open": "adjOpen", "high": "adjHigh", "low": "adjLow", "close": "adjClose"}


class FMP:
    """One key. Settings: api_key, base_url, timeout, per_minute, per_day."""

    name: ClassVar[str] = "fmp"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Financial Modeling Prep",
        serves="daily prices, splits and dividends",
        basis={
            "prices": "raw",
            "prices of full": "splits",
            "prices of dividend-adjusted": "all",
            "dividends": "raw",
        },
        unit=None,
        time_zone="the exchange's",
        published="after the close; not stated",
        convention=None,
        terms="https://site.financialmodelingprep.com/terms-of-service",
        seen="documented",
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._key = answers.key(settings)
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", None),
            per_minute=answers.limit(settings, "per_minute", None),
            per_day=answers.limit(settings, "per_day", 250),
            time_zone="America/New_York",
        )

    def quota(self) -> Quota:
        """As set; a free key has 250 calls a day."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call of the series as traded; actions: the lists of splits and of dividends."""
        if not symbol or kind not in ("prices", "actions"):
            return ()
        answers.needed(self._key, "Financial Modeling Prep", "FMP_API_KEY")
        if kind == "actions":
            return tuple(
                Call(
                    self.name, "actions", f"{self._base_url}/{what}?{urlencode({'symbol': symbol})}", symbol,
                    f"the list of {what}",
                )
                for what in ("splits", "dividends")
            )  # fmt: skip
        since = window.since
        if since is None and isinstance(stored_until, date):
            since = stored_until - timedelta(days=8)
        query = {"symbol": symbol} | ({"from": str(since)} if since else {})
        query |= {"to": str(window.until)} if window.until else {}
        url = f"{self._base_url}/historical-price-eod/non-split-adjusted?{urlencode(query)}"
        return (Call(self.name, "prices", url, symbol, f"prices since {since or 'five years ago'}"),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        secret = http.Secret("apikey", self._key)
        return answers.fetch(type(self), self.facts.title, call, secret, self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Daily bars, splits or dividends, by what the rows hold and the URL says."""
        text, asked = answers.read(payload), answers.asked(payload)
        symbol = asked.query.get("symbol")
        if not text.startswith(("[", "{")):
            if len(text) < 400 and "\n" not in text:
                raise refusal(text, symbol)
            raise Unreadable(f"{asked.name}: is not the JSON that Financial Modeling Prep sends")
        body = answers.loads(text, asked.name)
        if isinstance(body, dict):
            if (said := answers.words(body, "Error Message", "error", "message")) is not None:
                raise refusal(said, symbol)
            raise Unreadable(f"{asked.name}: is JSON of no kind known from Financial Modeling Prep")
        rows = answers.rows(body, asked.name)
        fields = set(rows[0]) if rows else set()
        if {"numerator", "denominator"} <= fields or (not rows and "splits" in asked.path):
            return _splits(rows, asked)
        if {"dividend", "adjDividend"} & fields or (not rows and "dividends" in asked.path):
            return _dividends(rows, asked)
        if not rows:
            return Parsed(
                message=f"Financial Modeling Prep has no bar of {symbol or 'the symbol'} in the window"
            )
        if any(len(str(row.get("date"))) > 10 for row in rows[:1]):
            return Parsed(message="intraday bars are landed, not loaded")
        if "close" in fields or "adjClose" in fields:
            return _bars(rows, asked)
        if "price" in fields:
            return Parsed(message="closes alone (light) are landed, not loaded")
        raise Unreadable(f"{asked.name}: is a list of no kind known from Financial Modeling Prep")


def refusal(said: str, symbol: str | None) -> TickerConverterError:
    """Which refusal the text is: 402, 403, 401 or 429, plain or under `Error Message`."""
    what, low = symbol or "the call", said.lower()
    if "limit reach" in low or "daily" in low and "limit" in low:
        return QuotaSpent("Financial Modeling Prep: the key's calls of today are spent; goes on tomorrow")
    if "too many" in low:
        return ProviderBusy("Financial Modeling Prep: too many calls; again in a minute", 60.0)
    if "invalid api key" in low or "api key" in low and "premium" not in low:
        return BadKey("Financial Modeling Prep: the key is missing or not accepted: check FMP_API_KEY")
    if any(word in low for word in ("premium", "legacy", "exclusive", "subscription", "upgrade")):
        return NotEntitled(f"Financial Modeling Prep: the key's plan does not serve {what}")
    if "not found" in low:
        return NoSuchSymbol(f"Financial Modeling Prep: knows no {what}")
    return Refused(f"Financial Modeling Prep: refused {what}: {answers.quoted(said)}")


def _bars(rows: Sequence[answers.Row], asked: answers.Asked) -> Parsed:
    series = asked.after("historical-price-eod")
    plain = "close" in rows[0]
    if series is None and not plain:
        raise Usage(
            f"{asked.name}: does not say whether its prices are as traded or adjusted for dividends: "
            "give --request with the URL it came from"
        )
    basis = _SERIES.get(series or "full")
    if basis is None:
        return Parsed(message=f"the series {series} is landed, not loaded")
    return answers.parsed(
        [
            answers.bar(
                number, _symbol(row, asked), row.get("date"), row, None if plain else _ADJUSTED, basis=basis
            )
            for number, row in enumerate(rows, start=1)
        ]
    )


def _symbol(row: answers.Row, asked: answers.Asked) -> str:
    return asked.about(answers.words(row, "symbol"), asked.query.get("symbol"))


def _splits(rows: Sequence[answers.Row], asked: answers.Asked) -> Parsed:
    return answers.parsed(
        actions=[
            answers.action(
                number, _symbol(row, asked), row.get("date"),
                *answers.split(answers.cell(row, "numerator"), answers.cell(row, "denominator")),
            )
            for number, row in enumerate(rows, start=1)
        ],
    )  # fmt: skip


def _dividends(rows: Sequence[answers.Row], asked: answers.Asked) -> Parsed:
    return answers.parsed(
        actions=[
            answers.action(
                number, _symbol(row, asked), row.get("date"), "dividend", answers.cell(row, "dividend"),
                pay_date=answers.cell(row, "paymentDate"),
            )
            for number, row in enumerate(rows, start=1)
        ],
    )  # fmt: skip
