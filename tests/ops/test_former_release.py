"""A backup that a former release made restores under this one, with the numbers it had then."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command import Cli
from tests.support.postgres import Server

FIXTURES = sorted((Path(__file__).parents[1] / "recorded" / "backups").glob("*.tar"))


def test_there_is_one_of_every_release_that_was_made() -> None:
    assert "release-0.1.0.tar" in [path.name for path in FIXTURES]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_backup_of_a_former_release_restores_and_answers(cli: Cli, server: Server, path: Path) -> None:
    assert cli("backup", "verify", path).json["ok"] is True
    name = f"former_{os.getpid()}"
    done = cli("restore", path, "--into", name)
    try:
        assert (done.code, done.json["differences"]) == (0, []), done.stderr
        env = {"DATABASE_URL": server.url(name)}
        assert cli("db", "status", env=env).code == 0
        found = cli("prices", "AAPL", "--in", "GBP", "--adjust", "splits", "--receipts", env=env).json
        assert [bar["close"] for bar in found["prices"]] == [
            Decimal("94.77590897"), Decimal("93.71613437"), Decimal("96.83944054"),
        ]  # fmt: skip
        before = found["prices"][0]["receipt"]["known_at"]
        assert before and cli("quarantine", "list", env=env).json[0]["reason"] == "high_below_low"
        assert cli("sync", "--dry-run", env=env).code in (0, 3), "the list and the ledger of calls came along"
        assert cli("db", "rebuild", env=env).code == 0, "every row comes again from what was landed"
    finally:
        server.drop(name)
