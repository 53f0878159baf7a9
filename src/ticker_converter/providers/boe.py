"""The Bank of England's daily spot rates against sterling, from its statistical database as csv.

One pound is so many of the currency, as printed: the middle of the market seen in London about 16:00, no official rate.
A series that is not in the list below is held as an unknown currency, under its own name; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from ticker_converter.errors import Unreadable
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import CentralBank, check_width, parsed, short, table, text
from ticker_converter.records import Parsed, Payload, Publisher

#: Codes of the daily series "spot exchange rate, X into sterling".
SERIES = {
    "XUDLUSS": "USD", "XUDLERS": "EUR", "XUDLJYS": "JPY", "XUDLCDS": "CAD", "XUDLSFS": "CHF", "XUDLADS": "AUD",
    "XUDLNDS": "NZD", "XUDLNKS": "NOK", "XUDLSKS": "SEK", "XUDLDKS": "DKK", "XUDLHDS": "HKD", "XUDLSGS": "SGD",
    "XUDLSRS": "SAR", "XUDLZRS": "ZAR", "XUDLTWS": "TWD", "XUDLBK25": "CZK", "XUDLBK33": "HUF", "XUDLBK47": "PLN",
    "XUDLBK78": "ILS", "XUDLBK83": "MYR", "XUDLBK87": "THB", "XUDLBK89": "CNY", "XUDLBK93": "KRW", "XUDLBK95": "TRY",
    "XUDLBK97": "INR", "XUDLZOS4": "RON",
}  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class BankOfEngland(CentralBank):
    """Base GBP, no key, no stated limit."""

    name: ClassVar[str] = "boe"
    title: ClassVar[str] = "the Bank of England"
    publisher: ClassVar[Publisher] = Publisher(
        "GBP", "Europe/London", timedelta(hours=16), "about 16:00 Europe/London"
    )
    home: ClassVar[str] = "https://www.bankofengland.co.uk/boeapps/database/_iadb-fromshowcolumns.asp"
    first: ClassVar[date] = date(1975, 1, 2)

    def urls(self, since: date, until: date) -> Sequence[str]:
        """All series of the window at once, a column each."""
        query = {
            "csv.x": "yes", "Datefrom": _written(since), "Dateto": _written(until), "SeriesCodes": ",".join(SERIES),
            "UsingCodes": "Y", "CSVF": "TN",
        }  # fmt: skip
        return (f"{self._base_url}?{urlencode(query, safe=',/')}",)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """A csv table of a day per row and a series per column."""
        name, rows = bodies.name(payload), table(payload, text(payload))
        if not rows or rows[0][0].upper() != "DATE" or len(rows[0]) < 2 or "" in rows[0]:
            found = ",".join(rows[0]) if rows else ""
            raise Unreadable(
                f"{name}: its header is not DATE and series, such as XUDLUSS, but {short(found)}"
            )
        header = rows[0]
        if len(set(header)) < len(header):
            raise Unreadable(f"{name}: its header names a series twice")
        check_width(name, header, rows)
        quotes = [SERIES.get(code.upper(), code) for code in header[1:]]
        return parsed(
            payload,
            (
                ("GBP", quote, row[0], rate)
                for row in rows[1:]
                for quote, rate in zip(quotes, row[1:], strict=True)
            ),
            cls.name,
            "%d %b %Y",
        )


def _written(day: date) -> str:
    """As the database wants it, 05/Jan/2026, whatever the machine's language."""
    return f"{day.day:02}/{_MONTHS[day.month - 1]}/{day.year}"
