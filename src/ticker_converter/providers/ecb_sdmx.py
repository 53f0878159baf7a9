"""The European Central Bank's reference rates from its data portal, as SDMX csv: the same fixings as in its files.

Read by the provider `ecb`, under the same source: who publishes is one bank, whichever door is used. Only series
D.X.EUR.SP00.A are rates; averages are landed.
"""

from __future__ import annotations

from datetime import date

from ticker_converter.errors import Unreadable
from ticker_converter.providers import bodies
from ticker_converter.providers.central_bank import parsed, records, short
from ticker_converter.providers.sdmx import daily, is_nothing, value
from ticker_converter.records import Parsed, Payload

ROOT = "/service/data"
"How ECB_BASE_URL ends where it means this interface."
_SERIES = {"CURRENCY_DENOM": "EUR", "EXR_TYPE": "SP00", "EXR_SUFFIX": "A"}


def url(base: str, since: date | None, until: date | None) -> str:
    """All currencies of the window."""
    period = "".join(
        f"&{name}={day}" for name, day in (("startPeriod", since), ("endPeriod", until)) if day is not None
    )
    return f"{base}/EXR/D..EUR.SP00.A?format=csvdata&detail=dataonly{period}"


def speaks(head: bytes) -> bool:
    """Whether a body opens with a header of SDMX csv."""
    header = head.removeprefix(bodies.BOM).lstrip().split(b"\n", 1)[0]
    return b"OBS_VALUE" in header and b"TIME_PERIOD" in header


def nothing(payload: Payload) -> Parsed | None:
    """What an empty answer says: no fixing in the period (a Sunday); None where it is not one."""
    return Parsed(message="nothing was published in its period") if is_nothing(payload) else None


def parse(payload: Payload, text: str) -> Parsed:
    """An observation per row; columns beyond the four needed are checked where they are there."""
    name, rows = (
        bodies.name(payload),
        records(payload, text, ("FREQ", "CURRENCY", "TIME_PERIOD", "OBS_VALUE")),
    )
    if not daily(name, rows, "D"):
        return Parsed(message="averages over months, quarters or years are landed, not loaded")
    for column, expected in _SERIES.items():
        if other := next((row[column] for row in rows if row.get(column, expected) != expected), None):
            raise Unreadable(f"{name}: {column} is {short(other)}: these are no reference rates of the euro")
    return parsed(payload, (("EUR", row["CURRENCY"], row["TIME_PERIOD"], value(row)) for row in rows), "ecb")
