"""The Czech National Bank's daily rates, from its public service as JSON.

So many koruny for `amount` (1, 100 or 1000) of a currency, divided without loss. Averages and the monthly rates of
other currencies are landed, not loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import ClassVar

from ticker_converter.errors import Refused, Unreadable
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import (
    CentralBank,
    as_json,
    cell,
    objects,
    parsed,
    per,
    short,
    text,
)
from ticker_converter.records import Parsed, Payload, Publisher


class CzechNationalBank(CentralBank):
    """Quote CZK, no key, no stated limit."""

    name: ClassVar[str] = "cnb"
    title: ClassVar[str] = "the Czech National Bank"
    publisher: ClassVar[Publisher] = Publisher(
        "CZK", "Europe/Prague", timedelta(hours=14, minutes=30), "declared after 14:30 Europe/Prague"
    )
    home: ClassVar[str] = "https://api.cnb.cz/cnbapi"
    first: ClassVar[date] = date(1991, 1, 1)
    back: ClassVar[timedelta | None] = timedelta(days=365)
    speaks_in_bodies: ClassVar[bool] = True

    def windows(self, since: date, until: date) -> Iterable[tuple[date, date]]:
        """Calendar years: the service gives a year at a time."""
        for year in range(since.year, until.year + 1):
            start, end = max(since, date(year, 1, 1)), min(until, date(year, 12, 31))
            if start <= end:
                yield start, end

    def urls(self, since: date, until: date) -> Sequence[str]:
        """The year."""
        return (f"{self._base_url}/exrates/daily-year?lang=EN&year={since.year}",)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """`rates`: a currency, its amount, its day and its rate each."""
        name, found = bodies.name(payload), as_json(payload, text(payload))
        if "/fxrates/" in payload.request or (isinstance(found, dict) and "averages" in found):
            return Parsed(message="averages and monthly rates of other currencies are landed, not loaded")
        if not isinstance(found, dict) or "rates" not in found:
            words = found.get("description", found.get("errorCode")) if isinstance(found, dict) else None
            if isinstance(words, str):
                raise Refused(f"{cls.title}: {short(words)}")
            raise Unreadable(f"{name}: is no list of rates of {cls.title}")
        stated = [
            {key: cell(payload, item.get(key)) for key in ("currencyCode", "amount", "validFor", "rate")}
            for item in objects(payload, found["rates"], "rates")
        ]
        return parsed(
            payload,
            (
                (one["currencyCode"], "CZK", one["validFor"], per(one["rate"], one["amount"] or "0"))
                for one in stated
            ),
            cls.name,
        )
