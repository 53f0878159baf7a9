"""The shapes of performers, screen, summary and indicators, character for character, by command and by HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import polars as pl
import psycopg
import pytest

from tests.api.conftest import configured, serving
from tests.support import writing
from tests.support.command import Cli
from ticker_converter.api import analytics
from ticker_converter.app import create_app

BARS = [
    "A,2024-01-02,10,10,10,10,100", "A,2024-01-03,11,11,11,11,100", "B,2024-01-02,20,20,20,20,",
    "B,2024-01-03,19,19,19,19,", "C,2024-01-03,5,5,5,5,1",
]  # fmt: skip
RATES = [f"GBP,USD,{day},1.25" for day in ("2024-01-02", "2024-01-03")]

PERFORMERS = (
    '{"currency":"GBP","window":"1d","kind":"gainers","on":"2024-01-03","adjust":"splits",'
    '"left_out":[{"symbol":"C","date":"2024-01-03","reason":"too_few_sessions"}],'
    '"performers":[{"symbol":"A","date":"2024-01-03","rank":1,"base_date":"2024-01-02","close":8.8,'
    '"local":0.1,"fx":0,"total":0.1},'
    '{"symbol":"B","date":"2024-01-03","rank":2,"base_date":"2024-01-02","close":15.2,'
    '"local":-0.05,"fx":0,"total":-0.05}]}'
)
SCREEN = (
    '{"currency":"GBX","on":"2024-01-04","min_price":400,"max_price":880,"left_out":[],"screen":['
    '{"symbol":"C","date":"2024-01-03","close":400,"local_close":5,"unit":"USD","rate":0.8,'
    '"rate_date":"2024-01-03","source":"files"},'
    '{"symbol":"A","date":"2024-01-03","close":880,"local_close":11,"unit":"USD","rate":0.8,'
    '"rate_date":"2024-01-03","source":"files"}]}'
)
SUMMARY = (
    '{"currency":"GBP","on":"2024-01-04","adjust":"splits","whole":{"instruments":3,"advancers":1,"decliners":1,'
    '"unchanged":0,"compared":2,"average_return":0.025,"median_return":0.025,"turnover":884,'
    '"without_turnover":1,"best":"A","best_return":0.1,"worst":"B","worst_return":-0.05,"left_out":1},'
    '"left_out":[{"symbol":"C","exchange":"XNAS","date":"2024-01-03","reason":"too_few_sessions"}],'
    '"summary":[{"exchange":"XNAS","listing_currency":"USD","date":"2024-01-03","instruments":3,"advancers":1,'
    '"decliners":1,"unchanged":0,"compared":2,"average_return":0.025,"median_return":0.025,"turnover":884,'
    '"without_turnover":1,"best":"A","best_return":0.1,"worst":"B","worst_return":-0.05,"left_out":1}]}'
)
INDICATORS = (
    '{"symbol":"A","currency":"GBP","listing_unit":"USD","adjust":"splits","indicators":['
    '{"date":"2024-01-02","close":8,"sma:2":null,"macd:1:2:1":null,"macd_signal:1:2:1":null,'
    '"macd_histogram:1:2:1":null,"drawdown":0,"missing":null},'
    '{"date":"2024-01-03","close":8.8,"sma:2":8.4,"macd:1:2:1":0.4,"macd_signal:1:2:1":0.4,'
    '"macd_histogram:1:2:1":0,"drawdown":0,"missing":null}]}'
)


@pytest.fixture
def filled(database: str) -> str:
    with psycopg.connect(database) as conn:
        writing.bars(conn, BARS, mic="XNAS")
        writing.rates(conn, RATES)
    return database


@pytest.fixture
def client(filled: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        serving(create_app(configured(tmp_path, filled))) as address,
        httpx.Client(base_url=address) as found,
    ):
        yield found


def test_the_commands_print_these_shapes(cli: Cli, filled: str) -> None:
    assert cli("performers", "--in", "GBP").stdout.strip() == PERFORMERS
    asked = ("--on", "2024-01-04")
    assert (
        cli("screen", "--in", "GBp", "--min-price", 400, "--max-price", 880, *asked).stdout.strip() == SCREEN
    )
    assert cli("summary", "--in", "GBP", *asked).stdout.strip() == SUMMARY
    names = ("--names", "sma:2,macd:1:2:1,drawdown")
    assert cli("indicators", "A", "--in", "GBP", *names).stdout.strip() == INDICATORS


def test_the_routes_answer_with_these_shapes(client: httpx.Client) -> None:
    assert client.get("/v1/performers?currency=GBP").text == PERFORMERS
    assert client.get("/v1/screen?currency=GBp&min_price=400&max_price=880&on=2024-01-04").text == SCREEN
    assert client.get("/v1/summary?currency=GBP&on=2024-01-04").text == SUMMARY
    found = client.get("/v1/indicators/A?currency=GBP&names=sma:2,macd:1:2:1,drawdown")
    assert found.text == INDICATORS
    assert client.get(found.request.url, headers={"If-None-Match": found.headers["ETag"]}).status_code == 304


def test_an_answer_has_exactly_the_documented_fields(client: httpx.Client) -> None:
    for path, shape in {
        "/v1/performers?currency=EUR": analytics.Performers,
        "/v1/performers?currency=GBP": analytics.Performers,
        "/v1/screen?currency=GBP&on=2024-01-04": analytics.Screen,
        "/v1/screen?currency=GBP": analytics.Screen,
        "/v1/summary?currency=GBP&on=2024-01-04": analytics.Summary,
        "/v1/summary": analytics.Summary,
        "/v1/indicators/A": analytics.Indicators,
    }.items():
        shape.model_validate_json(client.get(path).content)


def test_a_wrong_word_names_itself(client: httpx.Client, cli: Cli) -> None:
    for path, status in {
        "/v1/performers": 422, "/v1/performers?currency=GBP&window=2d": 422, "/v1/screen?currency=gbp": 422,
        "/v1/indicators/A?names=sma": 422, "/v1/indicators/NOPE": 404, "/v1/indicators/A?names=beta:NOPE:5": 404,
        "/v1/summary?on=9999-01-01": 422,
    }.items():  # fmt: skip
        found = client.get(path)
        assert (found.status_code, found.headers["content-type"]) == (status, "application/problem+json"), (
            path
        )
    assert cli("performers").code == 2
    assert cli("indicators", "A", "--names", "sma").stderr.count("sma:N is expected") == 1
    assert cli("indicators", "NOPE").code == 4


def test_flat_forms_hold_what_was_left_out(cli: Cli, client: httpx.Client) -> None:
    done = cli("performers", "--in", "GBP", "--limit", 1, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0])[:2] == ["symbol", "date"]
    assert [(row["symbol"], row["missing"]) for row in rows] == [("A", ""), ("C", "too_few_sessions")]
    assert "left out, too_few_sessions: C" in done.stderr
    table = pl.read_parquet(client.get("/v1/performers?currency=EUR&format=parquet").content)
    assert sorted(table["missing"].to_list()) == ["no_rate", "no_rate", "too_few_sessions"]
    assert (
        table.schema
        == pl.read_parquet(client.get("/v1/performers?currency=GBP&format=parquet").content).schema
    )
    assert client.get("/v1/summary?on=2024-01-04&format=csv").text.splitlines()[0].endswith(",left_out")


def test_an_indicator_is_a_number_in_parquet_even_where_it_is_null_throughout(client: httpx.Client) -> None:
    table = pl.read_parquet(client.get("/v1/indicators/A?names=sma:50&format=parquet").content)
    assert table["sma:50"].dtype == pl.Decimal(38, 20)
    assert table["sma:50"].null_count() == 2


def test_a_table_for_people_tells_the_whole_day(cli: Cli, filled: str) -> None:
    done = cli("summary", "--in", "GBP", "--on", "2024-01-04", "--format", "table")
    assert "all of them" in done.stdout
    assert "C" in done.stderr
    assert json.loads(cli("summary", "--on", "2024-01-04").stdout)["whole"].get("turnover") is None
