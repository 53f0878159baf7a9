"""The plan of a sync, from what is stored: order, what is left out, and what is not asked for twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ticker_converter.errors import Usage
from ticker_converter.planner import Coverage, Plan, Stored, plan
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
