"""EODHD: daily prices as traded, splits and dividends of many exchanges, as JSON. Written after its documentation;
not run live.

Its volume is adjusted for splits while its prices are not, and no body of prices holds the splits: a bar has no
volume rather than one of another basis. No body of prices says its symbol or currency; dividends say theirs. Refusals
are plain text. What it cannot tell apart stays as it is: a dead code answers with its last prices. A free plan's
lists of actions end after a year, so none is taken for the whole list.
"""

from __future__ import annotations

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
from ticker_converter.records import Call, Parsed, Payload, Window

BASE_URL = "https://eodhd.com/api"


class EODHD:
    """One key. Settings: api_key, base_url, timeout, per_minute, per_day."""

    name: ClassVar[str] = "eodhd"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="EODHD",
        serves="daily prices without volume, splits and dividends of many exchanges",
        basis={"prices": "raw", "dividends": "raw"},
        unit=None,
        time_zone="the exchange's",
        published="2 to 3 hours after the close",
        convention=None,
        terms="https://eodhd.com/financial-apis/terms-conditions",
        seen="documented",
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._key = answers.key(settings)
        self._base_url = answers.base(settings, BASE_URL)
        self._timeout = answers.seconds(settings)
        self._quota = Quota(
            per_second=answers.limit(settings, "per_second", None),
            per_minute=answers.limit(settings, "per_minute", 1000),
            per_day=answers.limit(settings, "per_day", 20),
            time_zone="Etc/GMT",
        )

    def quota(self) -> Quota:
        """As set; a free key has 20 calls a day."""
        return self._quota

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """prices: one call; actions: the lists of splits and of dividends."""
        if not symbol or kind not in ("prices", "actions"):
            return ()
        answers.needed(self._key, "EODHD", "EODHD_API_KEY")
        code = quote(symbol, safe="")
        if kind == "actions":
            return tuple(
                Call(
                    self.name,
                    "actions",
                    f"{self._base_url}/{what}/{code}?fmt=json",
                    symbol,
                    f"the list of {said}",
                )
                for what, said in (("splits", "splits"), ("div", "dividends"))
            )
        since = window.since
        if since is None and isinstance(stored_until, date):
            since = stored_until - timedelta(days=8)
        query = {"fmt": "json", "period": "d"} | ({"from": str(since)} if since else {})
        query |= {"to": str(window.until)} if window.until else {}
        url = f"{self._base_url}/eod/{code}?{urlencode(query)}"
        return (Call(self.name, "prices", url, symbol, f"prices since {since or 'ever'}"),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; a refusal in words is returned as the body it is."""
        secret = http.Secret("api_token", self._key)
        return answers.fetch(type(self), self.facts.title, call, secret, self._timeout)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Daily bars, splits or dividends, by what the rows hold."""
        text, asked = answers.read(payload), answers.asked(payload)
        code = asked.after("eod") or asked.after("splits") or asked.after("div")
        if not text.startswith(("[", "{")):
            if len(text) < 400 and "\n" not in text:
                raise refusal(text, code)
            raise Unreadable(f"{asked.name}: is not the JSON that EODHD sends")
        body = answers.loads(text, asked.name)
        if isinstance(body, dict):
            if (said := answers.words(body, "message", "error", "errors")) is not None:
                raise refusal(said, code)
            raise Unreadable(f"{asked.name}: is JSON of no kind known from EODHD")
        if (period := asked.query.get("period", "d")) != "d":
            return Parsed(message=f"bars of period {period} are landed, not loaded")
        rows = answers.rows(body, asked.name)
        kind = _kind(rows, asked)
        if kind == "eod":
            return _bars(rows, asked.about(None, code))
        if kind == "splits":
            return _splits(rows, asked.about(None, code))
        if kind == "div":
            return _dividends(rows, asked.about(None, code))
        if not rows:
            return Parsed(
                message=f"EODHD has nothing of {code or asked.symbol or 'the symbol'} in the window"
            )
        raise Unreadable(f"{asked.name}: is a list of no kind known from EODHD")


def refusal(said: str, code: str | None) -> TickerConverterError:
    """Which refusal the text is: 402, 403, 401, 404 or 429, seldom 200."""
    what, low = code or "the call", said.lower()
    if "daily api requests limit" in low or "exceeded your daily" in low:
        return QuotaSpent("EODHD: the key's calls of today are spent; goes on after midnight GMT")
    if "too many" in low or "per minute" in low:
        return ProviderBusy("EODHD: too many calls a minute; again in a minute", 60.0)
    if "unauthenticated" in low or "api token" in low or "unauthorized" in low:
        return BadKey("EODHD: the key is missing or not accepted: check EODHD_API_KEY")
    if "forbidden" in low or "only" in low and "available" in low or "subscription" in low or "plan" in low:
        return NotEntitled(f"EODHD: the key's plan does not serve {what}")
    if "not found" in low:
        return NoSuchSymbol(f"EODHD: knows no {what}")
    return Refused(f"EODHD: refused {what}: {answers.quoted(said)}")


def _kind(rows: Sequence[answers.Row], asked: answers.Asked) -> str | None:
    fields = rows[0].keys() if rows else ()
    for kind, field in (("splits", "split"), ("div", "unadjustedValue"), ("eod", "close")):
        if field in fields or (not rows and kind != "eod" and kind in asked.path):
            return kind
    return None


def _bars(rows: Sequence[answers.Row], symbol: str) -> Parsed:
    return answers.parsed(
        [
            answers.bar(number, symbol, row.get("date"), {**row, "volume": None})
            for number, row in enumerate(rows, start=1)
        ]
    )


def _splits(rows: Sequence[answers.Row], symbol: str) -> Parsed:
    found = []
    for number, row in enumerate(rows, start=1):
        new, _, old = (answers.cell(row, "split") or "").partition("/")
        found.append(answers.action(number, symbol, row.get("date"), *answers.split(new or None, old or "1")))
    return answers.parsed(actions=found)


def _dividends(rows: Sequence[answers.Row], symbol: str) -> Parsed:
    return answers.parsed(
        actions=[
            answers.action(
                number, symbol, row.get("date"), "dividend", answers.cell(row, "unadjustedValue"),
                unit=answers.cell(row, "currency"), pay_date=answers.cell(row, "paymentDate"),
            )
            for number, row in enumerate(rows, start=1)
        ],
    )  # fmt: skip
