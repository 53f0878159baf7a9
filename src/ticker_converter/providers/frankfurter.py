"""Frankfurter's copy of the European Central Bank's reference rates, as JSON; any server that runs it will do.

Its rates stand under its own name: who hands them on is a source of its own. Its version 2 blends dozens of central
banks unless told `providers=ECB`; a blend has no publisher and is refused. Version 1, which is frozen, has the ECB's
rates only and is what is asked. Crosses that it works out, and single days of version 2, which carry older days
forward, are landed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from ticker_converter.errors import Refused, Unreadable, Usage
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import (
    CentralBank,
    Rate,
    as_json,
    cell,
    objects,
    parsed,
    short,
    text,
)
from ticker_converter.records import Parsed, Payload, Publisher

_CROSS = "rates that Frankfurter worked out from others are landed, not loaded: ask with base=EUR"


class Frankfurter(CentralBank):
    """Base EUR, no key, no stated limit."""

    name: ClassVar[str] = "frankfurter"
    title: ClassVar[str] = "Frankfurter"
    publisher: ClassVar[Publisher] = Publisher(
        "EUR", "Europe/Berlin", timedelta(hours=16), "14:15 Europe/Berlin (the ECB's, handed on)"
    )
    home: ClassVar[str] = "https://api.frankfurter.dev/v1"
    first: ClassVar[date] = date(1999, 1, 4)
    span: ClassVar[timedelta | None] = timedelta(days=5 * 365)
    speaks_in_bodies: ClassVar[bool] = True

    def urls(self, since: date, until: date) -> Sequence[str]:
        """A range of days; of version 2 where NAME_BASE_URL ends in /v2."""
        if self._base_url.endswith("/v2"):
            return (f"{self._base_url}/rates?base=EUR&from={since}&to={until}&providers=ECB",)
        return (f"{self._base_url}/{since}..{until}?base=EUR",)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Version 1: `rates` of a `date`, or by day; version 2: a list of rates."""
        name, found = bodies.name(payload), as_json(payload, text(payload))
        if isinstance(found, list):
            return cls._second(payload, found)
        if not isinstance(found, dict) or not isinstance(found.get("rates"), dict):
            words = found.get("message") if isinstance(found, dict) else None
            if words == "not found":
                return Parsed(message="nothing was published in its period")
            if isinstance(words, str):
                raise Refused(f"{cls.title}: {short(words)}")
            raise Unreadable(f"{name}: is no answer of {cls.title}")
        if cell(payload, found.get("amount", "1")) not in ("1", "1.0"):
            return Parsed(message="amounts other than 1 are landed, not loaded: they are rounded")
        if cell(payload, found.get("base")) != "EUR":
            return Parsed(message=_CROSS)
        return parsed(payload, _first(payload, found), cls.name)

    @classmethod
    def _second(cls, payload: Payload, found: object) -> Parsed:
        name = bodies.name(payload)
        try:
            asked = parse_qs(urlsplit(payload.request).query)
        except ValueError as exc:
            raise Usage(f"{name}: its request is not a URL") from exc
        told = asked.get("providers", [""])[-1].upper()
        if told != "ECB":
            whose = (
                f"rates of {short(told)}" if told else "a blend of many central banks, or of one not named"
            )
            raise Unreadable(
                f"{name}: holds {whose}: only a request with providers=ECB tells whose rates they are"
            )
        rows = objects(payload, found, "rates")
        if "from" not in asked or "group" in asked:
            return Parsed(
                message="days carried forward and averages are landed, not loaded: ask with from=, to="
            )
        stated = [
            (cell(payload, row.get("base")), cell(payload, row.get("quote")),
             cell(payload, row.get("date")), cell(payload, row.get("rate")))
            for row in rows
        ]  # fmt: skip
        if any(base != "EUR" for base, *_ in stated):
            return Parsed(message=_CROSS)
        # One euro costs one euro: the service adds this row to every answer, nobody fixed it.
        return parsed(payload, (rate for rate in stated if rate[0] != rate[1]), cls.name)


def _first(payload: Payload, found: dict[str, object]) -> Iterator[Rate]:
    rates = found["rates"]
    assert isinstance(rates, dict)
    days = {found.get("date"): rates} if "date" in found else rates
    for day, quotes in days.items():
        if not isinstance(quotes, dict):
            raise Unreadable(f"{bodies.name(payload)}: its rates are not objects by day")
        for quote, rate in quotes.items():
            yield "EUR", cell(payload, quote), cell(payload, day), cell(payload, rate)
