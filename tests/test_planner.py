"""The plan of a sync, from what is stored: order, what is left out, and what is not asked for twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ticker_converter.coverage import Coverage, Room, Stored
from ticker_converter.errors import Usage
from ticker_converter.planner import Plan, plan
from ticker_converter.records import Window
from ticker_converter.settings import load

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AV = ("alpha_vantage",)


def _plan(*stored: Stored, loaded: dict[tuple[str, str], datetime] | None = None,
          provider: str | None = None, **env: str) -> Plan:  # fmt: skip
    settings = load({"TICKER_CONVERTER_HOME": "/nonexistent", "ALPHA_VANTAGE_API_KEY": "A1B2C3D4", **env})
    return plan(Coverage(stored, {}, loaded or {}), settings, Window(), provider=provider, now=NOW)


def _prices(found: Plan) -> list[str | None]:
    return [call.symbol for call in found.calls if call.kind == "prices"]


def _kinds(found: Plan) -> list[tuple[str, str | None]]:
    return [(call.kind, call.symbol) for call in found.calls]


def test_rates_come_first_then_the_most_behind_then_the_new_and_not_what_is_up_to_date() -> None:
    found = _plan(
        Stored("AAPL", "XNAS", AV, date(2026, 2, 27)), Stored("VOD.L", "XLON", AV, None),
        Stored("IBM", "XNYS", AV, date(2026, 1, 5)), Stored("MINE", None, ("files",), None),
    )  # fmt: skip
    assert _kinds(found) == [
        ("rates", None), ("prices", "IBM"), ("prices", "VOD.LON"), ("actions", "AAPL"), ("actions", "AAPL"),
        ("actions", "VOD.LON"), ("actions", "VOD.LON"), ("actions", "IBM"), ("actions", "IBM"),
    ]  # fmt: skip
    assert list(found.providers) == ["ecb", "alpha_vantage"]


@pytest.mark.parametrize(("age", "asked"), [(29, 0), (31, 1)])
def test_a_list_of_actions_is_asked_for_again_after_a_month(age: int, asked: int) -> None:
    one = Stored("IBM", "XNYS", AV, date(2026, 2, 27))
    urls = [call.url for call in _plan(one).calls if call.kind == "actions"]
    assert len(urls) == 2
    again = _plan(
        one, loaded={("alpha_vantage", urls[0]): NOW - timedelta(days=age), ("alpha_vantage", urls[1]): NOW}
    )
    assert [call.url for call in again.calls if call.kind == "actions"] == urls[:asked]


def test_a_source_that_is_not_configured_is_not_fetched() -> None:
    assert _plan(FX_SOURCES="files,alpha_vantage").calls == []
    assert _kinds(_plan(provider="alpha_vantage")) == []
    assert _kinds(_plan(Stored("IBM", "XNYS", AV), provider="ecb")) == [("rates", None)]
    with pytest.raises(Usage, match="unknown provider 'nobody'"):
        _plan(provider="nobody")


def test_a_symbol_that_the_provider_cannot_spell_is_said_and_stops_no_other() -> None:
    found = _plan(Stored("^GSPC", None, AV), Stored("IBM", "XNYS", AV))
    assert [symbol for kind, symbol in _kinds(found) if kind == "prices"] == ["IBM"]
    assert found.notes == ["alpha_vantage has no spelling for ^GSPC: it has plain shares and funds only, with a suffix "
                           "that names a known exchange"]  # fmt: skip


def test_a_plan_holds_no_key() -> None:
    assert "A1B2C3D4" not in repr(_plan(Stored("IBM", "XNYS", AV)))


IBM = Stored("IBM", "XNYS", AV, date(2026, 2, 26), place=1)
ASKED = ("alpha_vantage", "prices", "IBM")


def _planned(one: Stored, at: datetime = NOW, **coverage: object) -> Plan:
    settings = load({"TICKER_CONVERTER_HOME": "/nonexistent", "ALPHA_VANTAGE_API_KEY": "A1B2C3D4"})
    return plan(Coverage([one], **coverage), settings, Window(), provider="alpha_vantage", now=at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        ("2026-02-27T20:59", False),  # Friday's session closes at 21:00 UTC
        ("2026-02-27T21:01", True),
        ("2026-03-02T20:00", True),
        ("2026-02-28T12:00", True),
    ],
)
def test_prices_are_asked_for_when_a_session_has_closed_that_is_not_stored(at: str, asked: bool) -> None:
    found = _planned(IBM, datetime.fromisoformat(f"{at}+00:00"))
    assert bool(_prices(found)) == asked


@pytest.mark.parametrize(
    ("asked_after", "hours", "again"),
    [(1, 2, False), (1, 4, True), (5, 4, False), (5, 6, True), (20, 10, False), (20, 21, True)],
)
def test_what_did_not_come_is_asked_for_again_after_longer_and_longer(
    asked_after: int, hours: int, again: bool
) -> None:
    closed = datetime(2026, 2, 27, 21, tzinfo=UTC)
    last = closed + timedelta(hours=asked_after)
    found = _planned(IBM, last + timedelta(hours=hours), answered={ASKED: last})
    assert bool(_prices(found)) == again


@pytest.mark.parametrize(("days", "again"), [(6, False), (8, True)])
def test_what_stays_far_behind_is_asked_for_once_a_week(days: int, again: bool) -> None:
    dead = Stored("IBM", "XNYS", AV, date(2025, 6, 2))
    assert bool(_prices(_planned(dead, answered={ASKED: NOW - timedelta(days=days)}))) == again


@pytest.mark.parametrize(
    ("ex_date", "last", "asked"),
    [
        (date(2026, 3, 4), NOW - timedelta(days=10), True),
        (date(2026, 3, 4), NOW - timedelta(hours=1), False),
        (date(2026, 3, 20), NOW - timedelta(days=10), False),
        (None, NOW - timedelta(days=10), False),
    ],
)
def test_lists_of_actions_are_asked_for_once_before_an_announced_ex_date(
    ex_date: date | None, last: datetime, asked: bool
) -> None:
    urls = [call.url for call in _planned(IBM).calls if call.kind == "actions"]
    one = Stored("IBM", "XNYS", AV, date(2026, 2, 27), ex_date=ex_date)
    found = _planned(one, loaded={("alpha_vantage", url): last for url in urls})
    assert (len([call for call in found.calls if call.kind == "actions"]) == 2) == asked


def test_the_last_five_stored_sessions_are_asked_for_again() -> None:
    """Of a provider that is asked by dates: Presidents' Day is no session."""
    settings = load({"TICKER_CONVERTER_HOME": "/nonexistent", "TIINGO_API_KEY": "A1B2C3D4"})
    one = Stored("IBM", "XNYS", ("tiingo",), date(2026, 2, 18))
    found = plan(Coverage([one]), settings, Window(), provider="tiingo", now=NOW)
    assert ["startDate=2026-02-11" in call.url for call in found.calls] == [True]


def test_what_no_call_is_left_for_is_later_and_it_is_said_until_when() -> None:
    settings = load({"TICKER_CONVERTER_HOME": "/nonexistent", "ALPHA_VANTAGE_API_KEY": "A1B2C3D4"})
    many = [Stored(f"S{n}", "XNYS", AV, place=n) for n in range(30)]
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    found = plan(
        Coverage(many), settings, Window(), provider="alpha_vantage", now=NOW,
        room={"alpha_vantage": Room(10, midnight, 25)},
    )  # fmt: skip
    assert _prices(found) == [f"S{n}" for n in range(10)] and len(found.calls) == 10
    assert len(found.later) == 20 + 60
    assert found.finish == {"alpha_vantage": midnight + timedelta(days=3)}, "25 a day: 80 take four days"
    assert any(
        "10 calls now, 80 later" in note and "2026-03-06 00:00 UTC, at 25 a day" in note
        for note in found.notes
    )
