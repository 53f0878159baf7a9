"""export: what other engines read back is what `prices` prints, whole or not there at all."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars
import psycopg
import pytest

from tests.support import writing
from tests.support.command import Cli

BARS = ["AAA,2023-12-29,10", "AAA,2024-01-02,11.25", "AAA,2024-01-03,12"]
PENCE = ["BBB.L,2023-12-29,80.125", "BBB.L,2024-01-02,84"]


@pytest.fixture
def stored(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        writing.bars(conn, BARS, unit="USD", mic="XNAS")
        writing.bars(conn, PENCE, unit="GBX", mic="XLON")
        writing.rates(conn, ["GBP,USD,2023-12-29,1.25", "GBP,USD,2024-01-02,1.28"])
        writing.actions(conn, ["AAA,2024-01-03,dividend,0.5", "AAA,2024-01-03,split,1/3"])


def printed(cli: Cli, symbol: str, *words: str) -> list[dict[str, Any]]:
    return cli("prices", symbol, *words, "--format", "json").json["prices"]  # type: ignore[no-any-return]


def test_polars_reads_back_what_prices_prints(cli: Cli, stored: None, tmp_path: Path) -> None:
    done = cli("export", tmp_path / "out", "--in", "GBP", "--format", "json")
    assert done.code == 0, done.stderr
    assert done.json == [
        {"table": "prices", "rows": 5}, {"table": "rates", "rows": 2}, {"table": "actions", "rows": 2},
        {"table": "instruments", "rows": 2},
    ]  # fmt: skip
    frame = polars.read_parquet(
        tmp_path / "out" / "table=prices" / "**" / "*.parquet", hive_partitioning=True
    )
    assert frame.schema["close"] == polars.Decimal(38, 18)
    for symbol in ("AAA", "BBB.L"):
        rows = frame.filter(polars.col("symbol") == symbol).sort("date").to_dicts()
        for row, bar in zip(rows, printed(cli, symbol, "--in", "GBP"), strict=True):
            assert str(row["date"]) == bar["date"] and row["year"] == row["date"].year
            for name in ("open", "high", "low", "close", "volume", "rate"):
                assert row[name] == (None if bar[name] is None else Decimal(bar[name])), name
            assert (row["source"], row["missing"]) == (bar["source"], bar["missing"])
            assert (None if row["rate_date"] is None else str(row["rate_date"])) == bar["rate_date"]


def test_every_file_tells_what_it_is(cli: Cli, stored: None, tmp_path: Path) -> None:
    cli("export", tmp_path / "out")
    files = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.parquet"))
    assert [str(path.parent) for path in files] == [
        "table=actions", "table=instruments", "table=prices/year=2023", "table=prices/year=2024", "table=rates",
    ]  # fmt: skip
    for path in files:
        told = polars.read_parquet_metadata(tmp_path / "out" / path)
        assert told["format"] == "1" and told["known_at"].startswith("20")


def test_a_folder_that_holds_something_is_left_alone(cli: Cli, stored: None, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    done = cli("export", tmp_path / "out")
    assert done.code == 2 and "not empty" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_number_that_does_not_fit_ends_the_export_and_leaves_nothing(
    cli: Cli, database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        writing.bars(conn, ["AAA,2024-01-02,1.0000000000000000001"], unit="USD", mic="XNAS")
    done = cli("export", tmp_path / "out")
    assert done.code == 1 and "AAA has a number of 19 decimals on 2024-01-02" in done.stderr
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_duckdb_reads_it(cli: Cli, stored: None, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    cli("export", tmp_path / "out")
    files = duckdb.read_parquet(f"{tmp_path}/out/table=prices/**/*.parquet", hive_partitioning=True)
    found = files.order("symbol, date").project("symbol, date, year, close").fetchall()
    assert [(symbol, str(day), int(year)) for symbol, day, year, _ in found] == [
        (line.split(",")[0], line.split(",")[1], int(line.split(",")[1][:4])) for line in BARS + PENCE
    ]
    assert [close for *_, close in found] == [Decimal(line.split(",")[2]) for line in BARS + PENCE]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a Java runtime")
def test_spark_reads_it(cli: Cli, stored: None, tmp_path: Path) -> None:
    pyspark = pytest.importorskip("pyspark.sql")
    cli("export", tmp_path / "out", "--in", "GBP")
    spark = pyspark.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        rows = spark.read.parquet(str(tmp_path / "out" / "table=prices")).orderBy("symbol", "date").collect()
    finally:
        spark.stop()
    expected = [(s, b) for s in ("AAA", "BBB.L") for b in printed(cli, s, "--in", "GBP")]
    assert [(row.symbol, str(row.date), row.year) for row in rows] == [
        (symbol, bar["date"], int(bar["date"][:4])) for symbol, bar in expected
    ]
    assert [row.close for row in rows] == [
        None if bar["close"] is None else Decimal(bar["close"]) for _, bar in expected
    ]
