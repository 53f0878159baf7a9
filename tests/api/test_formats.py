"""One answer in four formats, exact in each."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from starlette.exceptions import HTTPException

from ticker_converter.api import formats
from ticker_converter.api.formats import ARROW, CSV, JSON, PARQUET, Table


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("application/*", JSON),
        ("text/*", CSV),
        ("text/csv", CSV),
        ("TEXT/CSV; charset=utf-8", CSV),
        ("application/json;q=0.5, text/csv", CSV),
        ("application/json;q=0, */*", CSV),
        ("application/vnd.apache.parquet, */*;q=0.1", PARQUET),
        ("application/vnd.apache.arrow.stream", ARROW),
    ],
)
def test_accept_chooses(accept, form) -> None:
    assert formats.choose(accept, None) is form


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "application/json;q=high", ";", "image/*"]
)
def test_accept_without_any_of_ours_is_refused(accept) -> None:
    with pytest.raises(HTTPException) as refused:
        formats.choose(accept, None)
    assert refused.value.status_code == 406


def test_format_wins_over_accept_and_an_unknown_one_is_406(get) -> None:
    answer = get("/v1/prices/AAPL", format="csv", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    refused = get("/v1/prices/AAPL", format="xml")
    assert (refused.status_code, refused.headers["content-type"]) == (406, "application/problem+json")
    assert "text/csv" in refused.json()["detail"]


def test_csv_starts_with_symbol_and_date(get) -> None:
    rows = list(csv.reader(io.StringIO(get("/v1/prices/AAPL", currency="GBP", format="csv").text)))
    assert rows[0] == [
        "symbol",
        "date",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "rate",
        "rate_date",
        "source",
        "missing",
    ]
    assert rows[1][:2] == ["AAPL", "2024-01-02"]
    assert rows[-1][2:6] == ["", "", "", ""] and rows[-1][-1] == "rate_too_old"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/prices/AAPL?currency=GBP&receipts=true",
        "/v1/rates/USD/GBP?from=2024-01-01",
        "/v1/convert?amount=1&from=GBX&to=USD&on=2024-01-03",
        "/v1/instruments",
        "/v1/instruments/VOD.L",
    ],
)
def test_arrow_parquet_and_csv_hold_the_same_rows(get, path) -> None:
    arrow = pl.read_ipc_stream(get(path, headers={"Accept": ARROW.media_type}).content)
    parquet = pl.read_parquet(get(path, headers={"Accept": PARQUET.media_type}).content)
    assert arrow.equals(parquet)
    rows = list(csv.DictReader(io.StringIO(get(path, headers={"Accept": CSV.media_type}).text)))
    assert list(rows[0]) == arrow.columns and len(rows) == arrow.height
    for name, column in arrow.to_dict().items():
        if column.dtype == pl.Decimal:
            assert [row[name] and Decimal(row[name]) for row in rows] == [
                "" if value is None else value for value in column
            ]


def test_an_empty_answer_keeps_the_schema() -> None:
    columns = ["symbol", "date", "close", "age_days", "partial", "known_at"]
    empty = pl.read_ipc_stream(formats.encode(ARROW, Table({}, columns, [])))
    some = pl.read_ipc_stream(
        formats.encode(ARROW, Table({}, columns, [["A", date(2024, 1, 2), None, 1, True, None]]))
    )
    assert empty.schema == some.schema


def test_arrow_holds_a_number_of_twenty_places_and_refuses_a_finer_one() -> None:
    def stored(text: str) -> Decimal:
        body = formats.encode(ARROW, Table({}, ["rate"], [[Decimal(text)]]))
        return pl.read_ipc_stream(body)["rate"][0]

    assert stored("0.00000000000000000001") == Decimal("1E-20")
    assert stored("1.50000000000000000000000") == Decimal("1.5")
    assert stored("-999999999999999999.5") == Decimal("-999999999999999999.5")
    for text in ("1E-21", "1000000000000000000"):
        with pytest.raises(HTTPException, match="decimal128"):
            stored(text)


def test_json_and_csv_write_a_tiny_number_exactly() -> None:
    table = Table({"rate": Decimal("1E-21")}, ["rate"], [[Decimal("1E-21")]])
    assert formats.encode(JSON, table) == b'{"rate":1E-21}'
    assert formats.encode(CSV, table) == b"rate\n0.000000000000000000001\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_a_spreadsheet_would_run_is_quoted(text) -> None:
    cell = next(
        csv.reader(
            io.StringIO(formats.encode(CSV, Table({}, ["name"], [[text]])).decode(), newline="").readlines()[
                1:
            ]
        )
    )
    assert cell[0].startswith("'")


def test_a_negative_number_is_not_quoted() -> None:
    assert formats.encode(CSV, Table({}, ["amount"], [[Decimal("-1.50")]])) == b"amount\n-1.50\n"
