"""When the schedule of exchange sessions has something to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ticker_converter.orchestration import marks

HOUR = (timedelta(hours=1),)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_hour_after_the_close_of_each_session_and_never_on_a_holiday() -> None:
    # Thanksgiving 2025 fell on 27 November; the day after New York closed at 13:00, 18:00 UTC.
    assert marks.after(at("2025-11-26 12:00"), ("XNYS",), HOUR) == at("2025-11-26 22:00")
    assert marks.after(at("2025-11-26 22:00"), ("XNYS",), HOUR) == at("2025-11-28 19:00")
    assert marks.after(at("2025-11-28 19:00"), ("XNYS",), HOUR) == at("2025-12-01 22:00")
    assert marks.until(at("2025-11-28 18:59"), ("XNYS",), HOUR) == at("2025-11-26 22:00")


def test_summer_time_moves_the_mark() -> None:
    assert marks.after(at("2026-07-01 12:00"), ("XNYS",), HOUR) == at("2026-07-01 21:00")


def test_exchanges_that_close_within_a_quarter_of_an_hour_share_a_mark() -> None:
    both = [marks.after(at("2026-03-03 12:00"), (mic,), HOUR) for mic in ("XPAR", "XLON")]
    assert both[0] == at("2026-03-03 17:30")
    assert all(mark is not None and mark.minute % 15 == 0 for mark in both)


def test_the_ecbs_days() -> None:
    half = (timedelta(minutes=30),)
    assert marks.after(at("2026-04-02 20:00"), ("TARGET",), half) == at("2026-04-07 14:30")  # Easter


def test_every_calendar_is_followed_once() -> None:
    found = marks.exchanges()
    assert {"XNYS", "XLON", "XTKS"} <= set(found)
    assert len(found) == len(set(found))


def test_a_time_that_no_calendar_covers_has_no_mark() -> None:
    assert marks.after(at("2090-01-01 00:00"), ("XNYS",), HOUR) is None
