"""Exchange sessions against facts that anybody can look up, and against the package they were taken from."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from ticker_converter.market import sessions
from ticker_converter.market.tables import DATA, rows

FILES = sorted(path.stem for path in (DATA / "sessions").iterdir())


def days(mic: str, first: str, last: str) -> list[str]:
    return [
        day.isoformat()
        for day, _ in sessions.sessions(mic, date.fromisoformat(first), date.fromisoformat(last))
    ]


@pytest.mark.parametrize(
    ("mic", "first", "last", "shut"),
    [
        ("XNYS", "2001-09-11", "2001-09-14", 4),
        ("XNYS", "2012-10-29", "2012-10-30", 2),
        ("XNYS", "1963-11-25", "1963-11-25", 1),
        ("XNYS", "2025-01-09", "2025-01-09", 1),
        ("XTKS", "2019-04-27", "2019-05-06", 10),
        ("XLON", "2022-09-19", "2022-09-19", 1),
        ("XHKG", "2023-09-01", "2023-09-01", 1),
        ("XATH", "2015-06-29", "2015-07-31", 33),
        ("XIST", "2023-02-09", "2023-02-14", 6),
        ("TARGET", "1999-12-31", "1999-12-31", 1),
        ("TARGET", "2001-12-31", "2001-12-31", 1),
        ("TARGET", "2008-12-25", "2008-12-28", 4),
    ],
)
def test_an_exchange_was_shut(mic: str, first: str, last: str, shut: int) -> None:
    assert days(mic, first, last) == []
    assert (date.fromisoformat(last) - date.fromisoformat(first)).days + 1 == shut
    assert sessions.is_session(mic, date.fromisoformat(first)) is False
    assert sessions.close(mic, date.fromisoformat(first)) is None


@pytest.mark.parametrize(
    ("mic", "day", "close"),
    [
        ("XNYS", "2001-09-10", "2001-09-10T20:00"),
        ("XNYS", "2001-09-17", "2001-09-17T20:00"),
        ("XNYS", "2024-01-02", "2024-01-02T21:00"),
        ("XNYS", "2024-11-29", "2024-11-29T18:00"),
        ("XLON", "2024-07-01", "2024-07-01T15:30"),
        ("XLON", "2024-12-24", "2024-12-24T12:30"),
        ("XETR", "2024-12-30", "2024-12-30T13:00"),
        ("XTKS", "2024-11-01", "2024-11-01T06:00"),
        ("XTKS", "2024-11-05", "2024-11-05T06:30"),
        ("XTAE", "2024-01-07", "2024-01-07T13:40"),
        ("XBOM", "2024-01-20", "2024-01-20T10:00"),
        ("TARGET", "1999-04-02", "1999-04-02T14:00"),
        ("TARGET", "2024-02-01", "2024-02-01T15:00"),
    ],
)
def test_a_session_closes_at_its_time_in_utc(mic: str, day: str, close: str) -> None:
    found = sessions.sessions(mic, date.fromisoformat(day), date.fromisoformat(day))
    assert found == [(date.fromisoformat(day), datetime.fromisoformat(close).replace(tzinfo=UTC))]
    assert sessions.is_session(mic, date.fromisoformat(day)) is True
    assert sessions.close(mic, date.fromisoformat(day)) == found[0][1]


def test_tel_aviv_moved_its_week_from_sunday_to_friday_in_2026() -> None:
    assert days("XTAE", "2025-12-19", "2025-12-22") == ["2025-12-21", "2025-12-22"]
    assert days("XTAE", "2026-01-09", "2026-01-12") == ["2026-01-09", "2026-01-12"]


def test_exchanges_that_share_a_calendar_read_one_file() -> None:
    assert sessions.calendar_name("XNAS") == "XNYS"
    assert sessions.covered("XNAS") == sessions.covered("XNYS") == (date(1962, 1, 1), date(2027, 12, 31))
    assert days("XKOS", "2024-01-01", "2024-12-31") == days("XKRX", "2024-01-01", "2024-12-31")


@pytest.mark.parametrize("mic", ["XDFM", "XXXX", ""])
def test_without_a_calendar_nothing_is_assumed(mic: str) -> None:
    assert sessions.covered(mic) is None
    assert sessions.is_session(mic, date(2024, 1, 6)) is None
    assert sessions.close(mic, date(2024, 1, 5)) is None
    assert sessions.sessions(mic, date(2024, 1, 1), date(2024, 12, 31)) == []


def test_outside_its_dates_a_calendar_answers_none_and_not_no() -> None:
    first, last = sessions.covered("XLON") or pytest.fail("XLON has no calendar")
    day = timedelta(1)
    assert sessions.is_session("XLON", first - day) is None
    assert sessions.is_session("XLON", last + day) is None
    assert sessions.is_session("XLON", first) is False  # New Year's Day 1990
    assert sessions.is_session("XLON", last) is True  # a Friday


@pytest.mark.parametrize("name", FILES)
def test_a_calendar_is_in_order_and_within_its_dates(name: str) -> None:
    found = sessions.read(name)
    listed = [day for day, _ in found]
    lines = (DATA / "sessions" / f"{name}.txt").read_text().splitlines()
    _, first, last = next(line for line in lines if line.startswith("covers")).split()
    assert listed == sorted(set(listed))
    assert date.fromisoformat(first) <= listed[0] < listed[-1] <= date.fromisoformat(last)
    assert all(close.tzinfo is UTC and abs(close.date() - day) <= timedelta(1) for day, close in found)
    # No calendar has a year of holidays missing, or shuts for a season: the longest was Athens in 2015.
    per_year = [
        sum(day.year == year for day in listed) for year in range(listed[0].year + 1, listed[-1].year)
    ]
    assert min(per_year) >= 215 and max(per_year) <= 300, (min(per_year), max(per_year))


def test_every_calendar_is_some_exchanges() -> None:
    assert {row["calendar"] for row in rows("exchange")} - {""} == set(FILES) - {"TARGET"}


def test_a_whole_history_is_read_within_a_moment() -> None:
    sessions._load.cache_clear()
    begin = time.process_time()
    found = sessions.sessions("XNYS", date.min, date.max)
    # 14 ms where this was written; ten times that is a regression on any machine.
    assert time.process_time() - begin < 0.15
    assert len(found) > 16000


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in (DATA / "sessions").iterdir()) < 400_000


def test_target_days_are_the_days_of_the_ecbs_own_history(shared) -> None:  # type: ignore[no-untyped-def]
    import csv
    import io
    import zipfile

    with zipfile.ZipFile(shared / "ecb/eurofxref-hist_2026-04.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    published = {row["Date"] for row in csv.DictReader(io.StringIO(text))}
    assert published == set(days("TARGET", "1999-01-04", "2026-04-13"))


@pytest.mark.parametrize(
    ("path", "mic"),
    [
        ("prices/av_daily_adjusted_full_to_2018-08/daily_adjusted_AAPL.csv", "XNAS"),
        ("prices/av_daily_full_raw_to_2023-12/daily_MSFT.csv", "XNAS"),
        ("prices/yahoo_lse_pence_2016_2019/TSCO.L.csv", "XLON"),
        ("yahoo/yfinance_repair/4063-T-1d-bad-stock-split.csv", "XTKS"),
        ("yahoo/yfinance_repair/IBE-MC-1d-no-bad-divs.csv", "XMAD"),
        ("yahoo/yfinance_repair/SCR-TO-1d-bad-div.csv", "XTSE"),
        ("yahoo/yfinance_repair/SSW-JO-1d-100x-error.csv", "XJSE"),
    ],
)
def test_real_bars_lie_on_exactly_the_sessions(shared, path: str, mic: str) -> None:  # type: ignore[no-untyped-def]
    lines = (shared / path).read_text(encoding="utf-8-sig").splitlines()[1:]
    traded = {line[:10] for line in lines}
    assert traded == set(days(mic, min(traded), max(traded)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FILES if name != "TARGET"])
@pytest.mark.filterwarnings("ignore")  # pandas warns of its own changes
def test_a_calendar_equals_the_package_it_was_taken_from(name: str) -> None:
    package = pytest.importorskip("exchange_calendars")
    import pandas

    from tools import calendars

    if package.__version__ not in (DATA / "sessions" / f"{name}.txt").read_text().partition("\n")[0]:
        pytest.skip(f"taken from another version than {package.__version__}")
    if pandas.__version__ >= "3" and name in calendars.WRONG_WITH_PANDAS_3:
        pytest.skip("exchange-calendars 4.13.2 does not make this calendar right with pandas 3")
    found, first, last = calendars.calendar(name)
    assert sessions.read(name) == calendars.expected(found)
    assert f"\ncovers {first} {last}\n" in (DATA / "sessions" / f"{name}.txt").read_text()
