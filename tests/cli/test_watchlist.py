"""add, list, remove, symbol."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Provider
from tests.support.command import Cli

IBM = {
    "symbol": "IBM", "mic": "XNYS", "name": None, "kind": "stock", "unit": "USD", "currency": "USD",
    "providers": ["alpha_vantage"], "watched": True, "first_session": None, "last_session": None, "bars": 0,
    "sessions_behind": None,
}  # fmt: skip
SEARCH = (
    b"symbol,name,type,region,marketOpen,marketClose,timezone,currency,matchScore\r\n"
    b"TSCO.LON,Tesco PLC,Equity,United Kingdom,08:00,16:30,UTC+01,GBX,1.0\r\n"
    b"TSCDF,Tesco plc,Equity,United States,09:30,16:00,UTC-04,USD,0.7\r\n"
)


def test_with_exchange_and_unit_given_no_call_is_made(cli: Cli) -> None:
    done = cli("add", "IBM", "--mic", "XNYS", "--unit", "USD")
    assert done.code == 0 and done.json == IBM
    assert cli("list").json == [IBM]
    assert cli("add", "IBM", "--mic", "XNYS", "--unit", "USD").json == IBM


def test_what_is_missing_is_asked_of_the_provider(
    cli: Cli, provider: tuple[Provider, dict[str, str]]
) -> None:
    made, env = provider
    made.answers["SYMBOL_SEARCH"] = SEARCH
    done = cli("add", "TSCO.L", env=env)
    assert done.code == 0, done.stderr
    assert (done.json["unit"], done.json["mic"], done.json["name"]) == ("GBX", "XLON", "Tesco PLC")
    assert made.asked == ["SYMBOL_SEARCH"]
    assert cli("add", "TSCO.L", env=env).code == 0
    assert made.asked == ["SYMBOL_SEARCH"], "what the list says is not asked again"


def test_a_match_that_is_only_near_is_none(cli: Cli, provider: tuple[Provider, dict[str, str]]) -> None:
    made, env = provider
    made.answers["SYMBOL_SEARCH"] = SEARCH
    done = cli("add", "TSC.L", env=env)
    assert done.code == 4
    assert "knows no TSC.L (it knows TSCO.LON, TSCDF): check the spelling, or give --unit" in done.stderr
    assert cli("list").json == []


def test_what_the_provider_does_not_say_is_named(cli: Cli, provider: tuple[Provider, dict[str, str]]) -> None:
    made, env = provider
    made.answers["SYMBOL_SEARCH"] = SEARCH
    made.answers["OVERVIEW"] = b"{}"
    done = cli("add", "TSCDF", env=env)
    assert done.code == 2 and "alpha_vantage does not say the mic of TSCDF: give --mic" in done.stderr
    assert made.asked == ["SYMBOL_SEARCH", "OVERVIEW"]


def test_a_refusal_ends_with_its_own_code(cli: Cli, provider: tuple[Provider, dict[str, str]]) -> None:
    made, env = provider
    made.answers["SYMBOL_SEARCH"] = b'{"Information": "standard API rate limit is 25 requests per day"}'
    done = cli("add", "TSCO.L", env=env)
    assert done.code == 3 and "calls of today are spent" in done.stderr
    assert cli("list").json == []


def test_files_answers_no_search(cli: Cli) -> None:
    done = cli("add", "ABC", "--provider", "files")
    assert done.code == 2 and "files answers no symbol search: give --mic and --unit for ABC" in done.stderr


def test_remove_stops_watching_and_keeps_the_data(loaded: Cli) -> None:
    done = loaded("remove", "AAPL")
    assert (done.code, done.json["watched"], done.json["bars"]) == (0, False, 2)
    assert [row["symbol"] for row in loaded("list").json] == ["VOD.L"]
    assert [row["symbol"] for row in loaded("list", "--all").json] == ["AAPL", "VOD.L"]
    assert loaded("prices", "AAPL").code == 0
    assert loaded("remove", "MSFT").code == 4


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("add ibm --unit USD --mic XNYS", 2),
        ("add IBM --unit usd --mic XNYS", 2),
        ("add IBM --unit USD --mic XXXX", 2),
        ("add IBM --unit USD --mic XNYS --provider nobody", 2),
        ("add A B --unit USD --mic XNYS --name Both", 2),
        ("add AAPL --unit GBP --mic XNAS", 2),
    ],
)
def test_wrong_words_add_nothing(loaded: Cli, words: str, code: int) -> None:
    done = loaded(*words.split())
    assert done.code == code and done.stderr.count("\n") == 1
    assert len(loaded("list").json) == 2


def test_symbol_spells_without_a_database(cli: Cli) -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    assert cli("symbol", "VOD.L", "--to", "alpha_vantage", env=nowhere).json == {
        "symbol": "VOD.L", "provider": "alpha_vantage", "spelling": "VOD.LON",
    }  # fmt: skip
    assert (
        cli("symbol", "VOD.L", "--to", "alpha_vantage", "--format", "table", env=nowhere).stdout
        == "VOD.LON\n"
    )
    found = cli("symbol", "BRK-B", env=nowhere).json
    assert found["symbol"] == "BRK-B" and found["spellings"]["polygon"] == "BRK.B"
    assert cli("symbol", "VOD.L", "--to", "tiingo", env=nowhere).code == 2
