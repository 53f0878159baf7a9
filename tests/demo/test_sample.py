"""The bundled sample: small, named in NOTICE, and row for row what its sources hold."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from tests.support.command import Cli
from tools import sample

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "ticker_converter" / "sample"
MANIFEST = list(csv.DictReader((FOLDER / "manifest.csv").read_text().splitlines()))
DATA = sorted(path.name for path in FOLDER.glob("*.csv") if path.name != "manifest.csv")


def test_it_is_what_its_sources_hold(shared: Path) -> None:
    made = sample.build(shared)
    assert sorted(made) == DATA
    assert {name: (FOLDER / name).read_bytes() for name in DATA} == made


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000


@pytest.mark.parametrize("name", DATA)
def test_notice_and_its_own_page_name_every_file(name: str) -> None:
    assert name in (ROOT / "NOTICE").read_text()
    assert f"`{name}`" in (FOLDER / "README.md").read_text()


def test_a_series_without_a_licence_has_sixty_rows_at_most() -> None:
    unlicensed = [row["file"] for row in MANIFEST if row["licence"] == "none stated"]
    assert unlicensed == ["BARC.L.csv"]
    assert len((FOLDER / "BARC.L.csv").read_text().splitlines()) - 1 <= 60
    assert {row["licence"] for row in MANIFEST} == {"ECB", "MIT", "Apache-2.0", "none stated"}


def test_the_rates_cover_every_bundled_session() -> None:
    fixings = [line[:10] for line in (FOLDER / "eurofxref-hist.csv").read_text().splitlines()[1:]]
    for name in {row["file"] for row in MANIFEST if row["kind"] in ("prices", "held")}:
        for line in (FOLDER / name).read_text().splitlines()[1:]:
            assert [day for day in fixings if line[:7] <= day <= line[:10]], (name, line)


def test_no_bundled_price_needs_a_split_to_be_raw() -> None:
    """Yahoo's rows are adjusted for splits before their download: none may lie inside or after the bundled days."""
    splits = {
        (row["symbol"], row["ex_date"])
        for row in csv.DictReader((FOLDER / "actions.csv").read_text().splitlines())
        if row["kind"] == "split"
    }
    first = {row["symbol"]: row["first"] for row in MANIFEST if "yahoo" in row["source"]}
    assert not [(symbol, day) for symbol, day in splits if day > first.get(symbol, "9999")]


@pytest.mark.slow
def test_every_file_loads_by_hand_and_the_counts_add_up(cli: Cli, conn: psycopg.Connection) -> None:
    loaded = cli("import", "rates", FOLDER / "eurofxref-hist.csv")
    assert (loaded.code, loaded.json["quarantined"]) == (0, 0), loaded.stderr
    for row in MANIFEST:
        if row["kind"] == "rates":
            continue
        words = [
            "--symbol",
            row["symbol"],
            "--mic",
            row["mic"],
            "--unit",
            row["unit"],
            "--basis",
            row["basis"],
        ]
        done = cli("import", "prices", FOLDER / row["file"], *words)
        bars = len((FOLDER / row["file"]).read_text().splitlines()) - 1
        held = 7 if row["kind"] == "held" else 0
        assert done.code == 0, done.stderr
        assert (done.json["read"], done.json["inserted"], done.json["quarantined"]) == (
            bars,
            bars - held,
            held,
        )
    actions = cli("import", "actions", FOLDER / "actions.csv")
    assert (actions.code, actions.json["inserted"]) == (0, 3), actions.stderr
    assert conn.execute("SELECT count(*) FROM mart.quarantine").fetchone() == (7,)


def test_the_package_finds_it() -> None:
    assert (files("ticker_converter") / "sample" / "manifest.csv").is_file()
