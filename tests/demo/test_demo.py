"""`demo`: what it prints is recomputed here from the bundled files, with Python's own decimals and csv reader."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.demo.conftest import PROGRAM, free_port, wait_for
from tests.support import command
from tests.support.command import Finished
from ticker_converter import embedded

SAMPLE = files("ticker_converter") / "sample"
UNITS = {"AAPL": ("USD", "USD", 1), "BARC.L": ("GBX", "GBP", 100), "4063.T": ("JPY", "JPY", 1)}
ROW = re.compile(
    r"^(AAPL|BARC\.L|4063\.T) +(\d{4}-\d\d-\d\d) +([\d.]+) +(\w+) +([\d.]+) +([\d.]+) +(?:(\d{4}-\d\d-\d\d) +)?(\w+)$",
    re.M,
)
RECEIPT = re.compile(
    r"^(\S+) on (\S+): ([\d.]+) (\w+) = ([\d.]+) (\w+)\. The receipt:\n(.*?)^  by hand: ([^\n]*) = ([\d.]+)$",
    re.M | re.S,
)
LEG = re.compile(r"1 EUR = ([\d.]+) (\w+) +\(ecb (\d{4}-\d\d-\d\d) ")


class Row(NamedTuple):
    symbol: str
    day: str
    close: str
    unit: str
    pounds: str
    rate: str
    rate_date: str
    source: str


def rows(demo: Finished) -> list[Row]:
    return [Row(*found) for found in ROW.findall(demo.stdout)]


def table(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader((SAMPLE / name).read_text().splitlines())


@pytest.fixture(scope="module")
def fixings() -> dict[date, dict[str, str]]:
    """The ECB's bundled table by date."""
    return {date.fromisoformat(row["Date"]): row for row in table("eurofxref-hist.csv")}


def close(symbol: str, day: str) -> Decimal:
    """The close as the bundled file has it."""
    for row in table(f"{symbol}.csv"):
        named = {name.lower(): cell for name, cell in row.items()}
        if (named.get("date") or named.get("timestamp") or "").startswith(day):
            return Decimal(named["close"])
    raise AssertionError(f"{symbol} has no bar of {day}")


def shown(value: Decimal) -> Decimal:
    """6 decimals or 10 significant digits, whichever is finer, half away from zero."""
    return value.quantize(Decimal(1).scaleb(-max(6, 9 - value.adjusted())), ROUND_HALF_UP)


def in_pounds(symbol: str, day: str, fixings: dict[date, dict[str, str]]) -> tuple[Decimal, date]:
    """By hand: the close, and the last fixing on or before the day."""
    _, currency, per = UNITS[symbol]
    latest = max(fixing for fixing in fixings if fixing <= date.fromisoformat(day))
    with localcontext(prec=50):
        pounds = close(symbol, day) / per
        if currency != "GBP":
            pounds = pounds / Decimal(fixings[latest][currency]) * Decimal(fixings[latest]["GBP"])
        return shown(pounds), latest


def test_it_loads_everything_and_ends_well(demo: Finished) -> None:
    assert demo.code == 0, demo.stderr
    assert re.search(r"read ([\d,]+) rows: \1 inserted, 0 unchanged", demo.stderr)


def test_no_server_of_its_own_is_left_behind(demo: Finished, demo_home: Path) -> None:
    assert embedded.data_folder(demo_home / "demo").is_dir()
    assert embedded.running(demo_home / "demo") is None
    assert not embedded.data_folder(demo_home).exists()


def test_the_table_has_an_american_a_london_and_a_tokyo_share_as_they_are_quoted(demo: Finished) -> None:
    assert {row.symbol: row.unit for row in rows(demo)} == {
        symbol: unit for symbol, (unit, _, _) in UNITS.items()
    }
    assert len({row.day for row in rows(demo)}) == len(rows(demo)) == 12


def test_every_price_in_pounds_follows_from_the_bundled_files(
    demo: Finished, fixings: dict[date, dict[str, str]]
) -> None:
    for row in rows(demo):
        pounds, latest = in_pounds(row.symbol, row.day, fixings)
        assert Decimal(row.close) == close(row.symbol, row.day)
        assert (Decimal(row.pounds), row.rate_date) == (pounds, "" if row.unit == "GBX" else str(latest)), row
    assert any(row.rate_date and row.rate_date != row.day for row in rows(demo)), "no row shows an older rate"


def test_every_share_has_a_receipt_that_can_be_worked_out_by_hand(
    demo: Finished, fixings: dict[date, dict[str, str]]
) -> None:
    found = RECEIPT.findall(demo.stdout)
    assert [(symbol, currency) for symbol, _, _, _, _, currency, *_ in found] == [
        ("AAPL", "GBP"), ("BARC.L", "GBP"), ("BARC.L", "EUR"), ("4063.T", "GBP"),
    ]  # fmt: skip
    for symbol, day, traded, unit, converted, _, words, steps, result in found:
        legs = LEG.findall(words)
        assert result == converted
        assert Decimal(traded) == close(symbol, day)
        for rate, currency, published in legs:
            assert fixings[date.fromisoformat(published)][currency] == rate
            assert (
                timedelta(0) <= date.fromisoformat(day) - date.fromisoformat(published) <= timedelta(days=7)
            )
        used = {traded, *(rate for rate, _, _ in legs)} | ({"100"} if unit == "GBX" else set())
        assert set(re.findall(r"[\d.]+", steps)) == used
        assert shown(_computed(steps)) == Decimal(result), steps


def _computed(steps: str) -> Decimal:
    first, *rest = steps.split()
    with localcontext(prec=50):
        value = Decimal(first)
        for sign, number in zip(rest[::2], rest[1::2], strict=True):
            value = value / Decimal(number) if sign == "/" else value * Decimal(number)
        return value


def test_a_second_run_changes_nothing(demo: Finished, demo_home: Path) -> None:
    again = command.run([*PROGRAM, "demo", "--no-serve"], demo_home, {}, stdin="", timeout=120, cwd=demo_home)
    assert again.code == 0, again.stderr
    assert "0 inserted" in again.stderr
    assert again.stdout == demo.stdout


@pytest.mark.slow
def test_it_serves_the_page_and_the_api_and_takes_its_server_along(demo: Finished, demo_home: Path) -> None:
    port = free_port()
    line = [*PROGRAM, "demo", "--port", str(port)]
    env = command.bare_environment(demo_home)
    with subprocess.Popen(
        line,
        env=env,
        cwd=demo_home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        base = f"http://127.0.0.1:{port}"
        try:
            wait_for(port, process)
            with httpx.Client(base_url=base, timeout=60) as client:
                assert client.get("/health/ready").status_code == 200
                assert "text/html" in client.get("/").headers["content-type"]
                asked = {"currency": "GBP", "from": "2023-04-10", "to": "2023-04-10", "receipts": "true"}
                answer = client.get("/v1/prices/4063.T", params=asked)
                assert '"close":24.17103492' in answer.text
                assert answer.json()["prices"][0]["receipt"]["rate_date"] == "2023-04-06"
        finally:
            os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches the workers as well
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    assert base in out.decode()
    assert embedded.running(demo_home / "demo") is None
