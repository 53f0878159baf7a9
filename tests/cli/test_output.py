"""Tables, CSV and charts: what a terminal or a spreadsheet would make of someone else's text."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ticker_converter.cli import chart, output, receipts
from ticker_converter.cli.words import flat
from ticker_converter.queries.result import Result
from ticker_converter.table import as_json


def test_control_characters_of_a_provider_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name",), [["\x1b[31mred\x07\n\u202eevil"]])
    output.tell("said \x1b]0;title\x07")
    shown = capsys.readouterr()
    assert shown.out == "name\n\\x1b[31mred\\x07\\n\\u202eevil\n"
    assert "\x1b" not in shown.err


def test_columns_align_whatever_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "close"), [["信越化学", Decimal("4183.00")], ["Café", Decimal("1E-7")]])
    assert capsys.readouterr().out == "name          close\n信越化学    4183.00\nCafé      0.0000001\n"


def test_a_spreadsheet_computes_no_cell_and_numbers_stay_numbers() -> None:
    out = io.StringIO()
    row = [
        "=1+1",
        "@x",
        "+y",
        "-z",
        "\tq",
        "a-b",
        Decimal("-1.50"),
        -3,
        None,
        True,
        date(2020, 1, 2),
        {"a": Decimal("1.10")},
    ]
    output.csv([f"c{n}" for n in range(len(row))], [row], out)
    assert out.getvalue().splitlines()[1] == (
        '\'=1+1,\'@x,\'+y,\'-z,\'\tq,a-b,-1.50,-3,,true,2020-01-02,"{""a"":1.10}"'
    )


@pytest.mark.parametrize(
    "text", ["0.1", "1E-7", "123456789012345678901234567890.123456789", "1E+3", "-0.00", "0E-10"]
)
def test_json_numbers_are_the_decimals_digit_for_digit(text: str) -> None:
    import json

    found = json.loads(as_json([Decimal(text)]), parse_float=Decimal, parse_int=Decimal)
    assert found == [Decimal(text)]


def test_times_are_iso_and_a_receipt_tells_them_to_the_microsecond() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    assert (
        as_json(when) == b'"2026-01-02T03:04:05.678901Z"'
        and output.plain(when) == "2026-01-02T03:04:05.678901Z"
    )
    receipt = {
        "from": "GBX", "to": "GBP", "on": date(2026, 1, 1), "rate": Decimal(1), "rate_date": None, "age_days": None,
        "source": "identity", "legs": [], "unit": {"from_per": 100, "to_per": 1}, "known_at": when,
    }  # fmt: skip
    assert list(receipts.lines(receipt)) == [
        "GBX to GBP on 2026-01-01: rate 1 (identity)", "  1 GBP = 100 GBX", f"  as known at {output.plain(when)}",
    ]  # fmt: skip


def test_text_that_prints_is_left_alone() -> None:
    assert flat("Société Générale – 100 %") == "Société Générale – 100 %"


@pytest.mark.parametrize("closes", [[1], [1, 2, 3], [None, 5, None], [None], [7, 7], list(range(500))])
def test_a_chart_fits_its_terminal_and_shows_gaps_as_gaps(
    closes: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rows = [(date.fromordinal(737000 + n), None if c is None else Decimal(c)) for n, c in enumerate(closes)]
    lines = list(chart.closes(Result("prices", {"symbol": "A", "currency": "USD"}, ("date", "close"), rows)))
    if all(close is None for close in closes):
        assert lines[1:] == ["no session could be converted"]
        return
    grid = [line.partition("|")[2] for line in lines if "|" in line]
    assert len(grid) == chart.HEIGHT and max(map(len, lines)) <= 60
    for n, close in enumerate(closes[:3] if len(closes) <= 3 else []):
        assert (grid[-1].ljust(3)[n] != " ") == (close is not None)
    assert any(line for line in grid[:1]) or closes == [7, 7] or len(set(closes)) == 1 or None in closes
