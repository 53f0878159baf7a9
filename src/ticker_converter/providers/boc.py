"""The Bank of Canada's daily rates, from its Valet service as JSON.

One of a currency is so many Canadian dollars, as printed: the average of the day, indicative. Series that are no daily
rate (monthly and annual averages, yields) are landed, or refused where they stand among daily rates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import ClassVar

from ticker_converter.errors import Refused, Unreadable
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

_DAILY = re.compile(r"FX([A-Z]{3})([A-Z]{3})")


class BankOfCanada(CentralBank):
    """Quote CAD, no key, no stated limit."""

    name: ClassVar[str] = "boc"
    title: ClassVar[str] = "the Bank of Canada"
    publisher: ClassVar[Publisher] = Publisher(
        "CAD", "America/Toronto", timedelta(hours=16), "average of the day, by 16:30 America/Toronto"
    )
    home: ClassVar[str] = "https://www.bankofcanada.ca/valet"
    first: ClassVar[date] = date(2017, 1, 3)
    speaks_in_bodies: ClassVar[bool] = True

    def urls(self, since: date, until: date) -> Sequence[str]:
        """The group of all daily rates."""
        group = f"{self._base_url}/observations/group/FX_RATES_DAILY/json"
        return (f"{group}?start_date={since}&end_date={until}",)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """`observations`: a day `d`, and each series' value `v`."""
        name, found = bodies.name(payload), as_json(payload, text(payload))
        if not isinstance(found, dict) or "observations" not in found:
            words = found.get("message") if isinstance(found, dict) else None
            if isinstance(words, str):
                raise Refused(f"{cls.title}: {short(words)}")
            raise Unreadable(f"{name}: is no observations of {cls.title}")
        observations = objects(payload, found["observations"], "observations")
        series = {key for day in observations for key in day if key != "d"}
        strange = sorted(key for key in series if not _DAILY.fullmatch(key))
        if strange and len(strange) == len(series):
            return Parsed(message=f"{short(strange[0])} is no series of daily rates: landed, not loaded")
        if strange:
            raise Unreadable(f"{name}: holds {short(strange[0])}, which is no daily rate, among daily rates")
        return parsed(payload, _rates(payload, observations), cls.name)


def _rates(payload: Payload, observations: Sequence[dict[str, object]]) -> Iterator[Rate]:
    for day in observations:
        for series, value in day.items():
            if found := _DAILY.fullmatch(series):
                stated = value.get("v") if isinstance(value, dict) else value
                yield found[1], found[2], cell(payload, day.get("d")), cell(payload, stated)
