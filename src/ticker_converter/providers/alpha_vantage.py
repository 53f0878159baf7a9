"""Alpha Vantage: daily prices, splits, dividends, symbol search and daily exchange rates.

Nothing here knows what a key may call: what is free changes from year to year, so a refusal is learned from the answer.
Loaded are daily bars as traded, dated rates and actions; every other answer is landed and named in a message. No
response of prices says its currency, so no bar has a unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote, urlencode

from ticker_converter.errors import Usage
from ticker_converter.providers import alpha_vantage_bodies, alpha_vantage_rows, http
from ticker_converter.providers.base import Quota
from ticker_converter.records import Call, Parsed, Payload, Publisher, Window

BASE_URL = "https://www.alphavantage.co/query"
COMPACT = timedelta(days=140)
"The latest 100 rows: 100 sessions never span fewer than 140 days."


class AlphaVantage:
    """One key, one URL. Settings: api_key, base_url, timeout, per_second, per_minute, per_day, and `premium`: names of
    calls already refused as premium (`TIME_SERIES_DAILY:full`), which are then not planned."""

    name: ClassVar[str] = "alpha_vantage"
    publisher: ClassVar[Publisher] = Publisher("USD", fixing="close of the UTC day")
    parser_version: ClassVar[int] = 1

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._key = str(settings.get("api_key") or "demo").strip()
        self._base_url = str(settings.get("base_url") or BASE_URL).rstrip("?")
        self._timeout = float(str(settings.get("timeout") or 30))
        self._quota = Quota(
            per_second=int(str(settings.get("per_second", 1))),
            per_minute=int(str(settings.get("per_minute", 5))),
            per_day=int(str(settings.get("per_day", 25))),
        )
        premium = settings.get("premium")
        self._premium = (
            frozenset(premium) if isinstance(premium, (set, frozenset, tuple, list)) else frozenset()
        )

    def quota(self) -> Quota:
        """As set; a free key has 25 calls a day and one a second."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call, of the whole history only when the window reaches further back than the latest 100 rows;
        actions: splits and dividends; rates: `symbol` is a pair (EUR/USD); listing: the symbol search, and OVERVIEW
        where the symbol's spelling does not tell the exchange."""
        if kind == "prices" and symbol:
            return (
                self._daily("TIME_SERIES_DAILY", kind, symbol, _since(window, stored_until), symbol=symbol),
            )
        if kind == "actions" and symbol:
            return (
                self._call("SPLITS", kind, symbol, "the whole list of splits", symbol=symbol),
                self._call("DIVIDENDS", kind, symbol, "the whole list of dividends", symbol=symbol),
            )
        if kind == "rates" and symbol:
            base, quoted = pair(symbol)
            since = _since(window, stored_until)
            return (
                self._daily("FX_DAILY", kind, f"{base}/{quoted}", since, from_symbol=base, to_symbol=quoted),
            )  # fmt: skip
        if kind == "listing" and symbol:
            return self._listing(symbol)
        return ()

    def fetch(self, call: Call) -> Payload:
        """Make one call. ProviderUnavailable or ProviderBusy when there is no body; any body is returned as it is."""
        answer = http.get(
            call.url,
            provider="Alpha Vantage",
            timeout=self._timeout,
            secret=http.Secret("apikey", self._key),
            speaks_in_bodies=True,
        )
        return Payload(
            self.name,
            call.url,
            answer.received_at,
            answer.body,
            content_type=answer.content_type,
            symbol=call.symbol,
            redacted=answer.redacted,
        )

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Read a JSON or csv body; the URL's `function` says what it is, or else its own shape."""
        return alpha_vantage_bodies.parse(payload)

    def _daily(self, function: str, kind: str, subject: str, since: date | None, **parameters: str) -> Call:
        far = since is not None and since < datetime.now(UTC).date() - COMPACT
        # The documented demo calls of the exchanges outside the United States are those with outputsize=full.
        documented = self._key in http.PUBLIC_KEYS
        full = "." in subject if documented else far and f"{function}:full" not in self._premium
        if full:
            made = self._call(function, kind, subject, "the whole history", **parameters, outputsize="full")
            return made if documented else replace(made, endpoint=f"{function}:full")
        return self._call(function, kind, subject, "the latest 100 rows", **parameters)

    def _listing(self, symbol: str) -> tuple[Call, ...]:
        search = self._call("SYMBOL_SEARCH", "listing", symbol, "unit and exchange", keywords=symbol)
        overview = self._call("OVERVIEW", "listing", symbol, "exchange and currency", symbol=symbol)
        if self._key in http.PUBLIC_KEYS:
            return (overview,)
        return (search,) if alpha_vantage_rows.mic(symbol) else (search, overview)

    def _call(self, function: str, kind: str, subject: str, why: str, **parameters: str) -> Call:
        query = urlencode({"function": function, **parameters}, quote_via=quote)
        endpoint = "" if self._key in http.PUBLIC_KEYS else function
        return Call(self.name, kind, f"{self._base_url}?{query}", subject, why, endpoint)  # type: ignore[arg-type]


def pair(symbol: str) -> tuple[str, str]:
    """EUR/USD or EURUSD as two codes; Usage if it is neither."""
    base, _, quoted = symbol.partition("/") if "/" in symbol else (symbol[:3], "", symbol[3:])
    if len(base) != 3 or len(quoted) != 3:
        raise Usage(f"Alpha Vantage: {symbol!r} is no currency pair: write it as EUR/USD")
    return base, quoted


def _since(window: Window, stored_until: object) -> date | None:
    if window.since is not None:
        return window.since
    return stored_until - timedelta(days=8) if isinstance(stored_until, date) else None
