"""What callers are told when something is wrong, and what they are not told."""

from __future__ import annotations

import logging
import re
import time

import httpx
import psycopg
import pytest

from ticker_converter import errors
from ticker_converter.api import problems
from ticker_converter.app import create_app

from .conftest import configured, serving

WRONG = [
    ("/v1/prices/NOPE", 404, "unknown-symbol"),
    ("/v1/instruments/NOPE", 404, "unknown-symbol"),
    ("/v1/prices/AAPL?from=2023-01-01&to=2023-02-01", 404, "no-bars"),
    ("/v1/convert?amount=1&from=USD&to=CHF&on=2024-01-02", 404, "no-rate"),
    ("/v1/rates/USD/CHF", 404, "no-rate"),
    ("/v1/prices/ADJ?adjust=none", 409, "no-basis"),
    ("/v1/prices/aapl", 422, "bad-parameter"),
    ("/v1/prices/AAPL?currency=gbp", 422, "bad-parameter"),
    ("/v1/prices/AAPL?currency=XXXX", 422, "bad-parameter"),
    ("/v1/prices/AAPL?curency=GBP", 422, "bad-parameter"),
    ("/v1/prices/AAPL?currency=GBP&currency=USD", 422, "bad-parameter"),
    ("/v1/prices/AAPL?adjust=both", 422, "bad-parameter"),
    ("/v1/prices/AAPL?interval=2d", 422, "bad-parameter"),
    ("/v1/prices/AAPL?from=2024-02-30", 422, "bad-parameter"),
    ("/v1/prices/AAPL?from=1704067200", 422, "bad-parameter"),
    ("/v1/prices/AAPL?from=02/01/2024", 422, "bad-parameter"),
    ("/v1/prices/AAPL?from=2024-01-05&to=2024-01-02", 422, "bad-parameter"),
    ("/v1/prices/AAPL?to=2999-01-01", 422, "bad-parameter"),
    ("/v1/prices/AAPL?known_at=2999-01-01", 422, "bad-parameter"),
    ("/v1/prices/AAPL?known_at=0001-01-01T00:00:00%2B14:00", 422, "bad-parameter"),
    ("/v1/prices/AAPL?known_at=soon", 422, "bad-parameter"),
    ("/v1/prices/AAPL?max_age_days=-1", 422, "bad-parameter"),
    ("/v1/prices/AAPL?limit=0", 422, "bad-parameter"),
    ("/v1/prices/AAPL?limit=99999999999999999999", 422, "bad-parameter"),
    ("/v1/prices/AAPL?receipts=perhaps", 422, "bad-parameter"),
    ("/v1/rates/GBX/USD", 422, "bad-parameter"),
    ("/v1/convert?from=USD&to=GBP", 422, "bad-parameter"),
    ("/v1/convert?amount=NaN&from=USD&to=EUR", 422, "bad-parameter"),
    ("/v1/convert?amount=Infinity&from=USD&to=EUR", 422, "bad-parameter"),
    ("/v1/convert?amount=1e999999&from=USD&to=EUR", 422, "bad-parameter"),
    ("/v1/convert?amount=%D9%A1&from=USD&to=EUR", 422, "bad-parameter"),
    ("/v1/convert?amount=1&from=USD&to=EUR&rate_lag=99999999", 422, "bad-parameter"),
    ("/v1/prices/%00", 422, "bad-parameter"),
    ("/v1/prices/%FF%FE", 422, "bad-parameter"),
    ("/v1/prices/%27%3B%20DROP%20TABLE%20x--", 422, "bad-parameter"),
    ("/v1/prices/" + "A" * 5000, 422, "bad-parameter"),
    ("/v1/prices/AAPL?currency=%00", 422, "bad-parameter"),
    ("/v1/prices/AAPL?" + "a" * 3000 + "=1", 422, "bad-parameter"),
    ("/v1/nothing", 404, None),
    ("/v1/prices/AAPL/", 404, None),
    ("/static/../app.py", 404, None),
    ("/static/%2e%2e/app.py", 404, None),
]


@pytest.mark.parametrize(("path", "status", "name"), WRONG, ids=[row[0][:60] for row in WRONG])
def test_a_wrong_request_gets_its_problem(get, path, status, name) -> None:
    answer = get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    found = answer.json()
    assert found["type"] == (f"/docs#{name}" if name else "about:blank")
    assert found["status"] == status and found["title"] and found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    assert len(found["detail"]) < 500
    assert not re.search(r"SELECT|psycopg|Traceback|pydantic|--[a-z]", answer.text)
    assert answer.headers["cache-control"] == "no-store"


def test_every_wrong_parameter_is_named(get) -> None:
    found = get("/v1/convert?amount=x&amont=1&from=USD").json()["errors"]
    assert {one["parameter"]: one["message"] for one in found} == {
        "amount": "a decimal number such as 100, 12.50 or 1e-7 is expected",
        "to": "is required",
        "amont": "is not a parameter of this address",
    }


def test_options_of_the_command_line_are_told_as_parameters(get) -> None:
    detail = get("/v1/convert?amount=1&from=EUR&to=USD&on=2024-02-01").json()["detail"]
    assert "rate_too_old" in detail and "max_age_days accepts older ones" in detail


def test_a_method_that_is_not_taken_is_told(shared_address) -> None:
    answer = httpx.post(f"{shared_address}/v1/convert")
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")
    assert "GET" in answer.headers["allow"]


def test_head_is_get_without_a_body(shared_address) -> None:
    for path in ("/v1/prices/AAPL", "/v1/prices/NOPE", "/", "/health/ready"):
        full, bare = httpx.get(shared_address + path), httpx.head(shared_address + path)
        assert (bare.status_code, bare.content) == (full.status_code, b"")
        assert bare.headers.get("etag") == full.headers.get("etag")


@pytest.mark.parametrize("given", ["abc-123", "0f8fad5b-d9cb-469f-a165-70867728950e", "a" * 64])
def test_a_sane_request_id_is_kept(get, given) -> None:
    assert get("/health/live", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", ["", "a b", '{"x":1}', "a" * 65, "-x", "é".encode("latin-1").decode("latin-1")]
)
def test_another_request_id_is_replaced(get, given) -> None:
    answer = get("/health/live", headers={"X-Request-ID": given.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_an_unexpected_error_says_nothing_of_itself(database, tmp_path, caplog) -> None:
    app = create_app(configured(tmp_path, database))

    def broken() -> None:
        raise RuntimeError("password=secret SELECT 1")

    app.add_api_route("/v1/broken", broken)
    app.router.routes.insert(0, app.router.routes.pop())
    with caplog.at_level(logging.ERROR, "uvicorn.error"), serving(app) as address:
        answer = httpx.get(f"{address}/v1/broken", headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert (answer.json()["request_id"], answer.headers["x-request-id"]) == ("mine", "mine")
    assert "secret" not in answer.text and "RuntimeError" not in answer.text
    assert any("RuntimeError" in (record.exc_text or str(record.exc_info)) for record in caplog.records)


def test_a_fault_in_a_statement_is_a_500_without_the_database_s_words(copied, serve) -> None:
    with psycopg.connect(copied) as conn:
        conn.execute("REVOKE SELECT ON mart.instrument FROM ticker_reader")
    answer = serve(copied).get("/v1/instruments")
    assert (answer.status_code, answer.json()["type"]) == (500, "/docs#internal")
    assert "permission" not in answer.text and "instrument" not in answer.json()["detail"]


def test_reading_needs_a_key_where_anonymous_reading_is_off(copied, serve) -> None:
    client = serve(copied, API_ANONYMOUS_READ="false")
    for path in ("/v1/prices/AAPL", "/v1/instruments", "/v1/convert"):
        for headers in ({}, {"X-API-Key": "tc_guess"}):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert client.get("/health/ready").status_code == 200


def test_every_error_of_ours_has_a_problem() -> None:
    for name in errors.__all__:
        found = problems.problem_of(getattr(errors, name))
        assert 400 <= found.status < 600 and found.title
    # What an operator set wrong is not the caller's fault.
    assert problems.problem_of(errors.BadSetting).status == 503


def test_the_access_log_has_the_path_and_not_the_query(get, caplog) -> None:
    with caplog.at_level(logging.INFO, "ticker_converter.access"):
        get("/v1/prices/AAPL?currency=GBP&apikey=secret", headers={"X-Request-ID": "seen"})
        until = time.monotonic() + 5  # the line is written after the answer
        while not (lines := [one for one in caplog.records if getattr(one, "request_id", "") == "seen"]):
            assert time.monotonic() < until
            time.sleep(0.01)
    line = lines[0]
    assert (line.path, line.status, line.method) == ("/v1/prices/AAPL", 422, "GET")
    assert "secret" not in str(vars(line))


def test_an_address_names_the_methods_of_all_its_routes(get, shared_address: str) -> None:
    for path, methods in (
        ("/v1/runs", "GET, HEAD, POST"),
        ("/v1/runs/42", "DELETE, GET, HEAD"),
        ("/v1/convert", "GET, HEAD"),
        ("/v1/auth/session", "DELETE, GET, HEAD, POST"),
    ):
        answer = httpx.put(f"{shared_address}{path}")
        assert (answer.status_code, answer.headers["allow"]) == (405, methods)
