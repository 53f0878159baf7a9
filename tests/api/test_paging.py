"""Pages put together are the whole answer, whatever is published between them."""

from __future__ import annotations

import csv
import io
import re

import psycopg
import pytest

from tests.support import writing

NEXT = re.compile(r'<([^>]+)>; rel="next"')


def pages(client_get, path: str) -> list:
    found = []
    address: str | None = path
    while address:
        answer = client_get(address)
        assert answer.status_code == 200, answer.text
        found.append(answer)
        link = NEXT.fullmatch(answer.headers.get("link", ""))
        address = link[1] if link else None
    return found


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/prices/AAPL?currency=GBP", "prices"),
        ("/v1/prices/AAPL?interval=1w", "prices"),
        ("/v1/rates/EUR/USD?from=2024-01-01&to=2024-01-09", "rates"),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_put_together_are_the_whole(get, path, name, limit) -> None:
    whole = get(path).json()
    parts = [answer.json() for answer in pages(get, f"{path}&limit={limit}")]
    assert [row for part in parts for row in part[name]] == whole[name]
    assert all(len(part[name]) == limit for part in parts[:-1])
    assert parts[-1]["next"] is None and all(part["next"] for part in parts[:-1])
    assert "next" not in whole


def test_the_list_is_paged_by_symbol(get) -> None:
    found = [one["symbol"] for answer in pages(get, "/v1/instruments?limit=2") for one in answer.json()]
    assert found == ["AAPL", "ADJ", "VOD.L"]


def test_csv_pages_keep_their_format(get) -> None:
    answers = pages(get, "/v1/prices/AAPL?format=csv&limit=4")
    assert [len(list(csv.reader(io.StringIO(one.text)))) - 1 for one in answers] == [4, 2]


def test_the_next_address_does_not_repeat_the_host_header(copied, serve) -> None:
    client = serve(copied, ALLOWED_HOSTS="*")
    answer = client.get("/v1/prices/AAPL?limit=1", headers={"Host": "evil.example/x?"})
    assert answer.json()["next"].startswith("/v1/prices/AAPL?limit=1&cursor=")
    assert "evil" not in answer.headers["link"]


def test_a_publish_between_two_pages_changes_neither(copied, serve) -> None:
    client = serve(copied)
    path = "/v1/prices/AAPL?currency=GBP&receipts=true"
    before = client.get(path).json()
    first = client.get(f"{path}&limit=3").json()
    with psycopg.connect(copied) as conn:
        writing.bars(
            conn,
            [
                "AAPL,2024-01-02,1,1,1,1,1",
                "AAPL,2024-01-08,180,180,180,180,1",
                "AAPL,2024-01-23,200,200,200,200,1",
            ],
            unit="USD",
            mic="XNAS",
        )
        writing.rates(conn, ["EUR,GBP,2024-01-08,0.9"])
    second = client.get(first["next"]).json()
    assert first["prices"] + second["prices"] == before["prices"]
    assert client.get(path).json() != before


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "!!!!",
        "bm8",
        "W10",
        "WyIxIiwyLDNd",
        "%00",
        "a" * 300,
        "WyJhIiwiYiIsIjIwMjQtMDEtMDFUMDA6MDA6MDAiXQ",
    ],
)
def test_a_cursor_that_is_none_is_refused(get, cursor) -> None:
    answer = get(f"/v1/prices/AAPL?limit=1&cursor={cursor}")
    assert (answer.status_code, answer.json()["type"]) == (422, "/docs#bad-parameter")
    assert "cursor" in answer.json()["detail"]


def test_a_cursor_of_another_request_is_refused(get) -> None:
    first = get("/v1/prices/AAPL?limit=1").json()["next"]
    for other in (first.replace("AAPL", "VOD.L"), f"{first}&currency=GBP"):
        assert "other parameters" in get(other).json()["detail"]
    assert get(first.replace("limit=1", "limit=3")).status_code == 200
