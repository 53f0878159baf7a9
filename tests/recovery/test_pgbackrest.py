"""backup, restore and the drill of a server: real PostgreSQL 15, pgBackRest and S3 storage behind TLS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import pgbackrest
from tests.support.command import Cli, Finished
from tests.support.pgbackrest import Site, rows

PRICES = """symbol,date,open,high,low,close,volume,unit,mic
AAPL,2020-08-27,508.57,509.94,495.33,500.04,38888096,USD,XNAS
AAPL,2020-08-28,504.05,505.77,498.31,499.23,46907479,USD,XNAS
"""
RATES = "base,quote,date,rate,source\nEUR,USD,2020-08-28,1.1915,ecb\nEUR,GBP,2020-08-28,0.89468,ecb\n"


@pytest.fixture
def site(cli: Cli, tmp_path: Path) -> Iterator[Site]:
    """A server with a few bars and rates, archived from its first segment on."""
    pgbackrest.needed()
    found = Site()
    try:
        found.start_storage()
        rendered = cli("env", "render", "--for", "pgbackrest", env=found.env)
        assert rendered.code == 0, rendered.stderr
        found.start_server(rendered.stdout)
        assert cli("db", "upgrade", env=found.env).code == 0
        for name, text in (("prices", PRICES), ("rates", RATES)):
            (tmp_path / f"{name}.csv").write_text(text)
            done = cli("import", name, tmp_path / f"{name}.csv", env=found.env)
            assert done.code == 0, done.stderr
        yield found
    finally:
        found.close(found.folder / "next")


def good(done: Finished) -> Finished:
    """A command that ended well."""
    assert done.code == 0, done.stderr
    return done


def close_of(cli: Cli, url: str, day: str) -> str:
    """A stored close."""
    found = good(cli("prices", "AAPL", "--from", day, "--to", day, env={"DATABASE_URL": url})).json
    return str(found["prices"][0]["close"])


@pytest.mark.slow
def test_a_server_is_backed_up_drilled_and_restored_to_an_instant(cli: Cli, site: Site) -> None:
    env = site.env
    full = good(cli("backup", "create", env=env, timeout=300)).json
    assert (
        full["kind"] == "full"
        and full["encrypted"] is True
        and full["location"] == "s3://prices-backups/pgbackrest"
    )
    correct = ("correct", "AAPL", "2020-08-28", "--reason", "as the exchange says", "--close")
    good(cli(*correct, "501", env=env))
    diff = good(cli("backup", "create", env=env, timeout=300)).json
    assert diff["kind"] == "diff" and diff["audit_head"] != full["audit_head"]
    assert [one["kind"] for one in good(cli("backup", "list", env=env)).json] == ["diff", "full"]
    assert all(one["ok"] for one in good(cli("backup", "verify", "--all", env=env, timeout=300)).json)

    drilled = good(cli("backup", "drill", env=env, timeout=300)).json
    assert (drilled["result"], drilled["differences"], drilled["questions"]) == ("passed", [], 10)
    assert drilled["backup"] == diff["id"] and drilled["rows"] > 100
    plan = good(cli("restore", "--dry-run", env=env)).json
    assert plan["audit_head"] == diff["audit_head"] and plan["last_drill_seconds"] > 0

    ((before, _),) = rows(env["DATABASE_URL"], "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', "
                          "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), pg_sleep(0.01)")  # fmt: skip
    good(cli(*correct, "500", env=env))
    rows(env["DATABASE_URL"], "SELECT pg_switch_wal()")
    done = good(cli("restore", "--at", before, "--into", "then", env=env, timeout=300)).json
    assert done["differences"] == []
    assert close_of(cli, site.url("then"), "2020-08-28") == "501"
    assert close_of(cli, env["DATABASE_URL"], "2020-08-28") == "500", "the live one is left alone"
    acts = [one["act"] for one in good(cli("audit", "list", "--act", "restore", env=env)).json]
    assert acts == ["restore"], "the live trail says that somebody restored"
    whole = cli("audit", "verify", "--head", diff["audit_head"], env={"DATABASE_URL": site.url("then")})
    assert good(whole).code == 0, "the trail that was restored leads to the backup's head"

    table = good(
        cli("restore", "--table", "warehouse.fact_price", "--into", "one", env=env, timeout=300)
    ).json
    assert table["differences"] == []

    # everything, the server being lost: its data folder is given to nobody
    site.pg_ctl("stop", None, "-m", "immediate")
    lost = good(cli("restore", "--at", before, "--server", site.folder / "next", env=env, timeout=300)).json
    assert lost["as_of"] and lost["folder"].endswith("next")
    moved = {**env, "BACKUP_PG_DATA": str(site.folder / "next")}
    site.configured(good(cli("env", "render", "--for", "pgbackrest", env=moved)).stdout)
    site.pg_ctl("start", site.folder / "next")
    assert close_of(cli, env["DATABASE_URL"], "2020-08-28") == "501"
    (event,) = good(cli("audit", "list", "--act", "restore", env=env)).json
    assert event["detail"]["backup"] == lost["id"]
    assert good(cli("backup", "create", env=moved, timeout=300)).json["kind"] in ("full", "diff")


@pytest.mark.slow
def test_no_secret_is_on_a_command_line_or_in_what_is_said(cli: Cli, site: Site) -> None:
    seen = site.folder / "seen"
    tools = site.folder / "tools"
    tools.mkdir()
    tools.chmod(0o755)
    wrapper = tools / "pgbackrest"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {seen}\nenv >> {seen}\nexec /usr/bin/pgbackrest "$@"\n')
    wrapper.chmod(0o755)
    seen.touch()
    seen.chmod(0o666)
    env = {**site.env, "PATH": f"{tools}:/usr/bin:/bin"}
    made = good(cli("backup", "create", env=env, timeout=300))
    bad = cli("backup", "create", env={**env, "BACKUP_S3_BUCKET": "another"}, timeout=300)
    assert bad.code == 1 and bad.stderr.startswith("ticker-converter: ")
    text = seen.read_text() + made.stdout + made.stderr + bad.stderr + (site.own / "log").read_text()
    assert "--stanza=" in text
    for secret in (env["BACKUP_CIPHER_PASS"], env["BACKUP_S3_SECRET"], env["BACKUP_S3_KEY"]):
        assert secret not in text


@pytest.mark.slow
def test_a_damaged_repository_is_told(cli: Cli, site: Site) -> None:
    env = {name: text for name, text in site.env.items() if not name.startswith("BACKUP_S3")}
    repo = site.own / "repo"
    env["BACKUP_REPOSITORY"] = str(repo)
    subprocess.run(["install", "-d", "-o", "postgres", str(repo)], check=True)
    site.configured(good(cli("env", "render", "--for", "pgbackrest", env=env)).stdout)
    made = good(cli("backup", "create", env=env, timeout=300)).json
    assert good(cli("backup", "verify", env=env, timeout=300)).json["ok"] is True
    largest = max((p for p in (repo / "backup").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    with largest.open("r+b") as file:
        file.seek(largest.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    bad = cli("backup", "verify", env=env, timeout=300)
    assert bad.code == 1 and bad.json["ok"] is False and made["id"] in bad.stderr
