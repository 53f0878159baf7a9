"""quarantine and calendar: what was held back, and answers to it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Cli

HEADER = "symbol,date,open,high,low,close,volume,unit,mic\n"
ROWS = (
    "VOD.L,2020-08-24,113,114,112,113,5,GBX,XLON\nVOD.L,2020-08-25,113,114,112,113,5,GBX,XLON\n"
    "VOD.L,2020-08-26,1.13,1.14,1.12,1.13,5,GBX,XLON\nVOD.L,2020-08-27,1.13,1.14,1.12,1.13,5,GBX,XLON\n"
    "VOD.L,2020-08-29,113,114,112,113,5,GBX,XLON\n"
)


@pytest.fixture
def held(cli: Cli, tmp_path: Path) -> Cli:
    """A warehouse that holds back two bars a hundred times too small, and one of a Saturday."""
    (tmp_path / "x.csv").write_text(HEADER + ROWS)
    done = cli("import", "prices", tmp_path / "x.csv")
    assert done.json["quarantined"] == 3, done.stdout
    return cli


def _ids(cli: Cli, reason: str) -> list[int]:
    return [row["id"] for row in cli("quarantine", "list", "--reason", reason).json]


def test_the_list_has_the_fields_of_the_interface(held: Cli) -> None:
    rows = held("quarantine", "list").json
    assert [sorted(row) for row in rows] == [
        sorted(("id", "symbol", "date", "reason", "evidence", "payload", "run_id", "state"))
    ] * 3
    first: dict[str, Any] = rows[0]
    assert (first["symbol"], first["date"], first["reason"], first["state"], first["run_id"]) == (
        "VOD.L", "2020-08-26", "unit_jump", "held", 1,
    )  # fmt: skip
    assert first["evidence"]["content"]["close"] == "1.13"
    assert held("quarantine", "list", "--symbol", "NONE").json == []
    assert held("quarantine", "list", "--state", "accepted").json == []
    table = held("quarantine", "list", "--format", "table").stdout
    assert table.splitlines()[1].split()[:5] == ["1", "VOD.L", "2020-08-26", "unit_jump", "held"]
    assert held("quarantine", "list", "--format", "csv").stdout.startswith("id,symbol,date,reason,")


def test_show_tells_all_of_one(held: Cli) -> None:
    found = held("quarantine", "show", _ids(held, "unit_jump")[0]).json
    assert found["kind"] == "price" and found["source"] == "files" and found["decided_by"] is None
    done = held("quarantine", "show", 99)
    assert done.code == 4 and "no row 99 was ever held" in done.stderr


def test_rescale_all_like_takes_the_group_with_its_factor(held: Cli) -> None:
    one, two = _ids(held, "unit_jump")
    done = held("quarantine", "rescale", one, 100, "--all-like", one, "--reason", "pounds")
    assert done.code == 0 and done.json["decided"] == [one, two] and done.json["inserted"] == 2, done.stderr
    closes = {bar["date"]: bar["close"] for bar in held("prices", "VOD.L").json["prices"]}
    assert closes["2020-08-26"] == closes["2020-08-27"] == 113
    entry = held("quarantine", "show", two).json
    assert (entry["state"], entry["factor"], entry["decision_reason"]) == ("rescaled", 100, "pounds")
    assert entry["decided_by"] and entry["decided_at"]


def test_accept_and_reject_answer_one_row(held: Cli) -> None:
    one, two = _ids(held, "unit_jump")
    assert held("quarantine", "accept", one, "--reason", "it did fall").json["decided"] == [one]
    rejected = held("quarantine", "reject", two, "--reason", "wrong").json
    assert (rejected["decided"], rejected["inserted"]) == ([two], 0)
    assert [row["state"] for row in held("quarantine", "list").json[:2]] == ["accepted", "rejected"]
    closes = {bar["date"]: bar["close"] for bar in held("prices", "VOD.L").json["prices"]}
    assert closes["2020-08-26"] == Decimal("1.13") and "2020-08-27" not in closes
    again = held("quarantine", "accept", one, "--reason", "again")
    assert again.code == 4 and f"no row {one} is held" in again.stderr


def test_an_admitted_session_releases_its_bars(held: Cli) -> None:
    done = held("calendar", "admit", "XLON", "2020-08-29")
    assert done.code == 0 and done.json["inserted"] == 1, done.stderr
    assert held("prices", "VOD.L", "--from", "2020-08-29").json["prices"][0]["close"] == 113
    assert held("calendar", "admit", "NOPE", "2020-08-29").code == 2


@pytest.mark.parametrize(
    "words",
    ["accept 1", "accept --reason x", "accept one --reason x", "accept 1 2 --reason x", "rescale 1 --reason x",
     "rescale 1 0 --reason x", "rescale 1 1 --reason x", "accept 1 --all-like 2 --reason x", "list --state odd"],
)  # fmt: skip
def test_wrong_words_answer_nothing(held: Cli, words: str) -> None:
    done = held("quarantine", *words.split())
    assert done.code == 2 and done.stderr.count("\n") == 1, done.stderr
    assert {row["state"] for row in held("quarantine", "list").json} == {"held"}
