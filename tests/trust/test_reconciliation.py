"""Our adjusted closes and the providers': every figure of docs/explanation/reconciliation.md, worked out again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from tests.trust.acting import emptied
from tools import reconcile

D = Decimal
Found = tuple[list[reconcile.Split], list[reconcile.Compared]]


@pytest.fixture(scope="module")
def found(module_conn: psycopg.Connection, shared: Path) -> Iterator[Found]:
    emptied(module_conn)
    yield reconcile.reconcile(module_conn, shared, emptied)


def test_the_page_holds_todays_figures(found: Found) -> None:
    assert reconcile.page(*found) == reconcile.PAGE.read_text(), "run python -m tools.reconcile"


def test_no_split_of_the_seven_leaves_a_jump_and_real_moves_stay(found: Found) -> None:
    splits, _ = found
    assert {split.symbol for split in splits} == set(reconcile.SEVEN) - {"META"}  # META never split
    moved = {(split.symbol, split.ex_date): split for split in splits}
    for split in splits:
        if split.ratio:
            raw = (1 + split.raw / 100) * D(split.ratio)
            assert abs(raw - (1 + split.adjusted / 100)) < D("0.002")
            assert abs(split.adjusted) < 15, split
    for key in (("AAPL", date(2014, 6, 9)), ("AAPL", date(2020, 8, 31)), ("TSLA", date(2020, 8, 31)),
                ("TSLA", date(2022, 8, 25)), ("NVDA", date(2021, 7, 20)), ("GOOGL", date(2022, 7, 18)),
                ("AMZN", date(2022, 6, 6))):  # fmt: skip
        assert moved[key].ratio
    assert moved["AAPL", date(2000, 9, 29)].adjusted == moved["AAPL", date(2000, 9, 29)].raw == D("-51.87")
    assert moved["TSLA", date(2020, 8, 31)].adjusted == D("12.57")


def test_total_return_is_the_providers_within_rounding(found: Found) -> None:
    _, compared = found
    assert len(compared) == 6
    for each in compared:
        match each.against, each.symbol:
            case "Alpha Vantage adjusted_close", "AAPL":
                assert each.absolute <= D("0.00015")
            case "Alpha Vantage adjusted_close", "TSLA":
                assert each.absolute == 0
            case (("Alpha Vantage adjusted_close" | "Tiingo adjClose"), _):
                assert each.absolute <= D("0.00000005")  # our own tenth digit
            case _:
                assert each.convention == "prior_close" and each.relative <= D("0.000001")
