"""What who runs the warehouse reads: the shapes, field by field, in every format."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import polars as pl
import psycopg
import pytest
from pydantic import TypeAdapter

from tests.support import writing
from ticker_converter.access import keys
from ticker_converter.api import acting, operate

GOLDEN = {
    "/v1/status": ["release", "published_at", "version", "findings", "instruments", "rates", "runs", "quarantine",
                   "backdated", "quota", "requests"],
    "/v1/runs": ["run_id", "command", "state", "started_at", "finished_at", "message"],
    "/v1/runs/1": ["run_id", "command", "arguments", "state", "started_at", "finished_at", "report", "message"],
    "/v1/quarantine": ["id", "symbol", "date", "reason", "evidence", "payload", "run_id", "state"],
    "/v1/gaps": ["symbol", "mic", "from", "to", "sessions", "held", "everyone"],
}  # fmt: skip
MODELS: dict[str, Any] = {
    "/v1/status": operate.Status, "/v1/runs": list[operate.RunLine], "/v1/runs/1": acting.Run,
    "/v1/quarantine": list[operate.Held], "/v1/gaps": list[operate.Gap],
}  # fmt: skip


@pytest.fixture
def client(copied: str, serve: Callable[..., httpx.Client]) -> httpx.Client:
    with psycopg.connect(copied, autocommit=True) as conn:
        key = keys.create(conn, ["operate"])["key"]
        writing.bars(conn, [f"AAPL,2024-01-{day},1,2,3,1.5,1" for day in (23, 24, 25)], mic="XNAS")
    made = serve(copied)
    made.headers["X-API-Key"] = key
    return made


@pytest.mark.parametrize("path", GOLDEN)
def test_the_fields_are_those_that_are_promised(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found, path
    assert list(found[0] if isinstance(found, list) else found) == GOLDEN[path]
    TypeAdapter(MODELS[path]).validate_json(answer.content)
    assert answer.headers["cache-control"] in ("private, no-cache", "no-store")


@pytest.mark.parametrize("path", [path for path in GOLDEN if path != "/v1/runs/1"])
def test_every_format_has_the_same_rows(client: httpx.Client, path: str) -> None:
    whole = client.get(path).json()
    rows = len(whole) if isinstance(whole, (list, dict)) else 0
    csv = pl.read_csv(client.get(path, params={"format": "csv"}).content, infer_schema=False)
    arrow = pl.read_ipc_stream(client.get(path, params={"format": "arrow"}).content)
    parquet = pl.read_parquet(io.BytesIO(client.get(path, params={"format": "parquet"}).content))
    assert len(csv) == len(arrow) == len(parquet) == rows
    assert csv.columns == arrow.columns == parquet.columns
    again = client.get(path, headers={"If-None-Match": client.get(path).headers["etag"]})
    assert again.status_code == 304


def test_pages_of_what_was_held_are_the_whole(client: httpx.Client) -> None:
    whole = client.get("/v1/quarantine").json()
    assert len(whole) == 3 and [one["id"] for one in whole] == sorted(one["id"] for one in whole)
    found, where = [], "/v1/quarantine?limit=2"
    while where:
        answer = client.get(where)
        found += answer.json()
        where = answer.links.get("next", {}).get("url", "")
    assert found == whole
    assert client.get("/v1/quarantine?state=accepted").json() == []
    assert client.get("/v1/quarantine?state=lost").status_code == 422
    assert client.get("/v1/quarantine?symbol=NOPE").json() == []
    assert client.get("/v1/gaps?symbol=NOPE").status_code == 404
