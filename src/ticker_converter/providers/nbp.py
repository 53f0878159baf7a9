"""Narodowy Bank Polski's middle rates, tables A (daily) and B (weekly), from its web service as JSON.

One of a currency is so many zloty, as printed. Table C (buying and selling) and the price of a gram of gold are landed,
not loaded: they are no middle rates, and no ounce.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import ClassVar

from ticker_converter.errors import Refused, Unreadable
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import CentralBank, as_json, cell, objects, parsed, short, text
from ticker_converter.records import Parsed, Payload, Publisher


class NarodowyBankPolski(CentralBank):
    """Quote PLN, no key; a call covers at most 93 days."""

    name: ClassVar[str] = "nbp"
    title: ClassVar[str] = "Narodowy Bank Polski"
    publisher: ClassVar[Publisher] = Publisher(
        "PLN", "Europe/Warsaw", timedelta(hours=11, minutes=45), "about 12:00 Europe/Warsaw"
    )
    home: ClassVar[str] = "https://api.nbp.pl/api"
    first: ClassVar[date] = date(2002, 1, 2)
    back: ClassVar[timedelta | None] = timedelta(days=365)
    overlap: ClassVar[timedelta] = timedelta(days=40)  # table B comes once a week
    span: ClassVar[timedelta | None] = timedelta(days=93)
    speaks_in_bodies: ClassVar[bool] = True

    def urls(self, since: date, until: date) -> Sequence[str]:
        """Both tables of the window."""
        tables = f"{self._base_url}/exchangerates/tables"
        return tuple(f"{tables}/{table}/{since}/{until}/?format=json" for table in ("A", "B"))

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """A list of tables, each of one day; or one currency's rates by day."""
        name, body = bodies.name(payload), text(payload)
        if body.startswith("404 NotFound"):
            return Parsed(message="nothing was published in its period")
        if body.startswith("400 BadRequest"):
            raise Refused(f"{cls.title}: {short(body)}")
        found = as_json(payload, body)
        if isinstance(found, dict) and "rates" in found:  # one currency of a table
            found = [
                {**found, "effectiveDate": one.get("effectiveDate"), "rates": [{**one, "code": found.get("code")}]}
                for one in objects(payload, found["rates"], "rates")
            ]  # fmt: skip
        tables = objects(payload, found, "tables")
        if tables and all("cena" in table for table in tables):
            return Parsed(message="prices of a gram of gold are landed, not loaded")
        if not tables or not all("effectiveDate" in table and "rates" in table for table in tables):
            raise Unreadable(f"{name}: is no table of rates of {cls.title}")
        stated = [(table, rate) for table in tables for rate in objects(payload, table["rates"], "rates")]
        if stated and all("bid" in rate for _, rate in stated):
            return Parsed(message="buying and selling rates (table C) are landed, not loaded")
        return parsed(
            payload,
            (
                (
                    cell(payload, rate.get("code")),
                    "PLN",
                    cell(payload, table["effectiveDate"]),
                    cell(payload, rate.get("mid")),
                )  # fmt: skip
                for table, rate in stated
            ),
            cls.name,
        )
