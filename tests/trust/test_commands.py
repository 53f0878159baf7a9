"""The shapes that scripts read from the commands of trust, and their exit codes: golden, field by field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import files, loaded  # noqa: F401
from tests.support.command import Cli

D = Decimal
pytestmark = pytest.mark.usefixtures("loaded")
REPORT = {
    "run_id",
    "read",
    "inserted",
    "unchanged",
    "revised",
    "outranked",
    "quarantined",
    "calls",
    "remaining",
}
ACTIONS = "symbol,ex_date,kind,value,unit\nAAPL,2020-08-28,dividend,0.82,USD\nAAPL,2020-08-31,split,4,\n"


def test_returns(loaded: Cli) -> None:  # noqa: F811
    found = loaded("returns", "AAPL", "--in", "GBP")
    assert found.code == 0 and found.json == {
        "symbol": "AAPL", "currency": "GBP", "adjust": "splits", "base": "2020-08-27",
        "attribution": {
            "price": D("-0.00161987"), "fx": D("-0.00955774"), "cross": D("0.00001549"), "total": D("-0.01116212"),
        },
        "returns": [
            {"date": "2020-08-28", "local": D("-0.00161987"), "fx": D("-0.00955774"), "total": D("-0.01116212"),
             "missing": None},
        ],
    }  # fmt: skip
    assert (
        loaded("returns", "AAPL", "--format", "csv").stdout.splitlines()[0]
        == "symbol,date,local,fx,total,missing"
    )
    for words, code in (
        (("returns", "NOPE"), 4), (("returns", "AAPL", "--in", "JPY"), 4), (("returns", "AAPL", "--in", "usd"), 2),
        (("returns", "AAPL", "--adjust", "none"), 2), (("returns", "AAPL", "--from", "2020-08-28"), 4),
        (("returns", "AAPL", "--to", "2999-01-01"), 2),
    ):  # fmt: skip
        failed = loaded(*words)
        assert (failed.code, failed.stdout) == (code, "") and failed.stderr.count("\n") <= 3


def test_value(loaded: Cli, tmp_path: Path) -> None:  # noqa: F811
    held = tmp_path / "held.csv"
    held.write_text("symbol,quantity\nAAPL,10\nVOD.L,200\nNOPE,3\nCASH:USD,-5\n")
    found = loaded("value", held, "--in", "GBP", "--on", "2020-08-30")
    assert found.code == 0 and found.json == {
        "currency": "GBP", "on": "2020-08-30", "total": D("3968.690947807"), "covered_share": D("0.75"),
        "positions": [
            {"symbol": "AAPL", "quantity": 10, "price": D("499.23"), "price_date": "2020-08-28", "unit": "USD",
             "rate": D("0.750885438523"), "rate_date": "2020-08-28", "value": D("3748.645375")},
            {"symbol": "VOD.L", "quantity": 200, "price": D("111.9"), "price_date": "2020-08-28", "unit": "GBX",
             "rate": 1, "rate_date": None, "value": D("223.8")},
            {"symbol": "CASH:USD", "quantity": -5, "price": 1, "price_date": None, "unit": "USD",
             "rate": D("0.750885438523"), "rate_date": "2020-08-28", "value": D("-3.754427193")},
        ],
        "left_out": [
            {"symbol": "NOPE", "quantity": 3, "reason": "unknown_symbol", "local_value": None, "unit": None},
        ],
    }  # fmt: skip
    assert "1 of 4 positions" in found.stderr
    header = loaded(
        "value", held, "--in", "GBP", "--on", "2020-08-30", "--format", "csv"
    ).stdout.splitlines()[0]
    assert header == "symbol,date,quantity,price,price_date,unit,rate,rate_date,value,reason,local_value"
    held.write_text("symbol,quantity,quantity\nAAPL,10,20\n")
    twice = loaded("value", held, "--in", "GBP")
    assert twice.code == 2 and "2 columns quantity" in twice.stderr
    held.write_text("symbol,quantity\nAA\0PL,10\n")
    odd = loaded("value", held, "--in", "GBP")
    assert odd.code == 2 and "'AA\\x00PL'" in odd.stderr
    held.write_text("ticker,shares\nAAPL,10\n")
    assert loaded("value", held, "--in", "GBP").code == 2
    held.write_text("symbol,quantity\nAAPL,ten\n")
    wrong = loaded("value", held, "--in", "GBP")
    assert wrong.code == 2 and "line 2" in wrong.stderr
    assert loaded("value", tmp_path / "none.csv", "--in", "GBP").code == 1


def test_explain(loaded: Cli) -> None:  # noqa: F811
    found = loaded("explain", "AAPL", "--in", "GBP", "--from", "2020-08-27", "--to", "2020-08-28")
    sides = ("on", "known_at", "value", "price", "factor", "rate", "session", "rate_date", "source")
    assert found.code == 0 and tuple(found.json) == ("from", "to", "change", "parts")
    for side in ("from", "to"):
        assert tuple(found.json[side]) == sides
    assert {name: found.json["to"][name] for name in sides if name != "known_at"} == {
        "on": "2020-08-28", "value": D("374.8645375"), "price": D("499.23"), "factor": 1, "rate": D("0.750885438523"),
        "session": "2020-08-28", "rate_date": "2020-08-28", "source": "ecb",
    }  # fmt: skip
    assert list(found.json["parts"]) == ["price", "fx", "cross", "action", "price_revision", "rate_revision"]
    assert (
        sum(found.json["parts"].values())
        == found.json["change"]
        == D("374.8645375") - found.json["from"]["value"]
    )
    flat = loaded(
        "explain", "AAPL", "--in", "GBP", "--from", "2020-08-27", "--to", "2020-08-28", "--format", "csv"
    ).stdout.splitlines()
    assert flat[0] == (
        "symbol,date,known_at,value,from_date,from_known_at,from_value,change,"
        "price,fx,cross,action,price_revision,rate_revision"
    )
    assert flat[1].startswith("AAPL,2020-08-28,") and ",374.8645375,2020-08-27," in flat[1]
    known = found.json["to"]["known_at"]
    twice = ("explain", "AAPL", "--in", "GBP", "--on", "2020-08-28", "--known-at", known, "--known-at", known)
    again = loaded(*twice)
    assert again.code == 0 and again.json["change"] == 0 and set(again.json["parts"].values()) == {0}
    for words, code in (
        (("--from", "2020-08-27"), 2), (("--on", "2020-08-28"), 2), (("--on", "2020-08-28", "--known-at", known), 2),
        (("--from", "2020-08-01", "--to", "2020-08-28"), 4),
    ):  # fmt: skip
        assert loaded("explain", "AAPL", "--in", "GBP", *words).code == code
    assert loaded("explain", "AAPL", "--in", "JPY", "--from", "2020-08-27", "--to", "2020-08-28").code == 4
    assert loaded("explain", "AAPL", "--from", "2020-08-27", "--to", "2020-08-28").code == 2


def test_actions(loaded: Cli, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "actions.csv").write_text(ACTIONS)
    assert loaded("import", "actions", tmp_path / "actions.csv").code == 0
    found = loaded("actions", "AAPL", "--in", "GBP")
    assert found.code == 0 and found.json == {
        "symbol": "AAPL", "currency": "GBP", "actions": [
            {"ex_date": "2020-08-28", "kind": "dividend", "value": "0.82", "unit": "USD", "pay_date": None,
             "type": None, "source": "files", "applied": True, "converted": D("0.6157260596"),
             "rate": D("0.750885438523"), "rate_date": "2020-08-28", "missing": None},
            {"ex_date": "2020-08-31", "kind": "split", "value": "4", "unit": None, "pay_date": None, "type": None,
             "source": "files", "applied": False, "converted": None, "rate": None, "rate_date": None, "missing": None},
        ],
    }  # fmt: skip
    plain = loaded("actions", "AAPL").json["actions"]
    assert list(plain[0]) == ["ex_date", "kind", "value", "unit", "pay_date", "type", "source", "applied"]
    assert loaded("actions", "VOD.L").json["actions"] == []
    flat = loaded("actions", "AAPL", "--format", "csv")
    assert flat.stdout.splitlines()[0] == "symbol,date,kind,value,unit,pay_date,type,source,applied"
    (tmp_path / "again.csv").write_text(flat.stdout)
    assert loaded("import", "actions", tmp_path / "again.csv").json["unchanged"] == 2
    assert loaded("actions", "NOPE").code == 4


def test_currencies(loaded: Cli) -> None:  # noqa: F811
    found = {each["code"]: each for each in loaded("currencies").json}
    assert found["USD"] == {
        "code": "USD", "name": "US Dollar", "valid_from": "1792-01-01", "valid_to": None, "successor": None,
        "factor": None, "effective": None, "peg": None, "peg_rate": None,
        "sources": [{"first": "2020-08-27", "last": "2020-08-31", "rates": 3, "source": "ecb"}],
    }  # fmt: skip
    kuna = found["HRK"]
    assert (kuna["successor"], kuna["factor"], kuna["effective"], kuna["sources"]) == (
        "EUR", D("7.53450"), "2023-01-01", [],
    )  # fmt: skip


def test_runs(loaded: Cli) -> None:  # noqa: F811
    found = loaded("runs").json
    assert [list(each) for each in found] == [
        ["run_id", "command", "state", "started_at", "finished_at", "message"]
    ] * 2
    assert [(each["run_id"], each["command"], each["state"]) for each in found] == [
        (2, "import prices", "done"), (1, "import rates", "done"),
    ]  # fmt: skip
    assert len(loaded("runs", "--limit", "1").json) == 1


def test_gaps(loaded: Cli, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "more.csv").write_text(
        "symbol,date,open,high,low,close,volume\nAAPL,2020-09-02,130,131,129,130,1\n"
    )
    assert loaded("import", "prices", tmp_path / "more.csv").code == 0
    found = loaded("gaps", "AAPL")
    assert found.code == 0 and found.json == [
        {"symbol": "AAPL", "mic": "XNAS", "from": "2020-08-31", "to": "2020-09-01", "sessions": 2, "held": 0,
         "everyone": True},
    ]  # fmt: skip
    whole = loaded("gaps").json
    assert [each["mic"] for each in whole if each["symbol"] is None] == ["XLON", "XNAS"]
    assert loaded("gaps", "NOPE").code == 4


def test_check(loaded: Cli) -> None:  # noqa: F811
    found = loaded("check")
    assert found.code == 0 and list(found.json) == ["run_id", "new", "findings", "gaps"]
    assert found.json["new"] == {
        "unit_jump": 0,
        "large_move": 0,
        "source_difference": 0,
        "provider_difference": 0,
    }
    assert found.json["findings"] == []


def test_correct_and_release(loaded: Cli) -> None:  # noqa: F811
    done = loaded("correct", "AAPL", "2020-08-28", "--close", "500", "--reason", "broker's note")
    assert done.code == 0 and set(done.json) == REPORT and done.json["revised"] == 1
    assert loaded("prices", "AAPL", "--from", "2020-08-28").json["prices"][0]["close"] == 500
    assert loaded("correct", "release", "AAPL", "2020-08-28").code == 0
    assert loaded("prices", "AAPL", "--from", "2020-08-28").json["prices"][0]["close"] == D("499.23")
    for words, code in (
        (("release", "AAPL", "2020-08-28"), 4), (("AAPL", "2020-08-28", "--reason", "x"), 2),
        (("AAPL", "2020-08-28", "--close", "500"), 2), (("AAPL", "28.8.2020", "--close", "500", "--reason", "x"), 2),
        (("NOPE", "2020-08-28", "--close", "500", "--reason", "x"), 4),
        (("AAPL", "2020-08-28", "--close", "900", "--reason", "x"), 2),
        (("release", "AAPL", "2020-08-28", "--close", "1"), 2),
    ):  # fmt: skip
        assert loaded("correct", *words).code == code


def test_edit(loaded: Cli) -> None:  # noqa: F811
    done = loaded("edit", "VOD.L", "--unit", "GBP", "--reason", "declared in pounds")
    assert done.code == 0 and set(done.json) == REPORT and done.json["revised"] == 2
    assert loaded("prices", "VOD.L").json["listing_unit"] == "GBP"
    for words, code in (
        (("VOD.L", "--reason", "x"), 2), (("VOD.L", "--unit", "GBX"), 2),
        (("NOPE", "--unit", "GBX", "--reason", "x"), 4), (("VOD.L", "--mic", "NOPE", "--reason", "x"), 2),
        (("VOD.L", "--name", "V", "--from", "2020-01-01", "--reason", "x"), 2),
    ):  # fmt: skip
        assert loaded("edit", *words).code == code


def test_import_undo(loaded: Cli) -> None:  # noqa: F811
    done = loaded("import", "undo", "2", "--reason", "wrong file")
    assert done.code == 0 and set(done.json) == REPORT and done.json["revised"] == 4
    assert loaded("prices", "AAPL").code == 4
    for words, code in ((("2", "--reason", "again"), 4), (("99", "--reason", "x"), 4), (("1",), 2)):
        assert loaded("import", "undo", *words).code == code
