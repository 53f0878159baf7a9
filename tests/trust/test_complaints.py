"""What users of other systems complain about, tried here: one test a complaint, named with where it was made, and the
table of docs/explanation/complaints.md, of which every test exists."""

from __future__ import annotations

import ast
import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from tests.support.writing import actions, bars, closes, counts, file, held, load, rates
from tests.trust.acting import correct, decide
from ticker_converter.errors import NoRate
from ticker_converter.queries.conversion import convert
from ticker_converter.queries.prices import prices
from ticker_converter.queries.returns import returns
from ticker_converter.queries.value import value

D = Decimal
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "complaints.md"
FRIDAY, SUNDAY = date(2020, 8, 28), date(2020, 8, 30)


@pytest.fixture
def fixed(conn: psycopg.Connection) -> psycopg.Connection:
    """The ECB's fixings of a Friday."""
    rows = {"USD": "1.1915", "GBP": "0.89468", "JPY": "125.43", "CHF": "1.0755"}
    rates(conn, [f"EUR,{code},{FRIDAY},{rate}" for code, rate in rows.items()], source="ecb")
    return conn


def test_an_amount_without_a_rate_is_never_passed_one_to_one(fixed: psycopg.Connection) -> None:
    """sure #3640, maybe #1899, ghostfolio #2866, wealthfolio #1143: JPY 1,000,000 shown as $1,000,000."""
    found = value(fixed, [("CASH:JPY", D(10**6)), ("CASH:KRW", D(10**6))], currency="USD", on=FRIDAY)
    assert [entry["value"] for entry in found["positions"]] == [D("9499.322331")]
    assert [(entry["symbol"], entry["reason"]) for entry in found["left_out"]] == [("CASH:KRW", "no_rate")]
    assert found["total"] == D("9499.322331")
    with pytest.raises(NoRate):
        convert(fixed, D(10**6), "KRW", "USD", on=FRIDAY)


def test_what_is_left_out_of_a_total_is_named_with_what_it_is_worth_at_home(
    fixed: psycopg.Connection,
) -> None:
    """firela-app #301, wealthfolio #256: totals that omit balances without a word."""
    bars(fixed, [f"A.KS,{FRIDAY},55400"], unit="KRW")
    found = value(fixed, [("A.KS", D(2)), ("CASH:USD", D(1))], currency="USD", on=FRIDAY)
    assert found["covered_share"] == D("0.5")
    assert found["left_out"] == [
        {"symbol": "A.KS", "quantity": D(2), "reason": "no_rate", "local_value": D(110800), "unit": "KRW"}
    ]


def test_pence_are_pence_and_pounds_are_pounds_by_declaration_alone(fixed: psycopg.Connection) -> None:
    """ghostfolio #300 to #5950, wealthfolio #107, portfolio #406; and .L that is not pence: Vibe-Trading PR #1206."""
    bars(fixed, [f"VOD.L,{FRIDAY},111.9"], unit="GBp")
    bars(fixed, [f"VUSA.L,{FRIDAY},50.1"], unit="GBP")
    bars(fixed, [f"VUSD.L,{FRIDAY},66.7"], unit="USD")
    found = value(fixed, [(s, D(100)) for s in ("VOD.L", "VUSA.L", "VUSD.L")], currency="GBP", on=FRIDAY)
    assert [entry["value"] for entry in found["positions"]] == [D("111.9"), 5010, D("5008.405875")]
    bars(fixed, [f"BARC.L,{FRIDAY},111.9"], unit="gbp")
    assert held(fixed) == [("BARC.L", str(FRIDAY), "unknown_currency")]


def test_a_unit_that_flips_and_a_bar_of_two_units_are_held(conn: psycopg.Connection) -> None:
    """yfinance #280: EasyJet 609, then 5.85; portfolio #5279: the high in pence, low and close in pounds."""
    bars(conn, ["EZJ.L,2024-01-02,609", "EZJ.L,2024-01-03,5.85"], unit="GBX")
    bars(conn, ["X.L,2024-01-02,10.1,1012,10.0,10.05,5"], unit="GBP")
    assert held(conn) == [("EZJ.L", "2024-01-03", "unit_jump"), ("X.L", "2024-01-02", "mixed_units")]
    assert closes(conn, "EZJ.L") == {"2024-01-02": "609"}


@pytest.mark.parametrize(("name", "symbol", "unit"), [("AET-L", "AET.L", "GBX"), ("SSW-JO", "SSW.JO", "ZAc")])
def test_a_real_hundredfold_error_never_joins_the_series(
    conn: psycopg.Connection, shared: Path, name: str, symbol: str, unit: str
) -> None:
    """yfinance #2866: Yahoo's own faulty tables, against those that its users mended. Prices cannot say which side is
    wrong: the later one waits as a group, and one answer mends it."""
    folder = shared / "yahoo" / "yfinance_repair"
    faulty = folder / f"{name}-1d-100x-error.csv"
    right = _closes(folder / f"{name}-1d-100x-error-fixed.csv")
    scale = {day: round(close / right[day], 3) for day, close in _closes(faulty).items()}
    assert len(set(scale.values())) == 2
    options = {"symbol": symbol, "unit": unit, "basis": "splits"}
    load(conn, file("prices", faulty.read_bytes(), name=faulty.name, **options))
    first = scale[min(scale)]
    assert set(closes(conn, symbol)) == {day for day, each in scale.items() if each == first}
    assert {(day, reason) for _, day, reason in held(conn)} == {
        (day, "unit_jump") for day, each in scale.items() if each != first
    }  # fmt: skip
    (entry,) = conn.execute("SELECT min(quarantine_id) FROM landing.quarantine").fetchone() or (0,)
    (other,) = set(scale.values()) - {first}
    decide(conn, entry, "rescaled", all_like=True, factor=first / other)
    mended = {day: D(close) / right[day] for day, close in closes(conn, symbol).items()}
    assert len(mended) == len(scale) and max(mended.values()) < 2 * min(mended.values())


def _closes(path: Path) -> dict[str, Decimal]:
    with path.open() as opened:
        return {row["Date"][:10]: D(row["Close"]) for row in csv.DictReader(opened) if row["Close"]}


def test_history_is_at_the_rate_of_its_day(conn: psycopg.Connection) -> None:
    """ghostfolio #2449, wealthfolio #181, rotki #12277: history shown at today's rate."""
    rates(conn, ["EUR,USD,2020-01-02,1.0", "EUR,USD,2020-01-03,2.0"], source="ecb")
    bars(conn, ["A,2020-01-02,10", "A,2020-01-03,10"])
    found = prices(conn, "A", currency="EUR")
    assert [row[4] for row in found.rows] == [10, 5]


def test_weekends_use_fridays_rate_never_mondays(fixed: psycopg.Connection) -> None:
    """wealthfolio's and Portfolio Performance's look ahead; frankfurter #71, ghostfolio #6370."""
    before = convert(fixed, D(100), "EUR", "USD", on=SUNDAY)
    rates(fixed, ["EUR,USD,2020-08-31,1.1940"], source="ecb")
    after = convert(fixed, D(100), "EUR", "USD", on=SUNDAY)
    assert before.result == after.result == D("119.15")
    assert after.receipt["rate_date"] == FRIDAY and after.receipt["age_days"] == 2


def test_a_rate_too_old_is_no_answer(fixed: psycopg.Connection) -> None:
    """portfolio #2025: rates four months old, and nobody noticed."""
    assert convert(fixed, D(1), "EUR", "USD", on=date(2020, 9, 4)).receipt["age_days"] == 7
    with pytest.raises(NoRate, match="rate_too_old"):
        convert(fixed, D(1), "EUR", "USD", on=date(2020, 9, 5))


def test_a_bad_value_saved_once_is_replaced_by_the_right_one(conn: psycopg.Connection) -> None:
    """wealthfolio #1314, sure #1187, PR #1445: wrong bars and rates that stayed for ever."""
    bars(conn, ["A,2020-01-02,10"])
    rates(conn, ["EUR,USD,2020-01-02,1.5", "EUR,GBP,2020-01-02,0"], source="ecb")
    assert counts(bars(conn, ["A,2020-01-02,10.7"])) == {"revised": 1}
    rates(conn, ["EUR,USD,2020-01-02,1.1"], source="ecb")
    assert closes(conn, "A") == {"2020-01-02": "10.7"}
    assert convert(conn, D(1), "EUR", "USD", on=date(2020, 1, 2)).result == D("1.1")
    assert held(conn) == [("EUR/GBP", "2020-01-02", "not_positive")]


def test_a_manual_fix_is_not_overwritten(conn: psycopg.Connection) -> None:
    """portfolio PR #1492, hoard #97."""
    bars(conn, ["A,2020-01-02,10"])
    correct(conn, "A", "2020-01-02", close="11", high="11")
    assert counts(bars(conn, ["A,2020-01-02,12"])) == {"outranked": 1}
    assert closes(conn, "A") == {"2020-01-02": "11"}


def test_a_split_told_late_or_twice_changes_nothing_but_the_adjustment(conn: psycopg.Connection) -> None:
    """yfinance #1531, #906; twelvedata-python #92; wealthfolio #1140."""
    bars(conn, ["A,2020-08-28,400", "A,2020-08-31,101"])
    for _ in range(2):
        actions(conn, ["A,2020-08-31,split,4"])
        assert [row[4] for row in prices(conn, "A", adjust="splits").rows] == [100, 101]
        assert [row[4] for row in prices(conn, "A").rows] == [400, 101]


def test_a_currency_that_ended_goes_on_as_its_successor(conn: psycopg.Connection) -> None:
    """money #1038, exchangerate.host #199: the kuna that floated after the euro; eu_central_bank #20: the lats."""
    rates(
        conn,
        ["EUR,HRK,2022-12-30,7.5365", "EUR,USD,2022-12-30,1.0666", "EUR,USD,2023-02-01,1.0894"],
        source="ecb",
    )
    assert convert(conn, D("7.5345"), "HRK", "EUR", on=date(2023, 2, 1)).result == 1
    assert convert(conn, D("7.5345"), "HRK", "USD", on=date(2023, 2, 1)).result == D("1.0894")
    assert convert(conn, D(1), "EUR", "LVL", on=date(2023, 2, 1)).result == D("0.702804")
    assert convert(conn, D("7.5365"), "HRK", "EUR", on=date(2022, 12, 30)).result == 1


def test_an_own_rate_wins_on_its_day_and_not_after_a_newer_one(fixed: psycopg.Connection) -> None:
    """ghostfolio #3140, wealthfolio #216, maybe #2469."""
    rates(fixed, [f"EUR,USD,{FRIDAY},1.2"])
    assert convert(fixed, D(1), "EUR", "USD", on=SUNDAY).receipt["source"] == "files"
    rates(fixed, ["EUR,USD,2020-08-31,1.1940"], source="ecb")
    assert convert(fixed, D(1), "EUR", "USD", on=FRIDAY).result == D("1.2")
    assert convert(fixed, D(1), "EUR", "USD", on=date(2020, 8, 31)).receipt["source"] == "ecb"


def test_the_gain_of_the_currency_is_apart_from_that_of_the_price(conn: psycopg.Connection) -> None:
    """ghostfolio #1165, #6857; portfolio #390, #661."""
    rates(conn, ["USD,JPY,2020-01-02,100", "USD,JPY,2020-01-03,120"])
    bars(conn, ["A,2020-01-02,10", "A,2020-01-03,11"])
    assert returns(conn, "A", currency="JPY").head["attribution"] == {
        "price": D("0.1"), "fx": D("0.2"), "cross": D("0.02"), "total": D("0.32"),
    }  # fmt: skip


# ---- the table ----


def test_every_complaint_has_its_row_and_every_test_that_is_named_exists() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 26))
    for number, _, covered in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", covered)
        assert named or "not yet" in covered, f"complaint {number} names no test and does not say so"
        for path, name in named:
            assert name in _tests(ROOT / path), f"complaint {number}: {path}::{name} is no test"


def _tests(path: Path) -> set[str]:
    return {
        node.name for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }  # fmt: skip
