"""Thirty years of the ECB's published table, loaded by the pipeline, against polars over the same file.

Each pair's rate is computed twice from the file's own text: the table is filled forward by `join_asof`, and the two
currencies are divided as fractions. Legal facts are written here once more, from the regulations.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from tests.conversion.store import close
from tests.support import command, postgres
from ticker_converter import db
from ticker_converter.queries import conversion
from ticker_converter.queries.result import Policy

FILE = Path("ecb") / "eurofxref-hist_2026-04.zip"
EUROS = {
    "HRK": ("7.53450", date(2023, 1, 1)),
    "BGN": ("1.95583", date(2026, 1, 1)),
    "EEK": ("15.6466", date(2011, 1, 1)),
}


@dataclass(frozen=True)
class History:
    """The published table, and a warehouse that has read the same file."""

    table: pl.DataFrame
    conn: psycopg.Connection[Any]


@pytest.fixture(scope="module")
def history(
    shared: Path, server: postgres.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[History]:
    text = zipfile.ZipFile(shared / FILE).read("eurofxref-hist.csv")
    table = pl.read_csv(io.BytesIO(text), infer_schema=False).sort("Date")
    table = table.with_columns(pl.col("Date").str.to_date())
    home = tmp_path_factory.mktemp("home")
    line = [sys.executable, "-m", "ticker_converter", "import", "rates", shared / FILE, "--format", "json"]
    url = server.create("ecb_history", template)
    done = command.run(line, home, {"DATABASE_URL": url}, stdin="", timeout=300, cwd=home)
    assert done.code == 0, done.stderr
    with psycopg.connect(url) as conn:
        db.exact(conn)
        yield History(table, conn)
    server.drop("ecb_history")


def per_euro(
    history: History, codes: list[str], first: date, last: date
) -> dict[date, tuple[date, list[Fraction]]]:
    """By calendar day: the latest date with all the codes published, and what a euro was in each."""
    wanted = [code for code in codes if code != "EUR"]
    numbers = history.table.select("Date", *wanted).filter(
        pl.all_horizontal(pl.col(code).str.contains(r"^[0-9]") for code in wanted) if wanted else pl.lit(True)
    )
    numbers = numbers.with_columns(published=pl.col("Date"))
    days = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    joined = days.join_asof(numbers.rename({"Date": "day"}), on="day")
    return {
        row["day"]: (
            row["published"],
            [Fraction(row[code]) if code != "EUR" else Fraction(1) for code in codes],
        )
        for row in joined.iter_rows(named=True)
        if row["published"] is not None
    }


def expected(
    history: History, base: str, quote: str, first: date, last: date
) -> dict[date, tuple[date | None, Fraction]]:
    """By calendar day, of whatever age: the rate's date and the rate."""
    answers: dict[date, tuple[date | None, Fraction]] = {}
    spans = {
        first,
        *(day for code, (_, day) in EUROS.items() if code in (base, quote) and first < day <= last),
    }
    starts = sorted(spans)
    for start, end in zip(starts, [*(day - timedelta(1) for day in starts[1:]), last], strict=True):
        factors, codes = [], []
        for code in (base, quote):
            factor, day = EUROS.get(code, ("1", date.max))
            changed = day <= start
            factors.append(Fraction(factor) if changed else Fraction(1))
            codes.append("EUR" if changed else code)
        if codes == ["EUR", "EUR"]:
            for n in range((end - start).days + 1):
                answers[start + timedelta(n)] = (None, factors[1] / factors[0])
            continue
        for day, (published, (x, y)) in per_euro(history, codes, start, end).items():
            answers[day] = (published, y * factors[1] / (x * factors[0]))
    return answers


@pytest.mark.parametrize("max_age", [7, 3, 0])
@pytest.mark.parametrize(
    ("base", "quote", "first", "last"),
    [
        ("USD", "GBP", date(1999, 1, 1), date(2026, 5, 31)),
        ("EUR", "JPY", date(2012, 1, 1), date(2015, 12, 31)),
        ("JPY", "KRW", date(2003, 1, 1), date(2006, 12, 31)),
        ("IDR", "KRW", date(2015, 1, 1), date(2019, 12, 31)),
        ("HRK", "USD", date(2022, 6, 1), date(2023, 6, 30)),
        ("GBP", "HRK", date(2022, 12, 20), date(2023, 1, 31)),
        ("HRK", "EUR", date(2022, 12, 1), date(2023, 1, 31)),
        ("EEK", "USD", date(2010, 6, 1), date(2011, 6, 30)),
        ("BGN", "USD", date(2025, 6, 1), date(2026, 4, 30)),
        ("BGN", "HRK", date(2022, 12, 20), date(2023, 1, 31)),
        ("ISK", "EUR", date(2008, 6, 1), date(2019, 1, 31)),
        ("ISK", "USD", date(2008, 6, 1), date(2019, 1, 31)),
    ],
)
def test_a_pair_is_as_in_the_published_table(
    history: History, base: str, quote: str, first: date, last: date, max_age: int
) -> None:
    rows = history.conn.execute(
        "SELECT day, rate, rate_date, source, missing FROM mart.fx_rates(%s, %s, %s, %s, %s, %s)",
        [base, quote, first, last, ["files", "ecb", "alpha_vantage"], max_age],
    ).fetchall()
    right = expected(history, base, quote, first, last)
    assert [row[0] for row in sorted(rows)] == [first + timedelta(n) for n in range((last - first).days + 1)]
    for day, rate, rate_date, source, missing in rows:
        published, exact = right.get(day, (None, None))
        if exact is None:
            assert (rate, missing) == (None, "no_rate")
        elif published is None:
            assert (rate_date, source, missing) == (None, "legal", None) and close(rate, exact)
        elif (day - published).days > max_age:
            assert (rate, missing) == (None, "rate_too_old")
        else:
            assert (rate_date, source, missing) == (published, "ecb", None) and close(rate, exact)
    answered = [row for row in rows if row[1] is not None]
    assert len(answered) > len(rows) / 20


@pytest.mark.parametrize("goal", ["GBP", "EUR", "JPY"])
def test_old_and_new_lira_are_one_series(history: History, goal: str) -> None:
    first, last = date(2004, 1, 1), date(2006, 1, 31)
    cut = date(
        2005, 1, 1
    )  # one new lira is 1,000,000 old ones; the file has the old code before and the new one after
    known = per_euro(history, ["TRL", goal], first, last)
    known = {day: (on, [trl, other]) for day, (on, (trl, other)) in known.items()}
    for day, (on, (new, other)) in per_euro(history, ["TRY", goal], first, last).items():
        if on >= cut:
            known[day] = (on, [new * 10**6, other])
    old = conversion.rates(history.conn, "TRL", goal, first=first, last=last).rows
    new = conversion.rates(history.conn, "TRY", goal, first=first, last=last).rows
    for was, now in zip(old, new, strict=True):
        on, (lira, other) = known[was[0]]
        assert (was[2], was[4], was[5]) == (on, "ecb", None) and was[2:] == now[2:]
        assert close(was[1], other / lira, Fraction(1, 10**11))
        assert close(now[1], other / lira * 10**6, Fraction(1, 10**11))


def test_without_dates_a_pair_is_told_from_its_first_to_its_last_published_day(history: History) -> None:
    kroon = conversion.rates(history.conn, "EEK", "USD")
    assert (kroon.rows[0][0], kroon.rows[-1][0]) == (date(1999, 1, 4), history.table["Date"].max())
    kuna = conversion.rates(history.conn, "EEK", "HRK")
    assert kuna.rows[-1][0] == date(2022, 12, 30)
    assert all(row[1] is not None for row in conversion.rates(history.conn, "TRL", "EUR").rows)


def test_icelands_hole_is_no_rate_and_not_the_last_one(history: History) -> None:
    """No krona was published from 2008-12-10 to 2018-01-31: the file has N/A."""
    rows = {
        row[0]: row
        for row in conversion.rates(
            history.conn, "EUR", "ISK", first=date(2008, 12, 9), last=date(2018, 2, 1)
        ).rows
    }
    assert rows[date(2008, 12, 9)][1:] == (Decimal("290.0"), date(2008, 12, 9), 0, "ecb", None)
    assert rows[date(2008, 12, 16)][1:4] == (Decimal("290.0"), date(2008, 12, 9), 7)
    assert all(
        rows[day][1:] == (None, None, None, None, "rate_too_old")
        for day in rows
        if date(2008, 12, 17) <= day < date(2018, 2, 1)
    )
    assert rows[date(2018, 2, 1)][1] is not None
    unlimited = conversion.convert(
        history.conn, Decimal(1), "EUR", "ISK", on=date(2017, 6, 1), policy=Policy(max_age_days=4000)
    )
    assert (unlimited.result, unlimited.receipt["age_days"]) == (Decimal(290), 3096)
