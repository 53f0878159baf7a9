"""db and status, and how a command opens its database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.support.command import Cli
from ticker_converter import sql


def test_upgrade_applies_what_is_missing_once(cli: Cli, empty_database: str) -> None:
    env = {"DATABASE_URL": empty_database}
    before = cli("db", "status", env=env).json
    assert (before["schema"], before["needed"]) == (0, sql.latest())
    assert before["pending"] == [name for _, name, _ in sql.migrations()]
    first = cli("db", "upgrade", env=env)
    assert first.code == 0 and [one["number"] for one in first.json] == list(range(1, sql.latest() + 1))
    assert cli("db", "upgrade", env=env).json == []
    after = cli("db", "status", env=env).json
    assert after["schema"] == sql.latest() and after["pending"] == [] and after["bytes"] > 0
    assert "warehouse.fact_price" in {table["table"] for table in after["tables"]}


def test_a_configured_database_is_never_migrated_by_the_way(cli: Cli, empty_database: str) -> None:
    env = {"DATABASE_URL": empty_database}
    for words in (["list"], ["convert", "1", "USD", "GBP"], ["add", "IBM", "--unit", "USD", "--mic", "XNYS"]):
        done = cli(*words, env=env)
        assert done.code == 1 and done.stderr.endswith("has no schema yet: run ticker-converter db upgrade\n")
    with psycopg.connect(empty_database) as conn:
        assert conn.execute("SELECT to_regnamespace('warehouse')").fetchone() == (None,)


def test_a_schema_behind_or_ahead_is_said(cli: Cli, database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE ops.migration SET number = number + 100 WHERE number = %s", [sql.latest()])
    done = cli("list")
    assert done.code == 1 and "install the newer release" in done.stderr
    with psycopg.connect(database) as conn:
        conn.execute("DELETE FROM ops.migration WHERE number > 100")
    done = cli("list")
    assert (
        done.code == 1 and f"has schema {sql.latest() - 1}, this release needs {sql.latest()}" in done.stderr
    )


def test_the_url_is_printed_and_a_configured_server_is_not_stopped(cli: Cli, database: str) -> None:
    assert cli("db", "url").stdout == f"{database}\n"
    assert cli("db", "stop").code == 2


def test_a_database_that_does_not_answer_is_one_line(cli: Cli) -> None:
    done = cli("list", env={"DATABASE_URL": "postgresql://me:geheim@127.0.0.1:1/none"})
    assert done.code == 1 and done.stderr.count("\n") == 1 and "geheim" not in done.stderr


def test_a_wrong_setting_is_2(cli: Cli) -> None:
    done = cli("list", env={"FX_PEGS": "perhaps"})
    assert done.code == 2 and "FX_PEGS" in done.stderr and "perhaps" not in done.stderr


def test_the_embedded_database_is_made_and_migrated_on_demand(cli: Cli, home: Path) -> None:
    env = {"DATABASE_URL": ""}
    try:
        assert cli("list", env=env).json == []
        assert cli("db", "status", env=env).json["pending"] == []
        url = cli("db", "url", env=env).stdout.strip()
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT max(number) FROM ops.migration").fetchone() == (sql.latest(),)
            conn.execute("DROP SCHEMA mart CASCADE")
        stopped = cli("db", "stop", env=env)
        assert (stopped.code, stopped.stderr) == (0, "ticker-converter: stopped\n")
    finally:
        cli("db", "stop", env=env)
    assert cli("db", "stop", env=env).stderr == "ticker-converter: was not running\n"


def test_status_tells_what_a_person_looks_for(loaded: Cli, new_database: Callable[..., str]) -> None:
    found = loaded("status").json
    assert found["instruments"] == [
        {"symbol": symbol, "providers": ["files"], "last_session": "2020-08-28", "bars": 2,
         "sessions_behind": row["sessions_behind"]}
        for symbol, row in zip(("AAPL", "VOD.L"), found["instruments"], strict=True)
    ]  # fmt: skip
    assert all(row["sessions_behind"] > 1000 for row in found["instruments"])
    assert found["rates"] == [
        {"source": "ecb", "pairs": 2, "first": "2020-08-27", "last": "2020-08-31", "rates": 6}
    ]
    assert [(run["run_id"], run["command"], run["state"]) for run in found["runs"]] == [
        (2, "import prices", "done"), (1, "import rates", "done"),
    ]  # fmt: skip
    assert found["quarantine"] == [] and found["backdated"] == []
    quota = {one["provider"]: one for one in found["quota"]}
    assert (quota["alpha_vantage"]["calls_left"], quota["alpha_vantage"]["calls_today"]) == (25, 0)
    assert quota["ecb"]["calls_left"] is None
    assert loaded("status", "--format", "table").code == 0


def test_status_never_shows_the_password(cli: Cli, database: str) -> None:
    with_password = database.replace("postgresql://postgres@", "postgresql://postgres:geheim@")
    assert with_password != database
    done = cli("status", env={"DATABASE_URL": with_password})
    assert done.code == 0 and "geheim" not in done.stdout + done.stderr
