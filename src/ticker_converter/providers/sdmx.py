"""What the SDMX csv of two banks has in common: telling daily rows from others, and nothing from a cut body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ticker_converter.errors import Unreadable
from ticker_converter.providers.central_bank import short
from ticker_converter.records import Payload


def is_nothing(payload: Payload) -> bool:
    """Whether an SDMX service answered with no byte, as it does (HTTP 200) for a period without an observation."""
    return "/data/EXR" in payload.request and not payload.read(1)


def daily(name: str, rows: Sequence[Mapping[str, str]], frequency: str) -> bool:
    """Whether all rows are of this frequency; Unreadable where some are."""
    others = {row["FREQ"] for row in rows} - {frequency}
    if others and any(row["FREQ"] == frequency for row in rows):
        raise Unreadable(f"{name}: mixes frequency {short(min(others))} with daily rates")
    return not others


def value(row: Mapping[str, str]) -> str:
    """An observation as published; NaN is how SDMX writes that there is none."""
    return "" if row["OBS_VALUE"] == "NaN" else row["OBS_VALUE"]
