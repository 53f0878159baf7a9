"""returns, value, explain and actions from Python say what the command line says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import ticker_converter as tc
from tests.cli.conftest import files, loaded  # noqa: F401
from tests.support.command import Cli
from ticker_converter.errors import Usage
from ticker_converter.table import as_json


@pytest.fixture
def wh(loaded: Cli, database: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[tc.Warehouse]:  # noqa: F811
    monkeypatch.setenv("TICKER_CONVERTER_HOME", str(home))
    with tc.connect(database) as warehouse:
        yield warehouse


def plain(value: object) -> object:
    return json.loads(as_json(value), parse_float=Decimal)


def test_python_and_the_command_line_agree(wh: tc.Warehouse, loaded: Cli, tmp_path: Path) -> None:  # noqa: F811
    asked = loaded("returns", "AAPL", "--in", "GBP", "--adjust", "all")
    assert plain(wh.returns("AAPL", currency="GBP", adjust="all").to_dict()) == asked.json
    (tmp_path / "held.csv").write_text("symbol,quantity\nAAPL,10\nVOD.L,200\nNOPE,1\n")
    asked = loaded("value", tmp_path / "held.csv", "--in", "GBP", "--on", "2020-08-30")
    positions = {"AAPL": 10, "VOD.L": 200.0, "NOPE": "1"}
    assert plain(wh.value(positions, currency="GBP", on="2020-08-30")) == asked.json
    words = ("explain", "AAPL", "--in", "GBP", "--from", "2020-08-27", "--to", "2020-08-28")
    found = wh.explain("AAPL", "GBP", since="2020-08-27", until="2020-08-28")
    assert plain(found) == loaded(*words).json
    days = ("2020-01-01", "2020-01-02")
    with pytest.raises(tc.errors.NoBars):
        wh.explain("AAPL", "GBP", on="2020-08-28", known_at=days)
    now = found["to"]["known_at"]
    again = wh.explain("AAPL", "GBP", on="2020-08-28", known_at=(now, now))
    assert again["change"] == 0 and set(again["parts"].values()) == {0}
    assert (
        plain(wh.actions("AAPL", currency="GBP").to_dict()) == loaded("actions", "AAPL", "--in", "GBP").json
    )


def test_explain_asks_for_days_or_for_a_day_and_two_times(wh: tc.Warehouse) -> None:
    for wrong in (
        {}, {"since": "2020-08-27"}, {"on": "2020-08-28"}, {"on": "2020-08-28", "known_at": "2020-08-28"},
        {"since": "2020-08-27", "until": "2020-08-28", "on": "2020-08-28"},
        {"on": "2020-08-28", "known_at": ["2020-08-28"]},
    ):  # fmt: skip
        with pytest.raises(Usage):
            wh.explain("AAPL", "GBP", **wrong)  # type: ignore[arg-type]
