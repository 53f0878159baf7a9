"""sync and replay, against a provider on loopback."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.cli.conftest import Provider
from tests.support.command import Cli

Given = tuple[Provider, dict[str, str]]
DAILY = b"timestamp,open,high,low,close,volume\r\n2020-08-28,100,101,99,100.5,7\r\n2020-08-27,100,101,99,100.25,6\r\n"
BARS = (
    b'{"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": {"2020-08-28": {"1. open": "100", "2. high": "101", '
    b'"3. low": "99", "4. close": "100.5", "5. volume": "7"}}}'
)
SPLITS = b'{"symbol": "IBM", "data": []}'
DIVIDENDS = (
    b'{"symbol": "IBM", "data": [{"ex_dividend_date": "2020-08-07", "declaration_date": "None", "record_date": "None", '
    b'"payment_date": "2020-09-10", "amount": "1.63"}]}'
)
ECB = b"Date,USD,GBP,\n2020-08-28,1.1915,0.89468,\n"
SPENT = b'{"Information": "standard API rate limit is 25 requests per day"}'


def _watch(cli: Cli) -> None:
    assert cli("add", "IBM", "--mic", "XNYS", "--unit", "USD").code == 0


def _answers(made: Provider) -> None:
    made.answers |= {
        "TIME_SERIES_DAILY": BARS, "SPLITS": SPLITS, "DIVIDENDS": DIVIDENDS, "eurofxref-hist.zip": ECB,
        "eurofxref-hist-90d.xml": ECB, "eurofxref-daily.xml": ECB,
    }  # fmt: skip


def test_a_dry_run_prints_the_calls_and_makes_none(cli: Cli, provider: Given) -> None:
    made, env = provider
    _watch(cli)
    done = cli("sync", "--dry-run", env=env)
    assert done.code == 0 and made.asked == []
    assert [(call["provider"], call["kind"], call["symbol"]) for call in done.json["calls"]] == [
        ("ecb", "rates", None), ("alpha_vantage", "prices", "IBM"), ("alpha_vantage", "actions", "IBM"),
        ("alpha_vantage", "actions", "IBM"),
    ]  # fmt: skip
    assert done.json["spends"] == {"ecb": 1, "alpha_vantage": 3}
    assert done.json["left"] == {"ecb": None, "alpha_vantage": 25}
    assert "A1B2C3D4E5F6" not in done.stdout + done.stderr
    assert "alpha_vantage: 3 calls, 25 left today" in done.stderr


def test_sync_fetches_and_asks_again_in_a_week_and_for_whole_lists_in_a_month(
    cli: Cli, provider: Given, database: str
) -> None:
    made, env = provider
    _answers(made)
    _watch(cli)
    done = cli("sync", env=env)
    assert done.code == 0, done.stderr
    assert done.json | {"run_id": 0} == {
        "run_id": 0, "read": 4, "inserted": 4, "unchanged": 0, "revised": 0, "outranked": 0, "quarantined": 0,
        "calls": {"ecb": 1, "alpha_vantage": 3}, "remaining": 0,
    }  # fmt: skip
    again = cli("sync", env=env)
    assert again.json["read"] == 0 and again.json["calls"] == {}
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE landing.delivery SET fetched_at = fetched_at - interval '8 days'")
    again = cli("sync", env=env)
    assert again.json["unchanged"] == again.json["read"] == 3
    assert again.json["calls"] == {"ecb": 1, "alpha_vantage": 1}
    assert cli("prices", "IBM", "--in", "GBP").json["prices"][0]["source"] == "ecb"


def test_a_spent_quota_is_done_in_part_and_no_more_calls_are_made(cli: Cli, provider: Given) -> None:
    made, env = provider
    _answers(made)
    made.answers["SPLITS"] = SPENT
    _watch(cli)
    done = cli("sync", env=env)
    assert done.code == 3 and done.json["remaining"] == 2, done.stderr
    assert made.asked.count("DIVIDENDS") == 0
    assert "calls of today are spent" in done.stderr
    shown = cli("status", env=env).json["quota"][0]
    assert (shown["provider"], shown["calls_left"], shown["calls_today"], shown["keys"]) == (
        "alpha_vantage",
        0,
        2,
        1,
    )
    assert "calls of today are spent" in shown["closed"]


def test_a_provider_that_is_down_stops_no_other(cli: Cli, provider: Given) -> None:
    made, env = provider
    _answers(made)
    _watch(cli)
    done = cli("sync", env=env | {"ALPHA_VANTAGE_BASE_URL": "http://127.0.0.1:1/query"})
    assert done.code == 3 and done.json["calls"]["ecb"] == 1 and done.json["inserted"] == 2
    assert "Alpha Vantage: connection failed" in done.stderr


def test_one_provider_or_one_symbol_can_be_named(cli: Cli, provider: Given) -> None:
    _, env = provider
    _watch(cli)
    cli("add", "ABC.L", "--provider", "files", "--mic", "XLON", "--unit", "GBX")
    only = cli("sync", "--provider", "ecb", "--dry-run", env=env).json["calls"]
    assert [call["provider"] for call in only] == ["ecb"]
    by_hand = cli("sync", "ABC.L", "--dry-run", env=env)
    assert [call["provider"] for call in by_hand.json["calls"]] == ["ecb"]
    assert "ABC.L is imported by hand" in by_hand.stderr
    assert cli("sync", "NONE", "--dry-run", env=env).code == 4
    assert cli("sync", "--provider", "nobody", env=env).code == 2
    assert cli("sync", "--since", "2020-02-01", "--until", "2020-01-01", env=env).code == 2


def test_a_delivery_that_a_killed_run_left_is_loaded_first(cli: Cli, provider: Given, database: str) -> None:
    made, env = provider
    _answers(made)
    _watch(cli)
    assert cli("sync", env=env).code == 0
    with psycopg.connect(database) as conn:
        conn.execute("DELETE FROM warehouse.fact_corporate_action")
        conn.execute("UPDATE landing.delivery SET state = 'landed' WHERE request LIKE '%DIVIDENDS%'")
    done = cli("sync", env=env)
    assert done.json["inserted"] == 1 and done.json["calls"] == {}


def test_replay_reads_again_and_makes_no_call(cli: Cli, provider: Given) -> None:
    made, env = provider
    _answers(made)
    _watch(cli)
    cli("sync", env=env)
    made.asked.clear()
    done = cli("replay", env=env)
    assert done.code == 0 and made.asked == []
    assert done.json["read"] == done.json["unchanged"] == 4 and done.json["calls"] == {}
    assert cli("replay", "--provider", "ecb").json["read"] == 2
    assert cli("replay", "--since", "2999-01-01").json["read"] == 0
    assert cli("replay", "--provider", "nobody").code == 2


def test_sync_asks_the_publishers_that_fx_sources_names(cli: Cli, provider: Given) -> None:
    made, env = provider
    recorded = Path(__file__).parents[1] / "recorded" / "providers"
    made.answers["boe.asp"] = (recorded / "boe.csv").read_bytes()
    made.answers["f11.1-data.csv"] = (recorded / "rba.csv").read_bytes()
    base = env["ECB_BASE_URL"]
    env |= {"FX_SOURCES": "files,boe,beo", "BOE_BASE_URL": f"{base}/boe.asp", "RBA_BASE_URL": base}
    done = cli("sync", "--since", "2026-03-17", "--until", "2026-03-20", env=env)
    assert done.code == 0, done.stderr
    assert (done.json["inserted"], done.json["calls"]) == (104, {"boe": 1})
    assert "FX_SOURCES names beo: no provider and no stored rate has that name" in done.stderr
    assert cli("convert", 1, "USD", "JPY", "--on", "2026-03-20", env=env).json["receipt"]["source"] == "boe"
    asked = cli("sync", "--provider", "rba", "--since", "2023-01-03", env=env)
    assert (asked.code, asked.json["inserted"], asked.json["calls"]) == (0, 54, {"rba": 1}), asked.stderr
    assert made.asked == ["boe.asp", "f11.1-data.csv"]
