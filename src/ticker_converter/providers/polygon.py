"""Massive, formerly Polygon: daily bars of the United States as traded, splits and dividends, as JSON.

All its shares are quoted in dollars. Bars come adjusted for splits unless `adjusted=false` is asked for; a body that
says `adjusted: true` is stored as what it is. A page that says there is another is not the whole list of anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from ticker_converter.errors import (
    BadKey,
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    Refused,
    TickerConverterError,
    Unreadable,
    Usage,
)
from ticker_converter.providers import answers, http
from ticker_converter.providers.base import Facts, Quota
from ticker_converter.records import Call, Parsed, Payload, Window

BASE_URL = "https://api.massive.com"
NEW_YORK = ZoneInfo("America/New_York")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = date(2003, 9, 10)
_WAIT = 180.0
"Seconds. Five a minute are stated; it was found to answer again after 2.5 to 3 minutes."
_NAMES = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
_TYPES = {"CD": None, "SC": "special", "LT": "long_term_gain", "ST": "short_term_gain"}


class Polygon:
    """One key, sent as a header. Settings: api_key, base_url, timeout, per_minute, per_day."""

    name: ClassVar[str] = "polygon"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Massive (Polygon)",
        serves="daily prices, splits and dividends of the United States",
        basis={"prices": "raw", "prices with adjusted=true": "splits", "dividends": "raw"},
        unit="USD",
        time_zone="America/New_York",
        published="after the close in New York; on a free plan the next day",
        convention=None,
        terms="https://massive.com/terms",
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._key = answers.key(settings)
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", None),
            per_minute=answers.limit(settings, "per_minute", 5),
            per_day=answers.limit(settings, "per_day", None),
            time_zone="America/New_York",
        )

    def quota(self) -> Quota:
        """As set; a free key has 5 calls a minute."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call (50,000 bars are one page); actions: the whole lists of splits and of dividends."""
        if not symbol or kind not in ("prices", "actions"):
            return ()
        answers.needed(self._key, "Massive", "POLYGON_API_KEY")
        if kind == "actions":
            query = urlencode({"ticker": symbol, "limit": 5000})
            return tuple(
                Call(
                    self.name,
                    "actions",
                    f"{self._base_url}/stocks/v1/{what}?{query}",
                    symbol,
                    f"the whole list of {what}",
                )
                for what in ("splits", "dividends")
            )
        since = window.since
        if since is None:
            since = stored_until - timedelta(days=8) if isinstance(stored_until, date) else FIRST
        until = window.until or datetime.now(UTC).date()
        path = f"v2/aggs/ticker/{quote(symbol, safe='')}/range/1/day/{since}/{until}"
        url = f"{self._base_url}/{path}?adjusted=false&sort=asc&limit=50000"
        return (Call(self.name, "prices", url, symbol, f"prices since {since}"),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        secret = http.Secret("apiKey", self._key, header="Authorization", before="Bearer ")
        return answers.fetch(type(self), "Massive", call, secret, self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Daily bars, splits or dividends, by what the body holds."""
        text, asked = answers.read(payload), answers.asked(payload)
        symbol = asked.after("aggs", "ticker") or asked.query.get("ticker")
        if not text.startswith("{"):
            if re.search(r"too many requests|maximum requests", text[:200], re.I):
                raise refusal(text, symbol)
            raise Unreadable(f"{asked.name}: is not the JSON object that Massive sends")
        body = answers.loads(text, asked.name)
        assert isinstance(body, dict)
        status, said = answers.words(body, "status"), answers.words(body, "error", "message")
        if status in ("ERROR", "NOT_AUTHORIZED", "NOT_FOUND") or (said and "results" not in body):
            raise refusal(f"{status or ''} {said or ''}".strip(), symbol)
        if "results" not in body:
            if body.get("resultsCount") == "0" or body.get("count") == "0":
                return Parsed(message=f"Massive has no bar of {symbol or 'the symbol'} in the window")
            raise Unreadable(f"{asked.name}: is JSON of no kind known from Massive")
        if not isinstance(body["results"], list):
            return Parsed(message="an answer other than bars, splits or dividends is landed, not loaded")
        rows = answers.rows(body["results"], asked.name)
        more = http.without_secrets(next_url) if (next_url := answers.words(body, "next_url")) else None
        if "t" in (rows[0] if rows else {}) or "aggs" in asked.path:
            return _bars(body, rows, asked, more)
        found = [one for one in ("splits", "dividends") if one in asked.path]
        fields = rows[0].keys() if rows else ()
        if "execution_date" in fields or (not rows and found == ["splits"]):
            return _listed(rows, asked, more, {"split", "spinoff"})
        if "ex_dividend_date" in fields or (not rows and found == ["dividends"]):
            return _listed(rows, asked, more, {"dividend"})
        return Parsed(message="an answer other than bars, splits or dividends is landed, not loaded")


def refusal(said: str, symbol: str | None) -> TickerConverterError:
    """Which refusal the words are; the busy one comes with 429 and was also seen with 200."""
    what, low = symbol or "the call", said.lower()
    if "maximum requests" in low or "too many requests" in low:
        return ProviderBusy("Massive: too many calls a minute; again in three minutes", _WAIT)
    if "not_authorized" in low or "not entitled" in low or "upgrade" in low:
        return NotEntitled(f"Massive: the key's plan does not serve {what} for that time")
    if "api key" in low or "apikey" in low:
        return BadKey("Massive: the key is missing or not accepted: check POLYGON_API_KEY")
    if "not_found" in low or "not found" in low:
        return NoSuchSymbol(f"Massive: knows no {what}")
    return Refused(f"Massive: refused {what}: {answers.quoted(said)}")


def _bars(
    body: Mapping[str, object], rows: Sequence[answers.Row], asked: answers.Asked, more: str | None
) -> Parsed:
    symbol = asked.about(answers.words(body, "ticker"), asked.after("aggs", "ticker"))
    span = (asked.after("range"), asked.after("range", asked.after("range") or "")) if asked.path else None
    if not rows:
        return Parsed(message=f"Massive has no bar of {symbol} in the window")
    moments = [_moment(row) for row in rows]
    if span is not None and span != ("1", "day") and span != (None, None):
        return Parsed(message=f"bars of {' '.join(part or '?' for part in span)} are landed, not loaded")
    if span in (None, (None, None)) and not _daily(moments, asked.name):
        return Parsed(message="bars of another span than a day are landed, not loaded")
    basis = "splits" if body.get("adjusted") is True else "raw"
    return answers.parsed(
        [
            answers.bar(
                number, symbol, str(moment.date()) if moment else answers.cell(row, "t"), row, _NAMES,
                basis="splits" if basis == "splits" else "raw", unit=Polygon.facts.unit,
            )
            for number, (row, moment) in enumerate(zip(rows, moments, strict=True), start=1)
        ],
        more=more,
    )  # fmt: skip


def _moment(row: answers.Row) -> datetime | None:
    """`t`: milliseconds at midnight in New York."""
    stated = row.get("t")
    if not isinstance(stated, str) or not re.fullmatch(r"-?\d{1,14}", stated):
        return None
    return (EPOCH + timedelta(milliseconds=int(stated))).astimezone(NEW_YORK)


def _daily(moments: Sequence[datetime | None], name: str) -> bool:
    """Without a URL: whether every bar begins at midnight of a weekday and some follow each other within a week."""
    known = [moment for moment in moments if moment is not None]
    if len(known) < 2:
        raise Usage(f"{name}: one bar does not say whether it is of a day: give --request with its URL")
    gaps = [abs((after - before).days) for before, after in zip(known, known[1:], strict=False)]
    return min(gaps) in range(1, 6) and all(
        (moment.hour, moment.minute) == (0, 0) and moment.weekday() < 5 for moment in known
    )


def _listed(rows: Sequence[answers.Row], asked: answers.Asked, more: str | None, kinds: set[str]) -> Parsed:
    """The whole list of a ticker where the URL asked for nothing narrower."""
    narrower = [word for word in asked.query if word not in ("ticker", "limit", "sort", "order")]
    ticker = asked.query.get("ticker")
    whole = frozenset(kinds) if ticker and not narrower and more is None else frozenset()
    found = []
    for number, row in enumerate(rows, start=1):
        symbol = answers.cell(row, "ticker") or asked.about(None, ticker)
        if "split" in kinds:
            kind, value = answers.split(answers.cell(row, "split_to"), answers.cell(row, "split_from"))
            found.append(
                answers.action(
                    number, symbol, row.get("execution_date"), kind, value, unit=Polygon.facts.unit
                )
            )
            continue
        stated = answers.cell(row, "dividend_type")
        found.append(
            answers.action(
                number, symbol, row.get("ex_dividend_date"), "dividend", answers.cell(row, "cash_amount"),
                unit=answers.cell(row, "currency") or Polygon.facts.unit, pay_date=answers.cell(row, "pay_date"),
                type=_TYPES.get(stated, stated.lower()) if stated else None,
            )
        )  # fmt: skip
    return answers.parsed(actions=found, whole=whole, about=ticker, more=more)
