"""Dates and knowledge times as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ticker_converter import times
from ticker_converter.errors import Usage

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2020-1-2", "20200102", "2020-W01-1", "02/01/2020", "2020-02-30", "2020-01-02 ", "", "٢٠٢٠-٠١-٠٢"],
)
def test_a_day_is_written_in_one_way(text: str) -> None:
    with pytest.raises(Usage):
        times.day(text)


def test_a_day_is_itself() -> None:
    assert times.day("2020-02-29") == times.day(date(2020, 2, 29)) == date(2020, 2, 29)
    assert times.day(datetime(2020, 2, 29, 23, 59, tzinfo=UTC)) == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)),
        (date(2026, 3, 1), datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01 10:00:00.123456-05:00", datetime(2026, 3, 1, 15, 0, 0, 123456, tzinfo=UTC)),
        (datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_time_is_in_utc_and_a_date_means_its_end(given: str | date, means: datetime) -> None:
    assert times.known(given, NOW) == means


def test_the_future_is_not_known() -> None:
    assert times.known("2026-03-02T12:00:00Z", NOW) == NOW
    with pytest.raises(Usage, match="in the future"):
        times.known("2026-03-02T12:00:01Z", NOW)
    with pytest.raises(Usage, match="a date means its end"):
        times.known("2026-03-02", NOW)


@pytest.mark.parametrize("text", ["now", "2026-03-01T25:00:00Z", "9999-12-31", "1", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Usage):
        times.moment(text)
