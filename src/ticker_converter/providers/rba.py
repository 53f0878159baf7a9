"""The Reserve Bank of Australia's daily rates, table F11.1 as csv.

One Australian dollar is so many of a currency, as printed, at 16:00 in Sydney. The trade-weighted index of the same
table is no rate. The file holds the years since 2023; earlier ones are spreadsheets, which are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import ClassVar

from ticker_converter.errors import Unreadable
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import CentralBank, check_width, parsed, short, table, text
from ticker_converter.records import Parsed, Payload, Publisher

SPELLED = {"SDR": "XDR"}
"The bank's spelling of special drawing rights, and ISO 4217's."
_HEADS = ("Title", "Frequency", "Units", "Series ID")


class ReserveBankOfAustralia(CentralBank):
    """Base AUD, no key, no stated limit."""

    name: ClassVar[str] = "rba"
    title: ClassVar[str] = "the Reserve Bank of Australia"
    publisher: ClassVar[Publisher] = Publisher(
        "AUD", "Australia/Sydney", timedelta(hours=16), "16:00 Australia/Sydney"
    )
    home: ClassVar[str] = "https://www.rba.gov.au/statistics/tables/csv"
    first: ClassVar[date] = date(2023, 1, 3)

    def urls(self, since: date, until: date) -> Sequence[str]:
        """The one file, whatever the window."""
        return (f"{self._base_url}/f11.1-data.csv",)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Rows that say what each column is, then a day per row."""
        name, rows = bodies.name(payload), table(payload, text(payload))
        heads = {row[0]: (number, row) for number, row in enumerate(rows) if row[0] in _HEADS}
        if len(heads) < len(_HEADS):
            missing = next(head for head in _HEADS if head not in heads)
            raise Unreadable(f"{name}: is no table F11.1 of {cls.title}: it has no row {missing!r}")
        units, titles, often = (heads[head][1][1:] for head in ("Units", "Title", "Frequency"))
        start = heads["Series ID"][0] + 1
        check_width(name, heads["Series ID"][1], [heads[head][1] for head in _HEADS] + rows[start:])
        if all(word != "Daily" for word in often):
            return Parsed(message="rates that are not daily are landed, not loaded")
        columns = []
        for place, (unit, title, word) in enumerate(zip(units, titles, often, strict=True), start=1):
            if unit == "Index":
                continue
            if word != "Daily" or title != f"A$1={unit}":
                raise Unreadable(
                    f"{name}: column {place + 1} is {short(word)} {short(title)}, not daily A$1={unit}"
                )
            columns.append((place, SPELLED.get(unit, unit)))
        return parsed(
            payload,
            (("AUD", quote, row[0], row[place]) for row in rows[start:] for place, quote in columns),
            cls.name,
            "%d-%b-%Y",
        )
