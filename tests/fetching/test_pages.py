"""An answer in pages is fetched to its last one, and at no other address than the one that was called."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg

from tests.fetching.conftest import Syncing
from tests.support.provider import FakeProvider, Play
from tests.support.writing import closes, listed


def _bars(day: str, close: str, following: str | None) -> Play:
    at = int(datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC).timestamp() * 1000)
    body = {
        "ticker": "MSFT", "status": "OK", "adjusted": False, "resultsCount": 1, "queryCount": 1,
        "results": [{"t": at, "o": 0, "h": 0, "l": 0, "c": 0, "v": 7}],
    }  # fmt: skip
    if following:
        body["next_url"] = following
    text = json.dumps(body)
    for name in "ohlc":
        text = text.replace(f'"{name}": 0', f'"{name}": {close}')
    return Play(text.encode())


def test_all_pages_are_fetched_from_the_address_that_was_called(
    sync: Syncing, fake: FakeProvider, conn: psycopg.Connection
) -> None:
    listed(conn, "MSFT", mic="XNYS", providers=["polygon"])
    sync.env |= {"POLYGON_API_KEY": "SECRETKEY7", "POLYGON_BASE_URL": fake.url}
    first = datetime.now(UTC).date().isoformat()  # the path of a window ends with its last day
    elsewhere = "https://elsewhere.example/v2/aggs/ticker/MSFT/range/1/day/2020-08-27"
    fake.answers |= {
        first: _bars("2020-08-26", "1", f"{elsewhere}/page2?cursor=a"),
        "page2": _bars("2020-08-27", "2", f"{elsewhere}/page3?cursor=b"),
        "page3": _bars("2020-08-28", "3", f"{elsewhere}/page2?cursor=a"),  # a circle
        "splits": Play(b'{"status": "OK", "results": []}'), "dividends": Play(b'{"status": "OK", "results": []}'),
    }  # fmt: skip
    report = sync("MSFT", since="2020-08-01")
    assert closes(conn, "MSFT") == {"2020-08-26": "1", "2020-08-27": "2", "2020-08-28": "3"}
    assert report.failed == [] and report.remaining == 0
    assert [fake.count(what) for what in (first, "page2", "page3")] == [1, 1, 1]
    assert report.calls["polygon"] == 5
