"""Symbols over time: a rename keeps the history together; a ticker that passes on is another company."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import psycopg
import pytest

from tests.support.command import Cli

HEADER = "symbol,date,open,high,low,close,volume,unit,mic\n"


def _row(symbol: str, day: str, close: int) -> str:
    return f"{symbol},{day},{close},{close},{close},{close},100,USD,XNAS\n"


def _stored(database: str) -> list[tuple[str, str]]:
    with psycopg.connect(database) as conn:
        return conn.execute(
            "SELECT i.symbol, p.session::text FROM warehouse.fact_price AS p"
            " JOIN warehouse.dim_instrument AS i USING (instrument_id) ORDER BY 1, 2"
        ).fetchall()


@pytest.fixture
def renamed(cli: Cli, tmp_path: Path) -> Cli:
    path = tmp_path / "fb.csv"
    path.write_text(HEADER + _row("FB", "2022-06-07", 195) + _row("FB", "2022-06-08", 196))
    assert cli("import", "prices", path).code == 0
    done = cli("edit", "FB", "--symbol", "META", "--from", "2022-06-09", "--reason", "renamed")
    assert done.code == 0, done.stderr
    return cli


def test_the_history_goes_on_under_the_new_symbol(renamed: Cli, tmp_path: Path, database: str) -> None:
    path = tmp_path / "both.csv"
    path.write_text(HEADER + _row("FB", "2022-06-06", 194) + _row("META", "2022-06-09", 184))
    done = renamed("import", "prices", path)
    assert done.json["inserted"] == 2, done.stderr
    days = ("2022-06-06", "2022-06-07", "2022-06-08", "2022-06-09")
    assert _stored(database) == [("META", day) for day in days]
    assert len(renamed("prices", "META").json["prices"]) == 4


def test_who_asks_for_the_old_symbol_is_told_the_new_one(renamed: Cli) -> None:
    done = renamed("prices", "FB")
    assert done.code == 4 and "what bore it until 2022-06-08 is META now" in done.stderr
    assert "META" not in renamed("prices", "NOPE").stderr


def test_the_old_ticker_after_the_rename_is_another_company(
    renamed: Cli, tmp_path: Path, database: str
) -> None:
    path = tmp_path / "later.csv"
    path.write_text(HEADER + _row("FB", "2024-03-01", 30) + _row("FB", "2022-06-03", 190))
    assert renamed("import", "prices", path).code == 0
    assert ("FB", "2024-03-01") in _stored(database) and ("META", "2022-06-03") in _stored(database)
    assert ("META", "2024-03-01") not in _stored(database)
    path.write_text("symbol,date,open,high,low,close\nFB,2021-03-01,1,1,1,1\nFB,2025-03-03,1,1,1,1\n")
    assert renamed("import", "prices", path).json["inserted"] == 2


def test_a_providers_answer_is_about_who_bore_the_symbol_when_it_was_fetched(
    renamed: Cli, tmp_path: Path, database: str
) -> None:
    path = tmp_path / "answer.json"
    path.write_text('[{"date":"2021-06-01T00:00:00.000Z","open":1,"high":1,"low":1,"close":1,"volume":1}]')
    url = "https://api.tiingo.com/tiingo/daily/FB/prices"
    words = ("import", "payload", "--provider", "tiingo", "--request", url, path)
    now = renamed(*words)
    assert now.code == 2 and "FB is not on the list" in now.stderr
    assert renamed(*words, "--fetched-at", "2021-06-05").json["inserted"] == 1
    assert ("META", "2021-06-01") in _stored(database)


def test_a_providers_own_spelling_is_recorded_and_planned_with(cli: Cli, database: str) -> None:
    assert cli("add", "META", "--provider", "tiingo", "--unit", "USD", "--mic", "XNAS").code == 0
    env = {"TIINGO_API_KEY": "0123456789abcdef"}
    assert "/tiingo/daily/META/" in cli("sync", "--dry-run", "--format", "json", env=env).stdout
    done = cli("edit", "META", "--symbol-at", "tiingo=METAX", "--from", "2022-06-09", "--reason", "theirs")
    assert done.code == 0, done.stderr
    assert "/tiingo/daily/METAX/" in cli("sync", "--dry-run", "--format", "json", env=env).stdout
    with psycopg.connect(database) as conn:
        found = conn.execute(
            "SELECT symbol, valid_from::text, valid_to::text FROM warehouse.instrument_symbol ORDER BY 2 DESC"
        ).fetchall()
    assert sorted(found) == [("META", "-infinity", "2022-06-08"), ("METAX", "2022-06-09", "infinity")]


def test_a_delisted_ticker_keeps_its_history_and_is_not_fetched(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "twtr.csv"
    path.write_text(HEADER + _row("TWTR", "2022-10-26", 53) + _row("TWTR", "2022-10-27", 54))
    assert cli("import", "prices", path).code == 0
    assert cli("edit", "TWTR", "--providers", "tiingo,files", "--reason", "listed there").code == 0
    assert cli("edit", "TWTR", "--delisted", "2022-10-27", "--reason", "taken private").code == 0
    plan = cli("sync", "--dry-run", env={"TIINGO_API_KEY": "0123456789abcdef"})
    assert "TWTR was delisted on 2022-10-27" in plan.stderr + plan.stdout
    assert "/TWTR/" not in plan.stdout
    assert len(cli("prices", "TWTR").json["prices"]) == 2


def test_a_rename_needs_its_day_and_a_free_symbol(renamed: Cli, tmp_path: Path) -> None:
    assert renamed("edit", "META", "--symbol", "X", "--reason", "r").code == 2
    path = tmp_path / "other.csv"
    path.write_text(HEADER + _row("AAPL", "2022-06-07", 150))
    renamed("import", "prices", path)
    taken = renamed("edit", "AAPL", "--symbol", "META", "--from", "2023-01-03", "--reason", "r")
    assert taken.code == 2 and "on the list already" in taken.stderr
    mixed = renamed("edit", "META", "--symbol", "M", "--unit", "USD", "--from", "2023-01-03", "--reason", "r")
    assert mixed.code == 2


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_words_that_are_null_or_true_elsewhere_are_tickers(
    cli: Cli, tmp_path: Path, database: str, form: str
) -> None:
    tickers = ["NA", "NAN", "ON", "TRUE", "NULL", "NONE"]
    path = tmp_path / f"words.{form}"
    text = HEADER + "".join(_row(ticker, "2024-03-01", 10) for ticker in tickers)
    if form == "csv":
        path.write_text(text)
    else:
        rows = [
            dict(zip(HEADER.strip().split(","), line.split(","), strict=True))
            for line in text.splitlines()[1:]
        ]
        pl.DataFrame(rows).write_parquet(path)
    assert cli("import", "prices", path).json["inserted"] == len(tickers)
    assert _stored(database) == [(ticker, "2024-03-01") for ticker in sorted(tickers)]


def test_a_rebuild_gives_the_same_instruments_and_names(renamed: Cli, tmp_path: Path, database: str) -> None:
    path = tmp_path / "later.csv"
    path.write_text(HEADER + _row("FB", "2024-03-01", 30) + _row("META", "2024-03-01", 500))
    assert renamed("import", "prices", path).code == 0
    before = _stored(database)
    done = renamed("db", "rebuild", "--apply")
    assert done.code == 0, done.stderr
    assert _stored(database) == before and ("FB", "2024-03-01") in before
