"""returns, explain, actions, currencies and valuation by HTTP: to the byte what the command line prints."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import psycopg
import pytest

from tests.api.conftest import configured, serving
from tests.support import writing
from tests.support.command import Cli
from ticker_converter.api import attribution, schemas, valuation
from ticker_converter.app import create_app

D = Decimal
ACTIONS = ["AAPL,2024-01-05,dividend,0.24", "AAPL,2024-01-08,split,3/2", "AAPL,2024-01-05,spinoff,1.046"]
HELD = [("AAPL", "-10.00000000000000000001"), ("VOD.L", "200"), ("NOPE", "1"), ("CASH:GBp", "250")]


@pytest.fixture
def url(copied: str) -> str:
    """Actions, and a close that was another one first."""
    with psycopg.connect(copied) as conn:
        writing.actions(conn, ACTIONS)
        writing.bars(conn, ["X,2024-01-03,10"], mic="XNAS", known_at=writing.at("2024-01-10"))
        writing.bars(conn, ["X,2024-01-03,11"], mic="XNAS", known_at=writing.at("2024-01-20"))
    return copied


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(create_app(configured(tmp_path, url))) as address, httpx.Client(base_url=address) as found:
        yield found


def body(**more: object) -> dict[str, Any]:
    asked = {"currency": "GBP", "on": "2024-01-05", **more}
    return {"positions": [{"symbol": one, "quantity": number} for one, number in HELD]} | asked


def test_every_answer_is_the_command_lines_to_the_byte(
    client: httpx.Client, cli: Cli, url: str, tmp_path: Path
) -> None:
    held = tmp_path / "held.csv"
    held.write_text("symbol,quantity\n" + "".join(f"{one},{number}\n" for one, number in HELD))
    first, second = "2024-01-10T00:00:00Z", "2024-01-20T00:00:00Z"
    asked: dict[str, tuple[object, ...]] = {
        "/v1/returns/AAPL?currency=GBP&to=2024-01-08": ("returns", "AAPL", "--in", "GBP", "--to", "2024-01-08"),
        "/v1/returns/AAPL?adjust=all&from=2024-01-03": (
            "returns", "AAPL", "--adjust", "all", "--from", "2024-01-03"),
        "/v1/explain/AAPL?currency=GBX&from=2024-01-04&to=2024-01-08&adjust=splits": (
            "explain", "AAPL", "--in", "GBX", "--from", "2024-01-04", "--to", "2024-01-08", "--adjust", "splits"),
        f"/v1/explain/X?currency=USD&on=2024-01-03&known_at={first}&known_at={second}": (
            "explain", "X", "--in", "USD", "--on", "2024-01-03", "--known-at", first, "--known-at", second),
        "/v1/actions/AAPL?currency=GBP": ("actions", "AAPL", "--in", "GBP"),
        "/v1/actions/VOD.L": ("actions", "VOD.L"),
        "/v1/currencies": ("currencies",),
        "/v1/valuation": ("value", held, "--in", "GBP", "--on", "2024-01-05"),
    }  # fmt: skip
    for path, words in asked.items():
        for form in ("json", "csv"):
            said = (
                client.post(path, json=body(), params={"format": form})
                if path == "/v1/valuation"
                else client.get(f"{path}{'&' if '?' in path else '?'}format={form}")
            )
            printed = cli(*words, "--format", form, env={"DATABASE_URL": url})
            assert (said.status_code, printed.code) == (200, 0), (path, said.text, printed.stderr)
            assert said.text.replace("+00:00", "Z").strip() == printed.stdout.strip(), path


def test_an_answer_has_exactly_the_documented_fields(client: httpx.Client) -> None:
    for path, shape in {
        "/v1/returns/AAPL?currency=GBP&to=2024-01-08": attribution.Returns,
        "/v1/explain/AAPL?currency=GBP&from=2024-01-02&to=2024-01-08": attribution.Explanation,
        "/v1/actions/AAPL?currency=GBP": attribution.Actions,
        "/v1/actions/AAPL": attribution.Actions,
        "/v1/returns/AAPL?currency=GBP": schemas.Problem,
    }.items():  # fmt: skip
        shape.model_validate_json(client.get(path).content)
    for one in client.get("/v1/currencies").json():
        attribution.Currency.model_validate(one)
    valuation.Valuation.model_validate_json(client.post("/v1/valuation", json=body()).content)


def test_the_parts_by_hand(client: httpx.Client) -> None:
    said = client.get("/v1/explain/AAPL?currency=GBP&from=2024-01-02&to=2024-01-03").content
    found = json.loads(said, parse_float=D)
    r0, r1 = D("0.86645") / D("1.0956"), D("0.86395") / D("1.0919")
    price = (D("184.25") - D("185.64")) * r0
    assert abs(found["parts"]["price"] - price) < D("1e-7")
    assert abs(found["parts"]["fx"] - D("185.64") * (r1 - r0)) < D("1e-7")
    assert sum(found["parts"].values()) == found["change"]


def test_a_quantity_has_every_digit_that_was_sent(client: httpx.Client) -> None:
    for sent in ("0.1000000000000000055511151231257827", "-1e-30", "12345678901234567890.5"):
        text = f'{{"positions": [{{"symbol": "CASH:GBP", "quantity": {sent}}}], "on": "2024-01-05"}}'
        said = client.post("/v1/valuation", content=text)
        assert said.status_code == 200, said.text
        (one,) = json.loads(said.content, parse_float=D, parse_int=D)["positions"]
        assert one["quantity"] == D(sent) and said.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "body"), ("[]", "body"), ("{", "body"), ('{"positions": []}', "positions"), ("{}", "positions"),
        ('{"positions": [{"symbol": "A", "quantity": NaN}]}', "body"),
        ('{"positions": [{"symbol": "A", "quantity": "ten"}]}', "positions.0.quantity"),
        ('{"positions": [{"symbol": "A", "quantity": 1e999999999}]}', "positions.0.quantity"),
        ('{"positions": [{"symbol": "A", "quantity": 1e99999999999999999999}]}', "body"),
        ('{"positions": [{"symbol": "A", "quantity": true}]}', "positions.0.quantity"),
        ('{"positions": [{"symbol": "A", "amount": 1}]}', "positions.0.quantity"),
        ('{"positions": [{"symbol": "\\ud800", "quantity": 1}]}', "positions.0.symbol"),
        ('{"positions": [{"symbol": "A\\u0000", "quantity": 1}], "currency": "GBP"}', "symbol"),
        ('{"positions": [{"symbol": "A", "quantity": 1}], "curency": "GBP"}', "curency"),
        ('{"positions": [{"symbol": "A", "quantity": 1}], "max_age_days": 1e999999999}', "max_age_days"),
        ('{"positions": [{"symbol": "A", "quantity": 1}], "currency": "GBP", "currency": "USD"}', "body"),
        ('{"positions": [{"symbol": "A", "quantity": 1}], "currency": "gbp"}', "gbp"),
        ('{"positions": [{"symbol": "A", "quantity": 1}], "currency": "GBP", "on": "2999-01-01"}', "2999-01-01"),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong_is_told_where(get, shared_address: str, text: str, named: str) -> None:
    said = httpx.post(f"{shared_address}/v1/valuation", content=text)
    assert (said.status_code, said.headers["content-type"]) == (422, "application/problem+json"), said.text
    assert named in said.json()["detail"]


def test_a_body_too_large_is_refused(shared_address: str) -> None:
    said = httpx.post(f"{shared_address}/v1/valuation", content=b" " * (valuation.LIMIT + 1))
    assert (said.status_code, said.json()["status"]) == (413, 413)


def test_a_wrong_question_names_itself(get) -> None:
    for path, status in {
        "/v1/returns/NOPE": 404, "/v1/returns/AAPL?adjust=none": 422, "/v1/returns/VOD.L": 404,
        "/v1/returns/AAPL?currency=JPY": 404, "/v1/returns/ADJ?adjust=all": 409, "/v1/explain/AAPL": 422,
        "/v1/explain/AAPL?currency=GBP&from=2024-01-02": 422,
        "/v1/explain/AAPL?currency=GBP&on=2024-01-02&known_at=2024-01-02": 422,
        "/v1/explain/AAPL?currency=GBP&currency=EUR&from=2024-01-02&to=2024-01-03": 422,
        "/v1/explain/AAPL?currency=GBP&from=2024-01-04&to=2024-01-03": 422, "/v1/actions/NOPE": 404,
        "/v1/actions/AAPL?in=GBP": 422, "/v1/currencies?currency=GBP": 422, "/v1/valuation": 405,
    }.items():  # fmt: skip
        said = get(path)
        assert (said.status_code, said.headers["content-type"]) == (status, "application/problem+json"), path


def test_tables_for_programs_have_one_schema(client: httpx.Client) -> None:
    full = pl.read_parquet(client.post("/v1/valuation?format=parquet", json=body()).content)
    none = pl.read_parquet(client.post("/v1/valuation?format=parquet", json=body(on="1999-01-01")).content)
    assert full.schema == none.schema and full["value"].dtype == pl.Decimal(38, 20)
    assert full["reason"].to_list()[-1] == "unknown_symbol"
    acts = pl.read_ipc_stream(io.BytesIO(client.get("/v1/actions/AAPL?format=arrow").content))
    assert acts["value"].to_list() == ["0.24", "1.046", "3/2"] and acts["date"].dtype == pl.Date
    said = client.get("/v1/explain/AAPL?currency=GBP&from=2024-01-02&to=2024-01-03&format=parquet")
    told = pl.read_parquet(said.content)
    assert told["value"].dtype == told["action"].dtype == pl.Decimal(38, 20)
    # a factor can have more digits than a decimal of Parquet
    money = pl.read_parquet(client.get("/v1/currencies?format=parquet").content)
    assert money.filter(code="HRK")["factor"].to_list() == ["7.53450"]


def test_what_the_caller_has_is_not_sent_again(client: httpx.Client) -> None:
    for path in ("/v1/returns/AAPL", "/v1/actions/AAPL", "/v1/currencies"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
