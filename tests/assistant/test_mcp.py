"""mcp over stdio, asked by the official SDK's client: the same answers as the command line, with receipts."""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.cli.conftest import files, loaded
from tests.support.command import Cli, bare_environment

__all__ = ["files", "loaded"]
TOOLS = {
    "prices", "convert", "rates", "returns", "value", "explain", "actions", "currencies", "performers", "instruments",
    "status",
}  # fmt: skip


def ask(home: Path, database: str, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The tools, and the result of each call."""

    async def talk() -> tuple[list[Any], list[Any]]:
        env = bare_environment(home) | {"DATABASE_URL": database}
        started = StdioServerParameters(
            command=sys.executable, args=["-m", "ticker_converter", "mcp"], env=env
        )
        async with asyncio.timeout(60), Client(started) as client:
            listed = (await client.list_tools()).tools
            return listed, [await client.call_tool(name, words) for name, words in calls]

    return asyncio.run(talk())


def read(result: Any) -> Any:
    assert not result.is_error, result.content
    return json.loads(result.content[0].text, parse_float=Decimal)


def test_every_tool_reads_only_and_says_what_it_does(loaded: Cli, home: Path, database: str) -> None:
    listed, _ = ask(home, database)
    assert {one.name for one in listed} == TOOLS
    for one in listed:
        assert one.description and one.annotations.read_only_hint is True
        assert one.input_schema["type"] == "object"


def test_a_tool_answers_what_the_command_prints(loaded: Cli, home: Path, database: str) -> None:
    day = "2020-08-28"
    _, results = ask(
        home, database,
        ("convert", {"amount": "100", "source": "USD", "target": "GBP", "on": "2020-08-30"}),
        ("prices", {"symbol": "AAPL", "currency": "GBP"}),
        ("rates", {"base": "USD", "quote": "GBP", "since": "2020-08-28", "until": "2020-08-30"}),
        ("returns", {"symbol": "AAPL", "currency": "GBP"}),
        ("explain", {"symbol": "AAPL", "currency": "GBP", "since": "2020-08-27", "until": day}),
        ("actions", {"symbol": "AAPL"}), ("currencies", {}),
        ("performers", {"currency": "GBP", "on": day}),
        ("value", {"positions": {"AAPL": "10", "CASH:USD": "5"}, "currency": "GBP", "on": day}),
        ("instruments", {}), ("status", {}),
    )  # fmt: skip
    commands = [
        "convert 100 USD GBP --on 2020-08-30", "prices AAPL --in GBP --receipts",
        "rates USD GBP --from 2020-08-28 --to 2020-08-30", "returns AAPL --in GBP",
        "explain AAPL --in GBP --from 2020-08-27 --to 2020-08-28", "actions AAPL", "currencies",
        "performers --in GBP --on 2020-08-28",
    ]  # fmt: skip
    for command, result in zip(commands, results, strict=False):
        assert read(result) == loaded(*command.split()).json, command
    assert read(results[0])["receipt"]["legs"] and read(results[1])["prices"][0]["receipt"]["legs"]
    valued = read(results[8])
    assert valued["covered_share"] == 1 and valued["positions"][0]["rate_date"] == day
    assert [one["symbol"] for one in read(results[9])] == ["AAPL", "VOD.L"]
    assert read(results[10])["runs"][0]["state"] == "done"


def test_rows_beyond_the_limit_are_counted_and_not_given(loaded: Cli, home: Path, database: str) -> None:
    _, (result,) = ask(home, database, ("rates", {"base": "USD", "quote": "GBP", "limit": 2}))
    found = read(result)
    assert len(found["rates"]) == 2 and found["rows_stored"] > 2
    assert found["rates"][-1]["date"] == loaded("rates", "USD", "GBP").json["rates"][-1]["date"]


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("prices", {"symbol": "MSFT"}, "MSFT is not on the list"),
        ("convert", {"amount": "1", "source": "gbp", "target": "USD"}, "'gbp'"),
        ("convert", {"amount": "1", "source": "USD", "target": "KRW", "on": "2020-08-28"}, "no_rate"),
        ("prices", {"symbol": "AAPL", "limit": 10**9}, "limit"),
        ("explain", {"symbol": "AAPL", "currency": "GBP"}, "since and until"),
    ],
)
def test_a_refusal_is_an_error_in_its_own_words(
    loaded: Cli, home: Path, database: str, name: str, words: dict[str, Any], said: str
) -> None:
    _, (result,) = ask(home, database, (name, words))
    assert result.is_error and said in result.content[0].text
    assert "Traceback" not in result.content[0].text


def test_an_answer_after_a_refusal_is_right(loaded: Cli, home: Path, database: str) -> None:
    convert = ("convert", {"amount": "1", "source": "USD", "target": "GBP", "on": "2020-08-28"})
    _, (_, good) = ask(home, database, ("prices", {"symbol": "NONE"}), convert)
    assert read(good)["result"] == loaded("convert", "1", "USD", "GBP", "--on", "2020-08-28").json["result"]
