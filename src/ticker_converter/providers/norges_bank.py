"""Norges Bank's daily rates, from its SDMX service as csv.

So many kroner for 10^UNIT_MULT of a currency: one or a hundred, told in each row, and divided without loss. The indices
I44 and TWI stand among the rates and are none; the synthetic XDR is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import ClassVar

from ticker_converter.errors import Unreadable
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import CentralBank, moved, parsed, per, records, short, text
from ticker_converter.providers.sdmx import daily, is_nothing, value
from ticker_converter.records import Parsed, Payload, Publisher

INDICES = frozenset({"I44", "TWI"})
"Import-weighted and trade-weighted: levels of an index, not what a currency costs."
_COLUMNS = ("FREQ", "BASE_CUR", "QUOTE_CUR", "TENOR", "UNIT_MULT", "TIME_PERIOD", "OBS_VALUE")


class NorgesBank(CentralBank):
    """Quote NOK, no key, no stated limit."""

    name: ClassVar[str] = "norges_bank"
    title: ClassVar[str] = "Norges Bank"
    publisher: ClassVar[Publisher] = Publisher(
        "NOK", "Europe/Oslo", timedelta(hours=14, minutes=15), "14:15 Europe/Oslo"
    )
    home: ClassVar[str] = "https://data.norges-bank.no/api"
    first: ClassVar[date] = date(1999, 1, 4)
    span: ClassVar[timedelta | None] = timedelta(days=5 * 366)

    def urls(self, since: date, until: date) -> Sequence[str]:
        """All currencies, business days, spot."""
        query = f"format=csvdata&startPeriod={since}&endPeriod={until}"
        return (f"{self._base_url}/data/EXR/B..NOK.SP?{query}",)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """SDMX csv, an observation per row."""
        if is_nothing(payload):
            return Parsed(message="nothing was published in its period")
        name, rows = bodies.name(payload), records(payload, text(payload), _COLUMNS)
        if not daily(name, rows, "B"):
            return Parsed(message="monthly or annual averages are landed, not loaded")
        if other := next((row["TENOR"] for row in rows if row["TENOR"] != "SP"), None):
            raise Unreadable(f"{name}: holds rates of tenor {short(other)}, not spot rates (SP)")
        return parsed(
            payload,
            (
                (row["BASE_CUR"], row["QUOTE_CUR"], row["TIME_PERIOD"], _one(value(row), row["UNIT_MULT"]))
                for row in rows
                if row["BASE_CUR"] not in INDICES
            ),
            cls.name,
        )


def _one(rate: str, power: str) -> str | None:
    if re.fullmatch(r"-?[0-9]", power):
        return moved(rate, int(power))
    return per(rate, f"10^{power}")
