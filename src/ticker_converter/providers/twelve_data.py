"""Twelve Data: daily prices adjusted for splits, splits and dividends, as JSON. Written after its documentation; not
run live.

Prices come adjusted for splits and their body holds no list of splits, so they are stored as what they are; with
`adjust=none` in the request they are raw. The body says unit and exchange. Every refusal is an object with a `code`,
whatever the HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from ticker_converter.records import Basis, Call, Listing, Parsed, Payload, Window

BASE_URL = "https://api.twelvedata.com"
_MINUTE = 60.0
_BASES: Mapping[str, Basis] = {"none": "raw", "splits": "splits", "all": "all", "dividends": "all"}


class TwelveData:
    """One key. Settings: api_key, base_url, timeout, per_minute, per_day."""

    name: ClassVar[str] = "twelve_data"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Twelve Data",
        serves="daily prices of many exchanges, splits, dividends",
        basis={"prices": "splits", "dividends": "splits"},
        unit=None,
        time_zone="the exchange's (exchange_timezone)",
        published="after the close; not stated",
        convention=None,
        terms="https://twelvedata.com/terms",
        seen="documented",
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._key = answers.key(settings)
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", None),
            per_minute=answers.limit(settings, "per_minute", 8),
            per_day=answers.limit(settings, "per_day", 800),
        )

    def quota(self) -> Quota:
        """As set; a free key has 8 credits a minute and 800 a day, and a call for prices costs one."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call of the latest 5,000 rows, whatever the window: each split changes all prices before it,
        and the call costs one credit either way. The lists of actions cost 20 credits each and more than the free
        plan: they are read when imported, and not planned."""
        if kind != "prices" or not symbol:
            return ()
        del window, stored_until
        answers.needed(self._key, "Twelve Data", "TWELVE_DATA_API_KEY")
        query = {"symbol": symbol, "interval": "1day", "outputsize": "5000", "order": "asc"}
        url = f"{self._base_url}/time_series?{urlencode(query, quote_via=quote)}"
        return (Call(self.name, "prices", url, symbol, "the latest 5,000 sessions"),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        secret = http.Secret("apikey", self._key)
        return answers.fetch(type(self), self.facts.title, call, secret, self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Daily bars with their unit, splits or dividends; another interval is landed."""
        text, asked = answers.read(payload), answers.asked(payload)
        if not text.startswith("{"):
            raise Unreadable(f"{asked.name}: is not the JSON object that Twelve Data sends")
        body = answers.loads(text, asked.name)
        assert isinstance(body, dict)
        symbol = asked.query.get("symbol")
        if body.get("status") == "error" or ("code" in body and "message" in body):
            raise refusal(answers.cell(body, "code"), answers.words(body, "message") or "", symbol)
        meta = body.get("meta")
        if not isinstance(meta, dict):
            raise Unreadable(f"{asked.name}: is JSON of no kind known from Twelve Data: it has no meta")
        if "splits" in body:
            about = _about(meta, asked)
            return _splits(answers.rows(body["splits"], asked.name), about, answers.words(meta, "currency"))
        if "dividends" in body:
            about = _about(meta, asked)
            return _dividends(
                answers.rows(body["dividends"], asked.name), about, answers.words(meta, "currency")
            )
        if "values" not in body:
            raise Unreadable(f"{asked.name}: is JSON of no kind known from Twelve Data: it has no values")
        if (every := answers.words(meta, "interval") or "?") != "1day":
            return Parsed(message=f"bars of {every} are landed, not loaded")
        if "currency_base" in meta or "/" in (answers.words(meta, "symbol") or ""):
            return Parsed(
                message="rates of a pair are landed, not loaded: their day ends nowhere in particular"
            )
        return _bars(answers.rows(body["values"], asked.name), meta, asked)


def refusal(code: str | None, said: str, symbol: str | None) -> TickerConverterError:
    """Which refusal a code with its message is."""
    what, low = symbol or "the call", said.lower()
    if code == "429" or "api credits" in low:
        if "for the day" in low or "daily" in low:
            return QuotaSpent("Twelve Data: the key's credits of today are spent; goes on tomorrow")
        return ProviderBusy("Twelve Data: this minute's credits are spent; again in a minute", _MINUTE)
    if code == "401" or "**apikey**" in low:
        return BadKey("Twelve Data: the key is missing or not accepted: check TWELVE_DATA_API_KEY")
    if code == "403" or "plan" in low or "upgrade" in low:
        return NotEntitled(f"Twelve Data: the key's plan does not serve {what}")
    if code == "404" or "not found" in low:
        return NoSuchSymbol(f"Twelve Data: knows no {what}")
    return Refused(f"Twelve Data: refused {what}: {answers.quoted(said)}")


def _about(meta: Mapping[str, object], asked: answers.Asked) -> str:
    """The symbol: what was asked is `RY:TSX`, the body says `RY`."""
    if wanted := asked.query.get("symbol") or asked.symbol:
        stated = answers.words(meta, "symbol")
        if stated is not None and stated != wanted.partition(":")[0]:
            raise Unreadable(f"{asked.name}: {wanted} was asked for, and the body is about {stated}")
        return wanted
    return asked.about(answers.words(meta, "symbol"))


def _bars(values: Sequence[answers.Row], meta: Mapping[str, object], asked: answers.Asked) -> Parsed:
    symbol, unit = _about(meta, asked), answers.words(meta, "currency")
    if not values:
        return Parsed(message=f"Twelve Data has no bar of {symbol} in the window")
    basis = _BASES.get(asked.query.get("adjust", "splits").lower(), "splits")
    found = answers.parsed(
        [
            answers.bar(number, symbol, row.get("datetime"), row, basis=basis, unit=unit)
            for number, row in enumerate(values, start=1)
        ]
    )
    listing = Listing(symbol, None, answers.words(meta, "mic_code"), unit, answers.words(meta, "type"))
    return Parsed(bars=found.bars, listings=(listing,))


def _splits(rows: Sequence[answers.Row], symbol: str, unit: str | None) -> Parsed:
    """`from_factor` new shares for `to_factor` old ones."""
    return answers.parsed(
        actions=[
            answers.action(
                number, symbol, row.get("date"),
                *answers.split(answers.cell(row, "from_factor"), answers.cell(row, "to_factor")), unit=unit,
            )
            for number, row in enumerate(rows, start=1)
        ]
    )  # fmt: skip


def _dividends(rows: Sequence[answers.Row], symbol: str, unit: str | None) -> Parsed:
    return answers.parsed(
        actions=[
            answers.action(
                number, symbol, row.get("ex_date"), "dividend", answers.cell(row, "amount"), unit=unit, basis="splits"
            )
            for number, row in enumerate(rows, start=1)
        ]
    )  # fmt: skip
