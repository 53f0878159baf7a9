"""The Python interface: the same numbers as the command line, as rows and frames, exact."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

import ticker_converter as tc
from tests.cli.conftest import files, loaded  # noqa: F401
from tests.support.command import Cli
from ticker_converter import errors


@pytest.fixture
def wh(loaded: Cli, database: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[tc.Warehouse]:  # noqa: F811
    """A warehouse with two shares and six rates, opened."""
    monkeypatch.setenv("TICKER_CONVERTER_HOME", str(home))
    with tc.connect(database) as warehouse:
        yield warehouse


def test_it_says_what_the_command_line_says(wh: tc.Warehouse, loaded: Cli) -> None:  # noqa: F811
    import json

    from ticker_converter.table import as_json

    def plain(value: object) -> object:
        return json.loads(as_json(value), parse_float=Decimal)

    words = ("prices", "AAPL", "VOD.L", "--in", "GBP", "--receipts")
    assert plain(wh.prices(["AAPL", "VOD.L"], currency="GBP", receipts=True).to_dict()) == loaded(*words).json
    assert plain(wh.prices("AAPL").to_dict()) == loaded("prices", "AAPL").json
    assert plain(wh.rates("USD", "GBP").to_dict()) == loaded("rates", "USD", "GBP").json
    found = loaded("convert", "100", "USD", "GBP", "--on", "2020-08-30").json
    assert plain(wh.convert(100, "USD", "GBP", on="2020-08-30").as_dict()) == found


def test_rows_and_frames_hold_the_same_exact_numbers(wh: tc.Warehouse) -> None:
    found = wh.prices("AAPL", currency="GBP", since="2020-08-28", until=date(2020, 8, 28), adjust="splits")
    (row,) = found.rows()
    assert (row["symbol"], row["date"], row["close"]) == ("AAPL", date(2020, 8, 28), Decimal("374.8645375"))
    assert len(found) == 1 and list(found) == [row]
    assert found.to_polars().row(0, named=True) == row
    arrow = found.to_arrow()
    assert (
        arrow.column("close").to_pylist() == [row["close"]]
        and str(arrow.schema.field("date").type) == "date32[day]"
    )
    frame = found.to_pandas()
    assert frame["close"].to_list() == [row["close"]]
    assert (
        repr(found)
        == "<Table AAPL: 1 rows of symbol, date, open, high, low, close, volume, rate, rate_date, source, missing>"
    )


def test_receipts_are_at_hand(wh: tc.Warehouse) -> None:
    found = wh.prices("AAPL", currency="GBP", receipts=True)
    assert [str(receipt["on"]) for receipt in found.receipts if receipt] == ["2020-08-27", "2020-08-28"]
    assert found.to_polars()["receipt"][0].startswith("{")
    assert wh.prices("AAPL").receipts == []
    assert wh.convert("12.5", "GBX", "GBP").receipt["source"] == "identity"


def test_a_frame_keeps_its_types_when_nothing_could_be_converted(wh: tc.Warehouse) -> None:
    typed = wh.prices("AAPL", currency="GBP").to_polars().schema
    empty = wh.prices("AAPL", currency="KRW").to_polars()
    assert empty["missing"].to_list() == ["no_rate"] * 2
    assert [kind.base_type() for kind in empty.schema.values()] == [
        kind.base_type() for kind in typed.values()
    ]


@pytest.mark.parametrize("amount", [100, 100.0, "100", "1e2", Decimal(100)])
def test_an_amount_may_be_any_number(wh: tc.Warehouse, amount: Decimal | str | float) -> None:
    assert wh.convert(amount, "USD", "GBP", on=datetime(2020, 8, 28, 12, tzinfo=UTC)).result == Decimal(
        "75.08854385"
    )


def test_errors_are_ours_and_the_next_question_is_answered(wh: tc.Warehouse) -> None:
    for wrong, error in (
        (lambda: wh.prices("MSFT"), errors.UnknownSymbol),
        (lambda: wh.prices("AAPL", adjust="some"), errors.Usage),
        (lambda: wh.prices("AAPL", since="yesterday"), errors.Usage),
        (lambda: wh.prices("AAPL", known_at="2999-01-01"), errors.Usage),
        (lambda: wh.rates("USD", "KRW"), errors.NoRate),
        (lambda: wh.convert("a lot", "USD", "GBP"), errors.Usage),
        (lambda: wh.convert("nan", "USD", "GBP"), errors.Usage),
        (lambda: wh.convert(1, "USD", "GBP", on="2019-01-01"), errors.NoRate),
    ):
        with pytest.raises(error):
            wrong()
    assert len(wh.prices("AAPL")) == 2


def test_a_lost_connection_is_ours_once_and_then_made_again(wh: tc.Warehouse, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ticker-converter/python'"
        )
    with pytest.raises(errors.DatabaseUnavailable):
        wh.prices("AAPL")
    assert len(wh.prices("AAPL")) == 2


def test_it_cannot_write(wh: tc.Warehouse) -> None:
    for statement in ("SELECT FROM warehouse.fact_price", "RESET ROLE; DELETE FROM warehouse.fact_price"):
        with (
            pytest.raises(errors.DatabaseRefused, match="permission denied|read-only"),
            wh._snapshot() as conn,
        ):
            conn.execute(statement)


def test_a_missing_library_is_named(wh: tc.Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    table = wh.prices("AAPL")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(errors.Usage, match=r"this needs pandas: pip install 'ticker-converter\[pandas\]'"):
        table.to_pandas()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(errors.Usage, match="this needs pyarrow"):
        table.to_arrow()


def test_a_database_that_is_not_migrated_is_refused(empty_database: str) -> None:
    with pytest.raises(errors.WrongDatabase, match="run ticker-converter db upgrade"):
        tc.connect(empty_database)


def test_the_public_names_are_there_and_no_others() -> None:
    assert sorted(dir(tc)) == sorted(tc.__all__)
    assert all(getattr(tc, name) is not None for name in tc.__all__)
    with pytest.raises(AttributeError, match="no attribute 'convert'"):
        _ = tc.convert  # type: ignore[attr-defined]
    assert tc.errors is errors and builtins.len(tc.__version__.split(".")) == 3


def test_connect_is_found_from_a_bare_import() -> None:
    code = "import ticker_converter as tc; print(tc.connect.__module__, tc.errors.NoRate.exit_code)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "ticker_converter.connection 4\n"
