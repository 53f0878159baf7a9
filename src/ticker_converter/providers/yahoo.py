"""Yahoo's chart interface (v8): unofficial, off until UNOFFICIAL_SOURCES names it; what it sent is read at any time.

Its prices are adjusted for every split up to the day of the answer. They are turned back to what was traded with the
splits in the same body, and only where these are all of them: the answer must reach its own present and have asked
for splits. Otherwise bars and dividends keep the basis `splits`: TSLA of January 2021, asked in 2024 without the
split of 2022, is no price that anybody paid. The adjusted close is not loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ticker_converter.errors import (
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    Refused,
    TickerConverterError,
    Unreadable,
)
from ticker_converter.market import symbols
from ticker_converter.providers import answers, http, split_factor
from ticker_converter.providers.base import Facts, Quota, off
from ticker_converter.records import Basis, Call, Listing, Parsed, Payload, Window

BASE_URL = "https://query1.finance.yahoo.com"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRESENT = timedelta(days=10)
"How far a body's last bar may lie behind its last trade for its splits to be all there are."
_EXCHANGES = {
    "NMS": "XNAS", "NGM": "XNAS", "NCM": "XNAS", "NYQ": "XNYS", "PCX": "ARCX", "ASE": "XASE", "BTS": "BATS",
}  # fmt: skip
"Yahoo's codes of the exchanges whose symbols have no suffix."
_HEAD = re.compile(r"too many requests|rate limit", re.I)


class Yahoo:
    """No key. Settings: base_url, timeout, per_second, per_minute, per_day, `enabled`."""

    name: ClassVar[str] = "yahoo"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Yahoo",
        serves="daily prices, splits and dividends of most exchanges, daily rates (`EURUSD=X`)",
        basis={"prices": "raw", "prices without all splits": "splits", "dividends": "raw"},
        unit=None,
        time_zone="the exchange's (exchangeTimezoneName)",
        published="after the close; not stated",
        convention="prior_close",
        terms="https://legal.yahoo.com/us/en/yahoo/terms/otos/index.html",
        official=False,
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._enabled = bool(settings.get("enabled"))
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", 1),
            per_minute=answers.limit(settings, "per_minute", 30),
            per_day=answers.limit(settings, "per_day", 1000),
        )

    def quota(self) -> Quota:
        """None is stated; these are manners."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call to the present, whatever the window's end, because a body that ends before has not all
        splits; it brings the actions too. rates: `symbol` is a pair (EUR/USD)."""
        if not symbol or kind not in ("prices", "rates"):
            return ()
        if not self._enabled:
            raise off(self.facts, self.name)
        if kind == "rates":
            base, quoted = answers.pair(symbol, "Yahoo")
            symbol = f"{quoted}=X" if base == "USD" else f"{base}{quoted}=X"
        since = window.since
        if since is None and isinstance(stored_until, date):
            since = stored_until - timedelta(days=8)
        first = (
            0
            if since is None
            else (datetime(since.year, since.month, since.day, tzinfo=UTC) - EPOCH).days * 86400
        )
        query = f"period1={first}&period2=9999999999&interval=1d&events=div%2Csplits"
        url = f"{self._base_url}/v8/finance/chart/{quote(symbol, safe='=^')}?{query}"
        return (
            Call(
                self.name, "prices" if kind == "prices" else "rates", url, symbol, f"since {since or 'ever'}"
            ),
        )

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        if not self._enabled:
            raise off(self.facts, self.name)
        return answers.fetch(type(self), "Yahoo", call, http.Secret("", ""), self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Bars with their splits and dividends, or rates of a pair; anything but days is landed."""
        text, asked = answers.read(payload), answers.asked(payload)
        ticker = asked.after("finance", "chart")
        if not text.startswith("{"):
            if _HEAD.search(text[:200]):
                raise ProviderBusy("Yahoo: too many requests; again in an hour", 3600.0)
            raise Unreadable(f"{asked.name}: is not the JSON object that Yahoo sends")
        body = answers.loads(text, asked.name)
        assert isinstance(body, dict)
        chart = body.get("chart", body.get("finance"))
        if not isinstance(chart, dict):
            raise Unreadable(f"{asked.name}: is JSON of no kind known from Yahoo: it has no chart")
        if isinstance(error := chart.get("error"), dict):
            raise refusal(error, ticker or asked.symbol)
        found = chart.get("result")
        if not isinstance(found, list) or not found or not isinstance(found[0], dict):
            raise Unreadable(f"{asked.name}: its chart holds no result and no error")
        return _result(found[0], asked, ticker)


def refusal(error: Mapping[str, object], symbol: str | None) -> TickerConverterError:
    """Which refusal an error object is (code, description); with HTTP 404, 401, 422 or 200."""
    what = symbol or "the call"
    code, said = answers.words(error, "code") or "", answers.words(error, "description") or ""
    low = f"{code} {said}".lower()
    if "not found" in low or "no data found" in low or "delisted" in low:
        return NoSuchSymbol(f"Yahoo: knows no {what}, or knows it no more")
    if "unauthorized" in low or "invalid crumb" in low or "invalid cookie" in low:
        return NotEntitled(f"Yahoo: does not serve {what} to a plain client: {answers.quoted(said or code)}")
    if "too many" in low or "rate limit" in low:
        return ProviderBusy("Yahoo: too many requests; again in an hour", 3600.0)
    return Refused(f"Yahoo: refused {what}: {answers.quoted(said or code)}")


def _result(result: Mapping[str, object], asked: answers.Asked, ticker: str | None) -> Parsed:
    meta = result.get("meta")
    if not isinstance(meta, dict):
        raise Unreadable(f"{asked.name}: its result has no meta")
    symbol = asked.about(answers.words(meta, "symbol"), ticker)
    every = answers.words(meta, "dataGranularity") or asked.query.get("interval") or "?"
    if every != "1d":
        return Parsed(message=f"bars of {every} are landed, not loaded")
    zone = _zone(meta)
    stamps = result.get("timestamp", [])
    if stamps in ([], None):
        return Parsed(message=f"Yahoo has no bar of {symbol} in the window")
    table = _table(result, stamps, asked.name)
    days = [_day(stamp, zone) for stamp in stamps] if isinstance(stamps, list) else []
    unit = answers.words(meta, "currency")
    if answers.words(meta, "instrumentType") == "CURRENCY":
        return _rates(symbol, days, table, unit, asked.name)
    events = result.get("events")
    events = events if isinstance(events, dict) else {}
    splits = _splits(events, zone)
    complete = _complete(meta, asked, events, days, zone) and all(ratio is not None for *_, ratio in splits)
    basis: Basis = "raw" if complete else "splits"
    back = (
        [(day, ratio) for _, day, ratio in splits if ratio is not None and day is not None]
        if complete
        else []
    )
    bars = [
        answers.bar(number, symbol, day, _raw(cells, day, back), basis=basis, unit=unit)
        for number, (day, cells) in enumerate(zip(days, table, strict=True), start=1)
    ]
    actions: list[dict[str, object]] = []
    for day, kind, value in ((day, *answers.split(*text)) for text, day, _ in splits):
        actions.append(answers.action(len(actions) + 1, symbol, day, kind, value))
    for day, amount, money in _dividends(events, zone):
        paid = _times(amount, day, back)
        actions.append(
            answers.action(len(actions) + 1, symbol, day, "dividend", paid, unit=money or unit, basis=basis)
        )
    name = answers.words(meta, "longName", "shortName")
    mic = symbols.mic_of(symbol) or _EXCHANGES.get(answers.words(meta, "exchangeName") or "")
    return replace(answers.parsed(bars, actions), listings=(Listing(symbol, name, mic, unit),))


def _zone(meta: Mapping[str, object]) -> tzinfo:
    """The exchange's zone: its name knows summer time, `gmtoffset` is that of today."""
    try:
        return ZoneInfo(answers.words(meta, "exchangeTimezoneName") or "")
    except (KeyError, ValueError, OSError):
        offset = answers.cell(meta, "gmtoffset") or "0"
        return timezone(timedelta(seconds=int(offset))) if re.fullmatch(r"-?\d{1,5}", offset) else UTC


def _day(stamp: object, zone: tzinfo) -> str | None:
    """The exchange's date of a session's opening, in seconds since 1970; what is none stays as it is."""
    if not isinstance(stamp, str) or not re.fullmatch(r"-?\d{1,11}", stamp):
        return None if stamp is None else str(stamp)[:40]
    return str((EPOCH + timedelta(seconds=int(stamp))).astimezone(zone).date())


def _table(result: Mapping[str, object], stamps: object, name: str) -> list[dict[str, object]]:
    """The arrays of open, high, low, close and volume as rows; Unreadable where they are not of one length."""
    indicators = result.get("indicators")
    quotes = indicators.get("quote") if isinstance(indicators, dict) else None
    if (
        not isinstance(stamps, list)
        or not isinstance(quotes, list)
        or not quotes
        or not isinstance(quotes[0], dict)
    ):
        raise Unreadable(f"{name}: has no list of timestamps with a quote")
    columns = {field: quotes[0].get(field) or [None] * len(stamps) for field in (*answers.PRICES, "volume")}
    if any(not isinstance(column, list) or len(column) != len(stamps) for column in columns.values()):
        raise Unreadable(f"{name}: its arrays are not as long as its {len(stamps)} timestamps; cut short?")
    return [{field: column[at] for field, column in columns.items()} for at in range(len(stamps))]


def _complete(
    meta: Mapping[str, object], asked: answers.Asked, events: Mapping[str, object], days: Sequence[str | None],
    zone: tzinfo,
) -> bool:  # fmt: skip
    """Whether the body states every split between its bars and its own day: splits were asked for, and its last bar is
    of the last trade's days."""
    if "splits" not in events and "split" not in asked.query.get("events", ""):
        return False
    last = _day(meta.get("regularMarketTime"), zone)
    known = [day for day in days if day is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)]
    if last is None or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", last) or not known:
        return False
    return date.fromisoformat(max(known)) >= date.fromisoformat(last) - PRESENT


def _splits(
    events: Mapping[str, object], zone: tzinfo
) -> list[tuple[tuple[str | None, str | None], str | None, Fraction | None]]:
    """(new and old as stated, ex-date, ratio)."""
    found = []
    for event in _events(events, "splits"):
        new, old = answers.cell(event, "numerator"), answers.cell(event, "denominator")
        try:
            ratio: Fraction | None = Fraction(new or "") / Fraction(old or "")
        except (ValueError, ZeroDivisionError):
            ratio = None
        found.append(((new, old), _day(event.get("date"), zone), ratio if ratio and ratio > 0 else None))
    return found


def _dividends(events: Mapping[str, object], zone: tzinfo) -> list[tuple[str | None, str | None, str | None]]:
    """(ex-date, amount, the event's own currency)."""
    return [
        (_day(event.get("date"), zone), answers.cell(event, "amount"), answers.words(event, "currency"))
        for event in _events(events, "dividends")
    ]


def _events(events: Mapping[str, object], kind: str) -> list[Mapping[str, object]]:
    listed = events.get(kind)
    stated = listed.values() if isinstance(listed, dict) else listed if isinstance(listed, list) else ()
    return [event for event in stated if isinstance(event, dict)]


def _raw(
    cells: Mapping[str, object], day: str | None, back: Sequence[tuple[str, Fraction]]
) -> Mapping[str, object]:
    """A bar as traded: prices times, volume divided by, the splits after its day."""
    ratio = _after(day, back)
    if ratio == 1:
        return cells
    raw: dict[str, object] = {field: _scaled(cells[field], ratio) for field in answers.PRICES}
    return {**raw, "volume": _scaled(cells["volume"], 1 / ratio)}


def _times(amount: str | None, day: str | None, back: Sequence[tuple[str, Fraction]]) -> str | None:
    found = _scaled(amount, _after(day, back))
    return found if isinstance(found, str) else amount


def _after(day: str | None, back: Sequence[tuple[str, Fraction]]) -> Fraction:
    ratio = Fraction(1)
    for ex_date, each in back:
        if day is not None and day < ex_date:
            ratio *= each
    return ratio


def _scaled(value: object, ratio: Fraction) -> object:
    """The product in digits; what is no number stays what it is."""
    if ratio == 1 or not isinstance(value, str):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return value
    # Yahoo's digits are those of a 32-bit float: beyond the 12th a product that does not end says nothing.
    return split_factor.shown(Fraction(number) * ratio)


def _rates(
    symbol: str,
    days: Sequence[str | None],
    table: Sequence[Mapping[str, object]],
    unit: str | None,
    name: str,
) -> Parsed:
    """The close of each day as a rate; a day without one states none. `INR=X` is rupees for a dollar."""
    found = re.fullmatch(r"([A-Z]{3})?([A-Z]{3})=X", symbol)
    if found is None:
        return Parsed(message=f"{symbol} is no pair of currencies: landed, not loaded")
    base, quoted = found[1] or "USD", found[2]
    if unit is not None and unit != quoted:
        raise Unreadable(f"{name}: {symbol} is priced in {unit}, not in {quoted}")
    return answers.parsed(
        rates=[
            {"row": number, "base": base, "quote": quoted, "date": day, "rate": rate, "source": "yahoo"}
            for number, (day, cells) in enumerate(zip(days, table, strict=True), start=1)
            if (rate := answers.cell(cells, "close")) is not None
        ]
    )
