"""The warehouse of somebody else's server, over its HTTP API: the methods and the answers of `Warehouse`.

    connect("https://prices.example", key="tc_...") -> Remote

Numbers come as Decimals and days as dates, as from the database itself, and a problem comes as the error it was. A key
goes over TLS alone, or to this machine. Redirects are not followed: a key would go along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from ipaddress import ip_address
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from ticker_converter import errors, times
from ticker_converter.errors import Permanent, ProviderUnavailable, TickerConverterError, TooMany, Usage
from ticker_converter.queries.conversion import Conversion
from ticker_converter.queries.performers import Judged
from ticker_converter.queries.result import Result
from ticker_converter.table import Table

Day = str | date
Moment = str | date | datetime

#: What a problem's name means here; the API's names and ours are the same words.
_PROBLEMS: dict[str, type[TickerConverterError]] = {
    "bad-parameter": Usage, "unknown-symbol": errors.UnknownSymbol, "no-bars": errors.NoBars,
    "no-rate": errors.NoRate, "no-basis": errors.NoBasis, "not-there": errors.NotThere,
    "not-known": errors.NotKnown, "not-allowed": errors.NotAllowed, "unavailable": ProviderUnavailable,
    "not-ready": ProviderUnavailable,
}  # fmt: skip
_DAYS = {"date", "rate_date", "on", "ex_date", "pay_date", "base_date", "price_date", "first_session", "last_session",
         "valid_from", "valid_to", "effective"}  # fmt: skip
_TIMES = {"known_at", "published_at", "started_at", "finished_at"}
_COUNTS = {"age_days", "rank", "bars", "version", "run_id", "findings", "sessions_behind", "id", "revision"}


class Remote:
    """A server's warehouse. Use it in a `with` block or close it; it reads and never writes."""

    def __init__(self, url: str, key: str | None = None, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise Usage("connect: https://HOST is expected, the key as key=...")
        if key is not None and parts.scheme == "http" and not _here(parts.hostname):
            raise Usage(f"connect: a key goes over https:// only, and {parts.hostname} is not this machine")
        self._client = httpx.Client(
            base_url=url.rstrip("/"), timeout=timeout, follow_redirects=False,
            headers={"Accept": "application/json", **({"X-API-Key": key} if key is not None else {})},
        )  # fmt: skip

    def __enter__(self) -> Remote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def prices(
        self, symbols: str | Sequence[str], currency: str | None = None, since: Day | None = None,
        until: Day | None = None, adjust: str = "none", interval: str = "1d", known_at: Moment | None = None,
        max_age_days: int = 7, receipts: bool = False,
    ) -> Table:  # fmt: skip
        """As `Warehouse.prices`; each symbol is a request."""
        asked = {
            "currency": currency, "from": since, "to": until, "adjust": adjust, "interval": interval,
            "known_at": known_at, "max_age_days": max_age_days, "receipts": receipts,
        }  # fmt: skip
        wanted = [symbols] if isinstance(symbols, str) else symbols
        return Table(
            [_result("prices", self._get(f"prices/{_part(one)}", asked), ("symbol",)) for one in wanted],
            single=isinstance(symbols, str),
        )

    def rates(
        self, base: str, quote: str, since: Day | None = None, until: Day | None = None,
        known_at: Moment | None = None, max_age_days: int = 7,
    ) -> Table:  # fmt: skip
        """As `Warehouse.rates`."""
        asked = {"from": since, "to": until, "known_at": known_at, "max_age_days": max_age_days}
        found = self._get(f"rates/{_part(base)}/{_part(quote)}", asked)
        return Table([_result("rates", found, ("base", "quote"))])

    def convert(
        self, amount: Decimal | str | float, source: str, target: str, on: Day | None = None, max_age_days: int = 7,
        rate_lag: int = 0, known_at: Moment | None = None,
    ) -> Conversion:  # fmt: skip
        """As `Warehouse.convert`."""
        asked = {
            "amount": str(amount), "from": source, "to": target, "on": on, "max_age_days": max_age_days,
            "rate_lag": rate_lag, "known_at": known_at,
        }  # fmt: skip
        found = self._get("convert", asked)
        return Conversion(found["amount"], found["result"], found["receipt"])

    def returns(
        self, symbol: str, currency: str | None = None, since: Day | None = None, until: Day | None = None,
        adjust: str = "splits", known_at: Moment | None = None, max_age_days: int = 7,
    ) -> Table:  # fmt: skip
        """As `Warehouse.returns`."""
        asked = {
            "currency": currency, "from": since, "to": until, "adjust": adjust, "known_at": known_at,
            "max_age_days": max_age_days,
        }  # fmt: skip
        return Table([_result("returns", self._get(f"returns/{_part(symbol)}", asked), ("symbol",))])

    def value(
        self, positions: Mapping[str, Decimal | str | float], currency: str | None = None, on: Day | None = None,
        known_at: Moment | None = None, max_price_age: int = 10, max_age_days: int = 7,
    ) -> dict[str, Any]:  # fmt: skip
        """As `Warehouse.value`."""
        held = {
            "positions": [{"symbol": one, "quantity": str(number)} for one, number in positions.items()],
            "currency": currency, "on": on, "known_at": known_at, "max_price_age": max_price_age,
            "max_age_days": max_age_days,
        }  # fmt: skip
        body = {
            name: _text(value) if name != "positions" else value
            for name, value in held.items()
            if value is not None
        }
        found: dict[str, Any] = self._asked("POST", "valuation", json=body)
        return found

    def explain(
        self, symbol: str, currency: str, since: Day | None = None, until: Day | None = None, on: Day | None = None,
        known_at: Moment | Sequence[Moment] | None = None, adjust: str = "none", max_age_days: int = 7,
    ) -> dict[str, Any]:  # fmt: skip
        """As `Warehouse.explain`."""
        known = known_at if isinstance(known_at, Sequence) and not isinstance(known_at, str) else [known_at]
        asked = {
            "currency": currency, "from": since, "to": until, "on": on, "adjust": adjust,
            "max_age_days": max_age_days, "known_at": list(known),
        }  # fmt: skip
        found: dict[str, Any] = self._get(f"explain/{_part(symbol)}", asked)
        return found

    def actions(
        self, symbol: str, currency: str | None = None, known_at: Moment | None = None, max_age_days: int = 7
    ) -> Table:
        """As `Warehouse.actions`."""
        asked = {"currency": currency, "known_at": known_at, "max_age_days": max_age_days}
        return Table([_result("actions", self._get(f"actions/{_part(symbol)}", asked), ("symbol",))])

    def currencies(self) -> list[dict[str, Any]]:
        """As `Warehouse.currencies`."""
        found: list[dict[str, Any]] = self._get("currencies", {})
        return found

    def performers(
        self, currency: str, window: str = "1d", limit: int = 10, losers: bool = False, on: Day | None = None,
        adjust: str = "splits", known_at: Moment | None = None, max_age_days: int = 7,
    ) -> Table:  # fmt: skip
        """As `Warehouse.performers`."""
        asked = {
            "currency": currency, "window": window, "limit": limit, "kind": "losers" if losers else "gainers",
            "on": on, "adjust": adjust, "known_at": known_at, "max_age_days": max_age_days,
        }  # fmt: skip
        return Table([_result("performers", self._get("performers", asked), (), Judged)])

    def instruments(self) -> Any:
        """What is on the list, as the API has it."""
        return self._get("instruments", {"all": True})

    def status(self) -> dict[str, Any]:
        """As `Warehouse.status`; the key needs the scope `operate`."""
        found: dict[str, Any] = self._get("status", {})
        return found

    def _get(self, path: str, asked: Mapping[str, Any]) -> Any:
        told = {name: _text(value) for name, value in asked.items() if value not in (None, [None])}
        return self._asked("GET", path, params=told)

    def _asked(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, f"/v1/{path}", **more)
        except httpx.HTTPError as error:
            host = self._client.base_url.host
            raise ProviderUnavailable(f"{host} does not answer: {type(error).__name__}") from error
        try:
            found = json.loads(answer.content, parse_float=Decimal, parse_int=_whole)
        except ValueError:
            found = None
        if answer.status_code != httpx.codes.OK or found is None:
            raise self._problem(answer, found)
        return _read(found)

    def _problem(self, answer: httpx.Response, found: Any) -> TickerConverterError:
        told: Mapping[str, Any] = found if isinstance(found, dict) else {}
        host = self._client.base_url.host
        said = str(told.get("detail") or told.get("title") or f"{host} answered {answer.status_code}")
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return TooMany(said, int(answer.headers.get("Retry-After", "60")))
        name = str(told.get("type", "")).rpartition("#")[2]
        unknown = (
            ProviderUnavailable if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR else Permanent
        )
        return _PROBLEMS.get(name, unknown)(said)


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _part(text: str) -> str:
    return quote(text, safe="")


def _text(value: Any) -> Any:
    """As a parameter: days and times in ISO 8601, a list as several."""
    if isinstance(value, list):
        return [_text(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else value


def _whole(text: str) -> Decimal:
    return Decimal(text)


def _read(found: Any, name: str = "") -> Any:
    """JSON with days, times and counts as the database gives them; legs come from it as JSON."""
    if name == "legs":
        return found
    if isinstance(found, dict):
        return {key: _read(value, key) for key, value in found.items()}
    if isinstance(found, list):
        return [_read(one, name) for one in found]
    if isinstance(found, str) and name in _DAYS:
        return date.fromisoformat(found)
    if isinstance(found, str) and name in _TIMES:
        return times.known(found)
    if isinstance(found, Decimal) and name in _COUNTS:
        return int(found)
    return found


def _result(name: str, found: Any, keys: Sequence[str], made: type[Result] = Result) -> Result:
    """The Result that the server answered from."""
    head = {key: value for key, value in found.items() if key not in (name, "next")}
    rows = found[name]
    columns = list(rows[0]) if rows else []
    return made(
        name, head, columns, [[row[key] for key in columns] for row in rows], {key: head[key] for key in keys}
    )
