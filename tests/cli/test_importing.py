"""import: reports that add up, what stops before anything is loaded, and how each failure ends."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.command import Cli

REPORT = {
    "run_id": 1, "read": 0, "inserted": 0, "unchanged": 0, "revised": 0, "outranked": 0, "quarantined": 0, "calls": {},
    "remaining": 0,
}  # fmt: skip
HEADER = "symbol,date,open,high,low,close,volume,unit,mic\n"
GOOD = "AAPL,2020-08-27,508.57,509.94,495.33,500.04,38888096,USD,XNAS\n"
BAD = "AAPL,2020-08-28,504.05,505.77,498.31,-499.23,46907479,USD,XNAS\n"


def _count(database: str, table: str) -> int:
    with psycopg.connect(database) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    assert row is not None
    return int(row[0])


def _adds_up(report: dict[str, Any]) -> bool:
    parts = ("inserted", "unchanged", "revised", "outranked", "quarantined")
    return bool(report["read"] == sum(report[name] for name in parts))


def test_the_report_is_that_of_the_interface_and_a_second_import_changes_nothing(
    cli: Cli, files: Path
) -> None:
    first = cli("import", "rates", files / "rates.csv")
    assert first.json == REPORT | {"read": 6, "inserted": 6}
    second = cli("import", "rates", files / "rates.csv")
    assert second.json == REPORT | {"run_id": 2, "read": 6, "unchanged": 6}
    third = cli("import", "prices", files / "prices.csv", "--format", "csv")
    assert third.stdout.splitlines() == [",".join(REPORT), "3,4,4,0,0,0,0,{},0"]


def test_a_wrong_header_stops_before_any_file_is_loaded(cli: Cli, files: Path, database: str) -> None:
    wrong = files / "wrong.csv"
    wrong.write_text("symbol,day,price\nAAPL,2020-01-02,1\n")
    done = cli("import", "prices", files / "prices.csv", wrong, "--unit", "USD")
    assert done.code == 2 and done.stdout == ""
    assert "wrong.csv: has no column date, open, high, low, close; found: symbol, day, price" in done.stderr
    assert _count(database, "landing.delivery") == 0


def test_held_rows_are_counted_and_strict_makes_it_3(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text(HEADER + GOOD + BAD)
    done = cli("import", "prices", path)
    assert done.code == 0 and done.json == REPORT | {"read": 2, "inserted": 1, "quarantined": 1}
    assert "1 row held: ticker-converter quarantine list" in done.stderr
    assert cli("import", "prices", path, "--strict").code == 3


def test_all_rows_held_is_1(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + BAD)
    done = cli("import", "prices", path)
    assert (done.code, done.json["quarantined"]) == (1, 1)
    assert cli("import", "prices", path, "--strict").code == 1


@pytest.mark.parametrize(
    ("name", "body", "words", "code", "said"),
    [
        ("zeros.csv", b"\0" * 100_000, (), 1, "holds zero bytes only"),
        ("page.csv", b"<!doctype html><title>Busy</title>", (), 1, "is a web page"),
        ("empty.csv", b"", (), 1, "is empty"),
        ("x.csv", b"symbol,date,open,high,low,close\nQQQ,2020-01-02,1,1,1,1\n", (), 2, "QQQ is not on the list"),
        ("x.csv", b"date,open,high,low,close\n2020-01-02,1,1,1,1\n", (), 2, "give --symbol"),
        ("x.csv", b"date,open,high,low,close\n2020-01-02,1,1,1,1\n", ("--unit", "gbp"), 2, "GBP"),
        ("x.csv", b"date,open,high,low,close\n2020-01-02,1,1,1,1\n",
         ("--symbol", "A", "--unit", "USD", "--mic", "NOPE"), 2, "unknown exchange 'NOPE'"),
        ("x.csv", b"date,open,high,low,close\n2020-01-02,1,1,1,1\n", ("--known-at", "2999-01-01"), 2, "in the future"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    cli: Cli, tmp_path: Path, name: str, body: bytes, words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / name).write_bytes(body)
    done = cli("import", "prices", tmp_path / name, *words)
    assert (done.code, done.stdout) == (code, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_1(cli: Cli, tmp_path: Path) -> None:
    done = cli("import", "prices", tmp_path / "none.csv")
    assert done.code == 1 and "cannot be read: No such file or directory" in done.stderr
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is no regular file" in cli("import", "prices", tmp_path / "pipe.csv").stderr
    assert cli("import", "prices", tmp_path).code == 1


def test_one_broken_file_of_two_is_done_in_part(cli: Cli, files: Path) -> None:
    broken = files / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 cut short")
    done = cli("import", "rates", broken, files / "rates.csv")
    assert done.code == 3 and done.json["inserted"] == 6
    assert "broken.zip: is a broken or incomplete zip archive" in done.stderr


def test_the_words_of_a_person_are_kept_with_the_file(cli: Cli, tmp_path: Path, database: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Tag;Schluss;Hoch;Tief;Anfang\n27.08.2020;1.5;2;1;1.25\n")
    done = cli(
        "import", "prices", path, "--symbol", "ABC.L", "--unit", "GBP", "--mic", "XLON", "--basis", "splits",
        "--columns", "date=Tag,open=Anfang,high=Hoch,low=Tief,close=Schluss", "--date-format", "%d.%m.%Y",
        "--known-at", "2020-08-28",
    )  # fmt: skip
    assert done.code == 0 and done.json["inserted"] == 1, done.stderr
    with psycopg.connect(database) as conn:
        row = conn.execute(
            "SELECT request, options, (known_at AT TIME ZONE 'UTC')::text FROM landing.delivery"
        ).fetchone()
    assert row == (
        "mine.csv",
        {"kind": "prices", "symbol": "ABC.L", "unit": "GBP", "mic": "XLON", "basis": "splits",
         "date_format": "%d.%m.%Y", "columns": "date=Tag,open=Anfang,high=Hoch,low=Tief,close=Schluss"},
        "2020-08-29 00:00:00",
    )  # fmt: skip
    assert cli("prices", "ABC.L", "--adjust", "splits", "--known-at", "2020-08-28").code == 0
    assert cli("prices", "ABC.L", "--adjust", "splits", "--known-at", "2020-08-27").code == 4


# ---- recorded responses ----

DAILY = (
    "timestamp,open,high,low,close,volume\r\n2020-08-28,100,101,99,100.5,7\r\n2020-08-27,100,101,99,100.25,6\r\n"
    "2020-08-26,100,101,99,100,6\r\n2020-08-25,100,101,99,100,6\r\n"
)
URL = "https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol=IBM&datatype=csv&apikey=SECRETKEY1"


def test_a_sidecar_tells_url_and_time_and_no_key_is_stored(cli: Cli, tmp_path: Path, database: str) -> None:
    (tmp_path / "DAILY_1.csv").write_text(DAILY)
    entry = {
        "ID": "DAILY_1",
        "path": "examples/DAILY_1.csv",
        "fetched": "2020-08-29T10:00:00-07:00",
        "url": URL,
    }
    (tmp_path / "index.json").write_text(json.dumps([entry]))
    done = cli(
        "import", "payload", "--provider", "alpha_vantage", "--unit", "USD", *sorted(tmp_path.glob("*.*"))
    )
    assert done.code == 0 and done.json["inserted"] == 4, done.stderr
    with psycopg.connect(database) as conn:
        row = conn.execute(
            "SELECT request, (fetched_at AT TIME ZONE 'UTC')::text FROM landing.delivery"
        ).fetchone()
    assert row == (URL.replace("&apikey=SECRETKEY1", ""), "2020-08-29 17:00:00")


def test_what_cannot_be_derived_is_2_and_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(DAILY)
    words = ("import", "payload", "--provider", "alpha_vantage", tmp_path / "x.csv")
    done = cli(*words)
    assert done.code == 2 and "--symbol" in done.stderr
    done = cli(*words, "--symbol", "VOD.L")
    assert done.code == 2 and "--unit" in done.stderr
    done = cli(*words, "--symbol", "VOD.L", "--unit", "GBX", "--fetched-at", "2020-08-29T00:00:00Z")
    assert done.code == 0 and done.json["inserted"] == 4, done.stderr
    assert cli("list").json[0] | {"symbol": "VOD.L", "mic": "XLON", "unit": "GBX"} == cli("list").json[0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Information": "standard API rate limit is 25 requests per day"}, 3),
        ({"Error Message": "the parameter apikey is invalid or missing."}, 1),
    ],
)
def test_a_refusal_is_its_own_error_and_stays_landed(
    cli: Cli, tmp_path: Path, database: str, body: dict[str, str], code: int
) -> None:
    (tmp_path / "no.json").write_text(json.dumps(body))
    done = cli("import", "payload", "--provider", "alpha_vantage", tmp_path / "no.json")
    assert (done.code, done.stdout) == (code, "") and done.stderr.startswith(
        "ticker-converter: Alpha Vantage: "
    )
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT state FROM landing.delivery").fetchone() == ("refused",)


def test_weekly_bars_are_landed_with_a_message(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(DAILY)
    done = cli(
        "import", "payload", "--provider", "alpha_vantage", tmp_path / "w.csv", "--request",
        "https://www.alphavantage.co/query?function=TIME_SERIES_WEEKLY&symbol=IBM",
    )  # fmt: skip
    assert done.code == 0 and done.json == REPORT and "weekly bars are landed, not loaded" in done.stderr


def test_an_unknown_provider_is_2_and_files_has_commands_of_its_own(cli: Cli, files: Path) -> None:
    assert (
        "known are alpha_vantage, " in cli("import", "payload", "--provider", "x", files / "rates.csv").stderr
    )
    done = cli("import", "payload", "--provider", "files", files / "rates.csv")
    assert done.code == 2 and "`import prices`" in done.stderr


def test_the_recorded_responses_load_or_say_why_not(cli: Cli, shared: Path) -> None:
    folder = shared / "alphavantage" / "portfoliotree_2026-05"
    assert cli("add", "IBM", "--mic", "XNYS", "--unit", "USD").code == 0
    done = cli("import", "payload", "--provider", "alpha_vantage", *sorted(folder.glob("*")))
    assert done.code == 0, done.stderr
    assert _adds_up(done.json) and done.json["read"] > 300
    assert done.stderr.count("www.alphavantage.co") == 10
    for part in ("DIVIDENDS", "FX_DAILY"):
        for _ in range(2):
            again = cli("import", "payload", "--provider", "alpha_vantage", *folder.glob(f"{part}_*")).json
        assert again["read"] == again["unchanged"] >= 100, again


def test_a_cassette_is_imported_answer_by_answer_and_a_second_time_changes_nothing(
    cli: Cli, tmp_path: Path, database: str
) -> None:
    path = tmp_path / "recorded.yaml"
    answer = (
        "- request: {{uri: 'https://bank.example.org/{0}?apikey=SECRETSECRET'}}\n"
        "  response:\n"
        '    body: {{string: "Date, USD, JPY, \\n{0} April 2026, 1.1, 160.5, \\n"}}\n'
        "    headers: {{Date: ['Mon, {0} Apr 2026 16:30:00 GMT']}}\n"
    )
    path.write_text("interactions:\n" + answer.format(13) + answer.format(14))
    done = cli("import", "payload", "--provider", "ecb", path)
    assert done.code == 0 and done.json == REPORT | {"read": 4, "inserted": 4}
    assert cli("import", "payload", "--provider", "ecb", path).json == REPORT | {
        "run_id": 2,
        "read": 4,
        "unchanged": 4,
    }
    with psycopg.connect(database) as conn:
        landed = conn.execute(
            "SELECT request, (fetched_at AT TIME ZONE 'UTC')::text FROM landing.delivery WHERE run_id = 1 ORDER BY 1"
        ).fetchall()
    assert [row[0] for row in landed] == ["https://bank.example.org/13", "https://bank.example.org/14"]
    assert landed[0][1] == "2026-04-13 16:30:00"
    refused = cli("import", "payload", "--provider", "ecb", path, "--request", "https://bank.example.org/13")
    assert refused.code == 2 and "is a recording of 2" in refused.stderr


def test_a_recorded_notice_leaves_no_key_in_the_database(cli: Cli, tmp_path: Path, database: str) -> None:
    recorded = tmp_path / "echo.json"
    recorded.write_text(
        '{"Information": "We have detected your API key as PLANTED99 and our limit is 25 requests per day"}'
    )
    url = "https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey=PLANTED99"
    done = cli("import", "payload", "--provider", "alpha_vantage", "--request", url, recorded)
    assert done.code != 0 and "PLANTED99" not in done.stdout + done.stderr
    with psycopg.connect(database) as conn:
        found = conn.execute(
            "SELECT c.body, p.encoding FROM landing.payload_chunk AS c JOIN landing.payload AS p USING (payload_id)"
        )
        bodies = [zlib.decompress(body) if how == "zlib" else bytes(body) for body, how in found]
        rows = [str(row) for row in conn.execute("SELECT d, r FROM landing.delivery AS d, landing.run AS r")]
    assert bodies and all(b"[redacted]" in body and b"PLANTED99" not in body for body in bodies)
    assert rows and not [row for row in rows if "PLANTED99" in row]
