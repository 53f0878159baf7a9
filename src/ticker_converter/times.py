"""A person's dates and knowledge times, read in one way by every face: ISO 8601, and nothing is guessed.

`01/02/2024` is refused, because half the world reads another day in it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from ticker_converter.errors import Usage

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(text: str | date) -> date:
    """A calendar day written as 2020-08-30; Usage if it is anything else."""
    if isinstance(text, date):
        return text.date() if isinstance(text, datetime) else text
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise Usage(f"{text!r} is no day of the calendar ({error})") from None
    raise Usage(f"{text!r} is no date: write it as 2020-08-30")


def moment(text: str | date) -> datetime:
    """A time in UTC, given as a timestamp (without an offset: UTC) or as a bare date, which means its end: the
    midnight that follows it. Usage if it is neither."""
    if isinstance(text, str):
        if _DAY.fullmatch(text):
            return moment(day(text))
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise Usage(
                f"{text!r} is no time: write it as 2020-08-30T14:15:00Z, or as a date, which means its end"
            ) from None
        return moment(found)
    try:
        if isinstance(text, datetime):
            return text.replace(tzinfo=UTC) if text.tzinfo is None else text.astimezone(UTC)
        return datetime.combine(text, time(), UTC) + timedelta(days=1)
    except OverflowError:
        raise Usage(f"{text} is outside the calendar") from None


def known(text: str | date, now: datetime | None = None) -> datetime:
    """The same, for what was known then: Usage if it lies in the future."""
    found = moment(text)
    if found > (now or datetime.now(UTC)):
        hint = " (a date means its end)" if found.time() == time() else ""
        raise Usage(f"{text} is in the future{hint}: nothing is known then yet")
    return found
