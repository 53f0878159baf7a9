"""What pages are drawn from: the watch list with its last move, and positions over time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.conftest import configured, fill, serving
from tests.support import writing
from ticker_converter.api import schemas, valuation, watch
from ticker_converter.app import create_app


@pytest.fixture
def post(shared_address: str) -> Iterator[Callable[..., httpx.Response]]:
    with httpx.Client(base_url=shared_address) as client:
        yield client.post


def exact(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return json.loads(response.content, parse_float=Decimal)


def test_a_row_is_what_prices_and_returns_say_of_the_last_session(get) -> None:
    found = exact(get("/v1/watch", currency="GBP", max_age_days=30, bars=3))
    watch.WatchList.model_validate(found)
    row = {one["symbol"]: one for one in found["watch"]}["AAPL"]
    bars = exact(get("/v1/prices/AAPL", currency="GBP", max_age_days=30))["prices"]
    traded = exact(get("/v1/prices/AAPL"))["prices"]
    last = exact(get("/v1/returns/AAPL", currency="GBP", max_age_days=30))["returns"][-1]
    assert (row["date"], row["close"], row["value"]) == ("2024-01-22", traded[-1]["close"], bars[-1]["close"])
    assert (row["rate"], row["rate_date"], row["source"]) == (
        bars[-1]["rate"],
        "2024-01-08",
        bars[-1]["source"],
    )
    assert [row[name] for name in ("local", "fx", "total")] == [
        last[name] for name in ("local", "fx", "total")
    ]
    assert row["base_date"] == "2024-01-08"
    assert [float(one) for one in row["spark"]] == [round(float(bar["close"]), 3) for bar in bars[-3:]]


def test_what_cannot_be_judged_is_there_with_the_reason(get) -> None:
    found = {one["symbol"]: one for one in exact(get("/v1/watch", currency="GBP"))["watch"]}
    assert {name: row["missing"] for name, row in found.items()} == {
        "AAPL": "rate_too_old", "ADJ": None, "VOD.L": "too_few_sessions",
    }  # fmt: skip
    assert found["AAPL"]["value"] is None and found["AAPL"]["close"] == Decimal("193.89")
    assert found["VOD.L"]["value"] == Decimal("0.689") and found["VOD.L"]["total"] is None


def test_pages_put_together_are_the_whole_list(get) -> None:
    whole = exact(get("/v1/watch", currency="USD"))
    assert whole["count"] == 3 and "next" not in whole
    rows, address = [], "/v1/watch?currency=USD&limit=2"
    while address:
        page = exact(get(address))
        assert page["count"] == 3
        rows += page["watch"]
        address = page["next"]
    assert rows == whole["watch"]
    assert [one["symbol"] for one in exact(get("/v1/watch", currency="USD", find="vod"))["watch"]] == [
        "VOD.L"
    ]


def test_a_split_between_two_sessions_is_no_move(server, template, tmp_path) -> None:
    url = server.create("watch_split", template)
    try:
        fill(url)
        with psycopg.connect(url) as conn:
            writing.bars(conn, ["SPL,2024-01-04,400", "SPL,2024-01-05,101"], unit="USD", mic="XNAS")
            writing.actions(conn, ["SPL,2024-01-05,split,4,"])
        with serving(create_app(configured(tmp_path, url))) as base, httpx.Client(base_url=base) as client:
            (row,) = exact(client.get("/v1/watch", params={"currency": "USD", "find": "SPL"}))["watch"]
            assert (row["close"], row["local"]) == (101, Decimal("0.01"))
            assert row["spark"] == [100, 101]
            body = {"currency": "USD", "interval": "1d", "positions": [{"symbol": "SPL", "quantity": "8"}]}
            days = exact(client.post("/v1/valuation/history", json=body))["values"]
            # 8 shares after the split were 2 before it
            assert [(one["date"], one["total"]) for one in days] == [("2024-01-04", 800), ("2024-01-05", 808)]
    finally:
        server.drop("watch_split")


def test_each_day_of_a_history_is_the_valuation_of_that_day(get, post) -> None:
    positions = [{"symbol": name, "quantity": "3"} for name in ("AAPL", "VOD.L", "CASH:EUR", "NONE")]
    asked = {"currency": "GBP", "positions": positions}
    found = exact(
        post(
            "/v1/valuation/history", json=asked | {"interval": "1d", "from": "2024-01-02", "to": "2024-01-09"}
        )
    )
    valuation.ValueHistory.model_validate(found)
    assert [one["date"] for one in found["values"]] == [f"2024-01-{day:02}" for day in range(2, 10)]
    for one in found["values"]:
        alone = exact(post("/v1/valuation", json=asked | {"on": one["date"]}))
        assert (one["total"], one["covered_share"]) == (alone["total"], alone["covered_share"])
        assert one["left_out"] == [
            {"symbol": each["symbol"], "reason": each["reason"]} for each in alone["left_out"]
        ]


def test_a_history_of_too_many_values_is_refused(post) -> None:
    many = [{"symbol": "AAPL", "quantity": 1}] * 9000
    answer = post("/v1/valuation/history", json={"currency": "GBP", "positions": many, "interval": "1d"})
    problem = schemas.Problem.model_validate(answer.json())
    assert answer.status_code == 422 and "ask for fewer days" in problem.detail


def test_the_times_of_knowledge_are_those_at_which_bars_came(get) -> None:
    found = exact(get("/v1/known/AAPL"))
    watch.Known.model_validate(found)
    assert [one["bars"] for one in found["times"]] == [6]
    at = found["times"][0]["known_at"]
    assert len(exact(get("/v1/prices/AAPL", known_at=at))["prices"]) == 6
    assert get("/v1/known/NONE").status_code == 404
