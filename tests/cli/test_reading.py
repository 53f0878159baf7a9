"""prices, rates and convert: the shapes of INTERFACE, exact numbers, exit codes."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.support.command import Cli

BAR = {
    "date": "2020-08-28", "open": Decimal("378.4838053"), "high": Decimal("379.7753282"), "low": Decimal("374.1737229"),
    "close": Decimal("374.8645375"), "volume": 46907479, "rate": Decimal("0.750885438523"),
    "rate_date": "2020-08-28", "source": "ecb", "missing": None,
}  # fmt: skip


def test_one_symbol_is_an_object_and_several_are_a_list(loaded: Cli) -> None:
    one = loaded("prices", "AAPL", "--in", "GBP", "--from", "2020-08-28")
    assert one.json == {
        "symbol": "AAPL", "currency": "GBP", "listing_unit": "USD", "basis": "raw", "adjust": "none", "interval": "1d",
        "prices": [BAR],
    }  # fmt: skip
    two = loaded("prices", "AAPL", "VOD.L", "--in", "GBP", "--from", "2020-08-28")
    assert [each["symbol"] for each in two.json] == ["AAPL", "VOD.L"]
    assert two.json[1]["prices"][0]["close"] == Decimal("1.119")


def test_without_a_currency_prices_are_as_published_and_have_no_rate(loaded: Cli) -> None:
    found = loaded("prices", "VOD.L", "--from", "2020-08-28").json
    assert (found["currency"], found["listing_unit"]) == ("GBX", "GBX")
    assert found["prices"] == [
        {"date": "2020-08-28", "open": Decimal("113.6"), "high": Decimal("113.9"), "low": Decimal("111.4"),
         "close": Decimal("111.9"), "volume": 60000000, "missing": None}
    ]  # fmt: skip


def test_a_bar_has_its_receipt(loaded: Cli) -> None:
    bar = loaded("prices", "AAPL", "--in", "GBX", "--from", "2020-08-28", "--receipts").json["prices"][0]
    receipt = bar["receipt"]
    assert receipt["unit"] == {"from_per": 1, "to_per": 100}
    assert [(leg["base"], leg["quote"], leg["rate"], leg["use"]) for leg in receipt["legs"]] == [
        ("EUR", "USD", Decimal("1.1915"), "inverse"), ("EUR", "GBP", Decimal("0.89468"), "direct"),
    ]  # fmt: skip
    rate = Decimal("0.89468") / Decimal("1.1915")
    assert abs(Decimal("499.23") * rate * 100 - bar["close"]) < Decimal("0.000001")


def test_csv_starts_with_symbol_and_date(loaded: Cli) -> None:
    done = loaded("prices", "AAPL", "VOD.L", "--in", "GBP", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.stdout.startswith("symbol,date,open,")
    assert [(row["symbol"], row["date"], row["missing"]) for row in rows] == [
        ("AAPL", "2020-08-27", ""), ("AAPL", "2020-08-28", ""),
        ("VOD.L", "2020-08-27", ""), ("VOD.L", "2020-08-28", ""),
    ]  # fmt: skip


def test_a_table_aligns_numbers_and_tells_the_receipt_in_words(loaded: Cli) -> None:
    done = loaded("prices", "AAPL", "--in", "GBP", "--format", "table", "--receipts")
    lines = done.stdout.splitlines()
    assert lines[0] == "symbol AAPL, currency GBP, listing_unit USD, basis raw, adjust none, interval 1d"
    assert lines[1].split() == [
        "date",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "rate",
        "rate_date",
        "source",
    ]
    assert lines[2].index("379.0960545") + len("379.0960545") == lines[1].index("close") + len("close")
    assert "  1 EUR = 1.1915 USD  (ecb 2020-08-28 at 14:15 Europe/Berlin, taken inversely)" in lines


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_output_writes_a_whole_file_and_nothing_to_stdout(loaded: Cli, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    done = loaded("prices", "AAPL", "VOD.L", "--in", "GBP", "--output", path)
    assert (done.code, done.stdout) == (0, "")
    assert "4 rows written" in done.stderr
    if ending == "csv":
        assert path.read_text().startswith("symbol,date,open,")
        return
    frame = pl.read_parquet(path) if ending == "parquet" else pl.read_ipc(path)
    assert frame["close"].to_list()[1] == Decimal("374.8645375")
    assert frame.schema["date"] == pl.Date
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_file_that_cannot_be_written_is_one_line(loaded: Cli, tmp_path: Path) -> None:
    done = loaded("prices", "AAPL", "--output", tmp_path / "none" / "out.csv")
    assert done.code == 1
    assert done.stderr.count("\n") == 1 and "cannot be written: No such file or directory" in done.stderr
    assert loaded("prices", "AAPL", "--output", tmp_path / "out.xlsx").code == 2


def test_plot_draws_every_session_on_a_grid(loaded: Cli) -> None:
    done = loaded("prices", "AAPL", "--in", "GBP", "--plot")
    assert done.stdout.startswith("AAPL close in GBP, 2020-08-27 to 2020-08-28\n")
    grid = [line for line in done.stdout.splitlines() if "|" in line]
    assert grid[0] == "379.10 |█" and grid[-1] == "374.86 |█▁"
    assert loaded("prices", "AAPL", "--plot", "--format", "json").code == 2


def test_convert_gives_amount_result_and_receipt(loaded: Cli) -> None:
    found = loaded("convert", "100", "USD", "GBP", "--on", "2020-08-30").json
    known_at = found["receipt"].pop("known_at")
    assert found == {
        "amount": 100, "result": Decimal("75.08854385"),
        "receipt": {
            "from": "USD", "to": "GBP", "on": "2020-08-30", "rate": Decimal("0.750885438523"),
            "rate_date": "2020-08-28", "age_days": 2, "source": "ecb",
            "legs": [
                {"base": "EUR", "quote": "USD", "rate": Decimal("1.1915"), "date": "2020-08-28", "source": "ecb",
                 "revision": 1, "use": "inverse", "fixing": "14:15 Europe/Berlin"},
                {"base": "EUR", "quote": "GBP", "rate": Decimal("0.89468"), "date": "2020-08-28", "source": "ecb",
                 "revision": 1, "use": "direct", "fixing": "14:15 Europe/Berlin"},
            ],
            "unit": {"from_per": 1, "to_per": 1},
        },
    }  # fmt: skip
    again = loaded("convert", "100", "USD", "GBP", "--on", "2020-08-30", "--known-at", known_at).json
    assert again["result"] == found["result"] and again["receipt"]["known_at"] == known_at


def test_an_identity_has_no_rate_date(loaded: Cli) -> None:
    found = loaded("convert", "12.50", "GBX", "GBP", "--on", "2020-08-30").json
    assert found["result"] == Decimal("0.125")
    assert found["receipt"]["rate_date"] is None and found["receipt"]["source"] == "identity"


@pytest.mark.parametrize(
    ("amount", "result"),
    [("-100", "-75.08854385"), ("-.5", "-0.3754427193"), ("1e-7", "0.00000007508854385"), ("-1E3", "-750.8854385")],
)  # fmt: skip
def test_an_amount_is_any_exact_number(loaded: Cli, amount: str, result: str) -> None:
    done = loaded("convert", amount, "USD", "GBP", "--on", "2020-08-28")
    assert done.json["amount"] == Decimal(amount)
    assert done.json["result"] == Decimal(result), done.stdout


def test_numbers_in_json_are_exact_for_every_reader(loaded: Cli) -> None:
    text = loaded("convert", "0.00000012345678901234567890", "USD", "GBP", "--on", "2020-08-28").stdout
    assert json.loads(text, parse_float=Decimal)["amount"] == Decimal("0.00000012345678901234567890")
    assert json.loads(text)["amount"] == float("0.00000012345678901234567890")


def test_rates_has_one_row_per_calendar_day(loaded: Cli) -> None:
    found = loaded("rates", "USD", "GBP", "--from", "2020-08-28", "--to", "2020-08-30").json
    assert found == {
        "base": "USD", "quote": "GBP",
        "rates": [
            {"date": f"2020-08-{day}", "rate": Decimal("0.750885438523"), "rate_date": "2020-08-28", "age_days": age,
             "source": "ecb", "missing": None}
            for day, age in ((28, 0), (29, 1), (30, 2))
        ],
    }  # fmt: skip
    assert loaded("rates", "USD", "GBP", "--format", "csv").stdout.startswith("base,quote,date,rate,")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("prices MSFT", 4, "MSFT is not on the list"),
        ("prices AAPL --from 2020-09-01", 4, "no bars of AAPL are stored"),
        ("prices AAPL --in KRW", 0, ""),
        ("prices AAPL --in gbp", 2, "'gbp'"),
        ("prices aapl", 2, "did you mean AAPL?"),
        ("prices AAPL --from 28.8.2020", 2, "argument --from: '28.8.2020' is no date"),
        ("prices AAPL --from 2020-02-30", 2, "is no day of the calendar"),
        ("prices AAPL --from 2020-08-28 --to 2020-08-27", 2, "is after"),
        ("prices AAPL --to 2999-01-01", 2, "in the future"),
        ("prices AAPL --known-at 2999-01-01", 2, "in the future"),
        ("prices AAPL --known-at yesterday", 2, "argument --known-at: 'yesterday' is no time"),
        ("prices AAPL --known-at 2000-01-01", 4, "no bars of AAPL are stored"),
        ("prices AAPL --receipts", 2, "--receipts needs --in"),
        ("prices AAPL --in", 2, "expected one argument"),
        ("prices", 2, "required: SYMBOL"),
        ("prices AAPL --adj splits", 2, "unrecognized arguments: --adj"),
        ("rates USD KRW", 4, "no_rate"),
        ("rates USD GBX", 2, "GBX is a price unit"),
        ("convert 1 USD GBP --on 2020-08-30 --max-age-days 1", 4, "rate_too_old"),
        ("convert 1 USD GBP --on 2019-01-01", 4, "no_rate"),
        ("convert 1 USD XXQ", 2, "unknown currency or price unit 'XXQ'"),
        ("convert NaN USD GBP", 2, "'NaN' is no number"),
        ("convert 1_000 USD GBP", 2, "'1_000' is no number"),
        ("convert 1,5 USD GBP", 2, "'1,5' is no number"),
        ("convert 1 USD GBP --max-age-days -1", 2, "--max-age-days"),
        ("nonsense", 2, "invalid choice: 'nonsense'"),
        ("", 2, "required: COMMAND"),
    ],
)  # fmt: skip
def test_a_failure_is_one_line_with_its_exit_code(loaded: Cli, words: str, code: int, said: str) -> None:
    done = loaded(*words.split())
    assert done.code == code, done.stderr
    if code:
        assert done.stdout == ""
        assert done.stderr.startswith("ticker-converter: ") and done.stderr.count("\n") == 1
        assert said in done.stderr


def test_a_bar_without_a_rate_is_null_with_the_reason(loaded: Cli) -> None:
    bars = loaded("prices", "AAPL", "--in", "KRW").json["prices"]
    assert [(bar["close"], bar["rate"], bar["missing"]) for bar in bars] == [(None, None, "no_rate")] * 2
