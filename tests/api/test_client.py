"""tc.connect("https://...", key=...): the same methods and the same answers as over the database itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

import ticker_converter as tc
from tests.api.conftest import configured
from ticker_converter import errors
from ticker_converter.access import keys
from ticker_converter.client import Remote
from ticker_converter.connection import Warehouse
from ticker_converter.table import as_json

SPAN = {"since": "2024-01-02", "until": "2024-01-08"}
ASKED: dict[str, Callable[[Any], Any]] = {
    "prices": lambda wh: wh.prices("AAPL", currency="GBP", receipts=True),
    "prices of several": lambda wh: wh.prices(["AAPL", "VOD.L"], currency="GBX", since=date(2024, 1, 2)),
    "prices as published": lambda wh: wh.prices("VOD.L"),
    "weeks": lambda wh: wh.prices("AAPL", currency="EUR", interval="1w"),
    "rates": lambda wh: wh.rates("USD", "GBP", **SPAN),
    "returns": lambda wh: wh.returns("AAPL", currency="GBP", **SPAN),
    "actions": lambda wh: wh.actions("AAPL"),
    "performers": lambda wh: wh.performers("GBP", on="2024-01-08"),
}
OBJECTS: dict[str, Callable[[Any], Any]] = {
    "convert": lambda wh: wh.convert("12.50", "USD", "GBX", on="2024-01-06").as_dict(),
    "a float": lambda wh: wh.convert(0.1, "USD", "GBP", on="2024-01-05").as_dict(),
    "value": lambda wh: wh.value(
        {"AAPL": 10, "VOD.L": "2.5", "CASH:USD": 5}, currency="GBP", on="2024-01-08"
    ),
    "explain": lambda wh: wh.explain("AAPL", "GBP", **SPAN),
    "two times of knowing": lambda wh: wh.explain(
        "AAPL", "GBP", on="2024-01-05", known_at=("2999-01-01", "2999-01-01")
    ),
    "currencies": lambda wh: wh.currencies(),
}


@pytest.fixture
def both(
    copied: str, tmp_path: Path, serve: Callable[..., httpx.Client]
) -> Iterator[tuple[Warehouse, Remote]]:
    """The warehouse, and the same over HTTP."""
    address = str(serve(copied).base_url)
    remote = tc.connect(address)
    assert isinstance(remote, Remote)
    with Warehouse(configured(tmp_path, copied)) as near, remote:
        yield near, remote


@pytest.mark.parametrize("name", ASKED)
def test_a_table_is_the_same_over_http(both: tuple[Warehouse, Remote], name: str) -> None:
    near, far = (ASKED[name](one) for one in both)
    assert as_json(far.to_dict()) == as_json(near.to_dict())
    assert far.columns == near.columns or not near.rows()
    for a, b in zip(far.rows(), near.rows(), strict=True):
        assert a == b
    if near.rows():
        assert far.to_polars().equals(near.to_polars())


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_the_same_over_http(both: tuple[Warehouse, Remote], name: str) -> None:
    def told(one: Any) -> Any:
        try:
            return as_json(OBJECTS[name](one))
        except errors.TickerConverterError as error:
            return type(error)

    near, far = (told(one) for one in both)
    assert far == near


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda wh: wh.prices("MSFT"), errors.UnknownSymbol),
        (lambda wh: wh.prices("AAPL", since="2024-02-01"), errors.NoBars),
        (lambda wh: wh.convert(1, "USD", "KRW", on="2024-01-05"), errors.NoRate),
        (lambda wh: wh.prices("ADJ", adjust="all"), errors.NoBasis),
        (lambda wh: wh.convert(1, "gbp", "USD"), errors.Usage),
        (lambda wh: wh.rates("USD", "GBP", until="2999-01-01"), errors.Usage),
    ],
)
def test_a_problem_is_the_error_that_it_was(
    both: tuple[Warehouse, Remote], ask: Callable[[Any], Any], error: type[Exception]
) -> None:
    for one in both:
        with pytest.raises(error):
            ask(one)


def test_a_key_is_sent_and_its_absence_is_told(copied: str, serve: Callable[..., httpx.Client]) -> None:
    with psycopg.connect(copied) as conn:
        key = keys.create(conn, ["read"])["key"]
        conn.commit()
    address = str(serve(copied, API_ANONYMOUS_READ="false").base_url)
    with tc.connect(address, key=key) as wh:
        assert wh.convert(1, "USD", "GBP", on="2024-01-05").result > Decimal("0.5")
        with pytest.raises(errors.NotAllowed):
            wh.status()
    with tc.connect(address) as wh, pytest.raises(errors.NotKnown):
        wh.convert(1, "USD", "GBP", on="2024-01-05")


def test_a_key_never_goes_in_clear_to_another_machine() -> None:
    for wrong in ("http://prices.example", "https://user:pass@prices.example", "https://"):
        with pytest.raises(errors.Usage):
            tc.connect(wrong, key="tc_1_hush")
    with pytest.raises(errors.Usage):
        tc.connect("postgresql://localhost/x", key="tc_1_hush")


def test_a_server_that_is_away_is_transient() -> None:
    with tc.connect("http://127.0.0.1:9") as wh, pytest.raises(errors.Transient) as away:
        wh.rates("USD", "GBP")
    assert "127.0.0.1 does not answer" in str(away.value)
