"""ETag, Last-Modified and Cache-Control: a caller that has the answer does not get it again, and never an old one."""

from __future__ import annotations

from datetime import date
from email.utils import parsedate_to_datetime

import psycopg
import pytest

from tests.support import writing
from ticker_converter import acts
from ticker_converter.access import keys
from ticker_converter.pipeline import Run
from ticker_converter.warehouse import instruments

ROUTES = [
    "/v1/prices/AAPL?currency=GBP",
    "/v1/rates/EUR/USD?from=2024-01-01",
    "/v1/convert?amount=1&from=EUR&to=USD&on=2024-01-02",
    "/v1/instruments",
    "/v1/instruments/AAPL",
    "/openapi.json",
    "/",
    "/docs",
    "/static/js/app.js",
]


@pytest.mark.parametrize("path", ROUTES)
def test_an_answer_has_validators_and_is_304_for_who_has_it(get, path) -> None:
    first = get(path)
    assert first.status_code == 200
    assert parsedate_to_datetime(first.headers["last-modified"]).utcoffset() is not None
    assert "no-cache" in first.headers["cache-control"]
    again = get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_any_answer_satisfies_a_star_and_an_error_does_not(get) -> None:
    assert get("/v1/prices/AAPL", headers={"If-None-Match": "*"}).status_code == 304
    assert get("/v1/prices/NOPE", headers={"If-None-Match": "*"}).status_code == 404


def test_two_spellings_of_one_request_have_one_etag(get) -> None:
    assert (
        get("/v1/prices/AAPL?adjust=none&currency=GBP").headers["etag"]
        == get("/v1/prices/AAPL?currency=GBP&max_age_days=7").headers["etag"]
    )


def test_different_requests_and_formats_have_different_etags(get) -> None:
    asked = [
        *ROUTES[:5],
        "/v1/prices/AAPL",
        "/v1/prices/AAPL?currency=USD",
        "/v1/prices/AAPL?currency=GBP&receipts=true",
        "/v1/prices/AAPL?currency=GBP&limit=2",
        "/v1/prices/VOD.L?currency=GBP",
        "/v1/rates/USD/EUR?from=2024-01-01",
        *(f"/v1/prices/AAPL?format={name}" for name in ("csv", "arrow", "parquet")),
    ]
    tags = [get(path).headers["etag"] for path in asked]
    assert len(set(tags)) == len(asked)
    assert [tag.startswith("W/") for tag in tags[-3:]] == [False, True, True]


def test_a_publish_changes_the_etag_and_the_modified_time(copied, serve) -> None:
    client = serve(copied)
    before = client.get("/v1/prices/AAPL")
    with psycopg.connect(copied) as conn:
        writing.bars(conn, ["AAPL,2024-01-05,181.99,182.76,180.17,182,62303300"], unit="USD", mic="XNAS")
    after = client.get("/v1/prices/AAPL", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["prices"][3]["close"] == 182
    assert after.headers["etag"] != before.headers["etag"]


def test_an_answer_to_credentials_is_private(copied, serve) -> None:
    with psycopg.connect(copied) as conn:
        key = keys.create(conn, ["read"])["key"]
    client = serve(copied)
    for path in ("/v1/instruments", "/v1/prices/AAPL", "/openapi.json", "/v1/prices/NOPE"):
        known = client.get(path, headers={"X-API-Key": key})
        assert known.headers["cache-control"] in ("private, no-cache", "no-store")
    anybody = client.get("/v1/instruments")
    assert anybody.headers["cache-control"] == "public, no-cache"
    assert {"authorization", "x-api-key"} <= set(anybody.headers["vary"].lower().split(", "))


def test_an_empty_warehouse_answers_with_validators(database, serve) -> None:
    answer = serve(database).get("/v1/instruments")
    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["last-modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_a_change_of_the_watch_list_changes_the_answers_about_it(copied, serve) -> None:
    """No bar moves, and no publish tells of it."""
    client = serve(copied)
    paths = [
        "/v1/performers?currency=EUR&on=2024-01-08",
        "/v1/screen?currency=EUR&on=2024-01-08",
        "/v1/summary?currency=EUR&on=2024-01-08",
    ]
    before = [client.get(path) for path in paths]
    assert [
        client.get(path, headers={"If-None-Match": had.headers["etag"]}).status_code
        for path, had in zip(paths, before, strict=True)
    ] == [304, 304, 304]
    with psycopg.connect(copied) as conn:
        instruments.remove(conn, "VOD.L")
    for path, had in zip(paths, before, strict=True):
        after = client.get(path, headers={"If-None-Match": had.headers["etag"]})
        assert after.status_code == 200 and after.headers["etag"] != had.headers["etag"]
        assert "VOD.L" in had.text or "XLON" in had.text
        assert "VOD.L" not in after.text and "XLON" not in after.text


def test_a_new_name_changes_the_answers_under_it(copied, serve) -> None:
    client = serve(copied)
    before = client.get("/v1/prices/AAPL")
    with psycopg.connect(copied, autocommit=True) as conn, Run(conn, "edit", {}) as run:
        acts.rename(run, "AAPL", "a test", author="tests", new="APPL", since=date(2024, 1, 4))
    after = client.get("/v1/prices/APPL")
    assert after.status_code == 200 and after.headers["etag"] != before.headers["etag"]
    assert client.get("/v1/prices/AAPL", headers={"If-None-Match": before.headers["etag"]}).status_code != 304
