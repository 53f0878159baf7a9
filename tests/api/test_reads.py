"""What the routes answer, against the same reads in Python and by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ticker_converter.api import schemas


def exact(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return json.loads(response.content, parse_float=Decimal)


def test_prices_are_in_the_listing_unit_without_rates_unless_a_currency_is_asked(get) -> None:
    found = exact(get("/v1/prices/VOD.L"))
    assert (found["currency"], found["listing_unit"]) == ("GBX", "GBX")
    assert found["prices"] == [
        {
            "date": "2024-01-02", "open": Decimal("68.5"), "high": Decimal("69.3"), "low": Decimal("68.1"),
            "close": Decimal("68.9"), "volume": 50000000, "missing": None,
        }
    ]  # fmt: skip


def test_a_price_in_another_currency_can_be_computed_from_its_receipt(get) -> None:
    found = exact(get("/v1/prices/VOD.L", currency="USD", receipts="true"))["prices"][0]
    receipt = found["receipt"]
    assert [(leg["use"], leg["base"], leg["quote"], leg["rate"], leg["date"]) for leg in receipt["legs"]] == [
        ("inverse", "EUR", "GBP", Decimal("0.86645"), "2024-01-02"),
        ("direct", "EUR", "USD", Decimal("1.0956"), "2024-01-02"),
    ]
    assert receipt["unit"] == {"from_per": 100, "to_per": 1}
    by_hand = Decimal("68.9") / 100 / Decimal("0.86645") * Decimal("1.0956")
    assert found["close"] == pytest.approx(by_hand, abs=Decimal("5e-7"))


def test_a_bar_without_a_rate_has_null_prices_and_the_reason(get) -> None:
    last = exact(get("/v1/prices/AAPL", currency="GBP"))["prices"][-1]
    assert (last["date"], last["close"], last["missing"]) == ("2024-01-22", None, "rate_too_old")
    older = exact(get("/v1/prices/AAPL", currency="GBP", max_age_days=30))["prices"][-1]
    assert (older["rate_date"], older["missing"]) == ("2024-01-08", None)


def test_from_and_to_include_both_days(get) -> None:
    found = exact(get("/v1/prices/AAPL", **{"from": "2024-01-03", "to": "2024-01-05"}))
    assert [bar["date"] for bar in found["prices"]] == ["2024-01-03", "2024-01-04", "2024-01-05"]


def test_weeks_say_which_of_them_is_unfinished(get) -> None:
    weeks = exact(get("/v1/prices/AAPL", interval="1w"))["prices"]
    assert [week["date"] for week in weeks] == ["2024-01-05", "2024-01-08", "2024-01-22"]
    assert weeks[0]["open"] == Decimal("187.15") and weeks[0]["close"] == Decimal("181.18")
    assert weeks[2]["partial"] is True


def test_rates_have_a_row_for_every_calendar_day(get) -> None:
    found = exact(get("/v1/rates/EUR/USD", **{"from": "2024-01-05", "to": "2024-01-08"}))
    assert (found["base"], found["quote"]) == ("EUR", "USD")
    assert [(row["date"], row["rate"], row["rate_date"], row["age_days"]) for row in found["rates"]] == [
        ("2024-01-05", Decimal("1.0921"), "2024-01-05", 0),
        ("2024-01-06", Decimal("1.0921"), "2024-01-05", 1),
        ("2024-01-07", Decimal("1.0921"), "2024-01-05", 2),
        ("2024-01-08", Decimal("1.0946"), "2024-01-08", 0),
    ]


def test_an_amount_comes_back_digit_for_digit(get) -> None:
    amount = "0.1000000000000000055511151231257827"
    answer = get("/v1/convert", amount=amount, from_="EUR", to="EUR", on="2024-01-02")
    assert f'"amount":{amount},'.encode() in answer.content
    assert exact(answer)["receipt"]["rate_date"] is None


def test_pence_and_pounds_are_a_hundred_apart(get) -> None:
    words = {"amount": "12345", "to": "USD", "on": "2024-01-02"}
    pence = exact(get("/v1/convert", from_="GBp", **words))
    pounds = exact(get("/v1/convert", from_="GBP", **words))
    assert pence["receipt"]["from"] == "GBX"
    assert pence["result"] == pytest.approx(pounds["result"] / 100, abs=Decimal("1e-6"))


def test_rate_lag_uses_the_day_before(get) -> None:
    words = {"amount": "1", "from_": "EUR", "to": "USD", "on": "2024-01-03"}
    assert exact(get("/v1/convert", **words))["result"] == Decimal("1.0919")
    assert exact(get("/v1/convert", rate_lag=1, **words))["result"] == Decimal("1.0956")


def test_the_known_at_of_a_receipt_gives_the_same_answer_again(get) -> None:
    words = {"amount": "100", "from_": "USD", "to": "GBP", "on": "2024-01-03"}
    first = exact(get("/v1/convert", **words))
    assert exact(get("/v1/convert", known_at=first["receipt"]["known_at"], **words)) == first


def test_a_knowledge_time_with_a_plus_sign_survives_the_query_string(get) -> None:
    plain = get("/v1/prices/AAPL?known_at=2024-06-01T00:00:00+00:00")
    encoded = get("/v1/prices/AAPL", known_at="2024-06-01T00:00:00+00:00")
    assert (plain.status_code, plain.json()["type"]) == (404, "/docs#no-bars")
    assert encoded.json()["detail"] == plain.json()["detail"]


def test_the_list_has_coverage_and_freshness(get) -> None:
    found = {one["symbol"]: one for one in exact(get("/v1/instruments"))}
    assert set(found) == {"AAPL", "ADJ", "VOD.L"}
    aapl = found["AAPL"]
    assert (aapl["unit"], aapl["mic"], aapl["bars"]) == ("USD", "XNAS", 6)
    assert (aapl["first_session"], aapl["last_session"]) == ("2024-01-02", "2024-01-22")
    assert aapl["sessions_behind"] > 100
    assert exact(get("/v1/instruments/AAPL")) == aapl


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/prices/AAPL?currency=GBP&receipts=true&interval=1w&limit=2", schemas.Prices),
        ("/v1/prices/AAPL", schemas.Prices),
        ("/v1/rates/USD/GBP?from=2024-01-01", schemas.Rates),
        ("/v1/convert?amount=1&from=GBX&to=USD&on=2024-01-03", schemas.Conversion),
        ("/v1/instruments/AAPL", schemas.Instrument),
        ("/v1/prices/NOPE", schemas.Problem),
        ("/v1/convert?amount=x", schemas.Problem),
        ("/health/live", schemas.Health),
        ("/health/ready", schemas.Health),
    ],
)
def test_an_answer_has_exactly_the_documented_fields(get, path, shape) -> None:
    shape.model_validate_json(get(path).content)


def test_a_cross_section_is_the_same_bars_as_each_symbol_s_own_and_says_what_has_none(get) -> None:
    found = exact(get("/v1/prices", symbols="VOD.L,AAPL,NOPE,ADJ", on="2024-01-02", currency="EUR"))
    assert (found["on"], found["currency"], found["adjust"]) == ("2024-01-02", "EUR", "none")
    assert [bar["symbol"] for bar in found["prices"]] == ["VOD.L", "AAPL"]
    for bar in found["prices"]:
        alone = exact(
            get(f"/v1/prices/{bar['symbol']}", currency="EUR", **{"from": "2024-01-02", "to": "2024-01-02"})
        )
        assert bar == {"symbol": bar["symbol"], "unit": "EUR", **alone["prices"][0]}
    assert found["left_out"] == [
        {"symbol": "NOPE", "reason": "unknown_symbol"},
        {"symbol": "ADJ", "reason": "basis"},
    ]
    assert schemas.Section.model_validate(found)


def test_a_cross_section_without_currency_is_in_each_listing_s_unit(get) -> None:
    found = exact(get("/v1/prices", symbols="AAPL,VOD.L", on="2024-01-03"))
    assert [(bar["symbol"], bar["unit"]) for bar in found["prices"]] == [("AAPL", "USD")]
    assert "rate" not in found["prices"][0]
    assert found["left_out"] == [{"symbol": "VOD.L", "reason": "no_price"}]
    assert get("/v1/prices", symbols="AAPL,VOD.L", on="2024-01-03", format="csv").text.splitlines() == [
        "symbol,date,unit,open,high,low,close,volume,missing",
        "AAPL,2024-01-03,USD,184.22,185.88,183.43,184.25,58414500,",
        "VOD.L,2024-01-03,,,,,,,no_price",
    ]


@pytest.mark.parametrize("symbols", ["AAPL,AAPL", ",", "A" * 40_000, ",".join(f"S{n}" for n in range(501))])
def test_a_cross_section_of_what_is_no_list_of_symbols_is_refused(get, symbols: str) -> None:
    assert get("/v1/prices", symbols=symbols).status_code == 422
