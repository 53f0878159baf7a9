"""backup and restore: one file of one instant, restored elsewhere, on another major version, and compared."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.support import postgres
from tests.support.command import Cli
from ticker_converter import connection
from ticker_converter.ops.recovery import archive, backups, dump, load, stores, tables
from ticker_converter.queries import vitals
from ticker_converter.queries.result import POLICY
from ticker_converter.secret import Secret
from ticker_converter.settings import Settings

OTHER = Path("/usr/lib/postgresql/15/bin")
PRICES = """symbol,date,open,high,low,close,volume,unit,mic
AAPL,2020-08-27,508.57,509.94,495.33,500.04,38888096,USD,XNAS
AAPL,2020-08-28,504.05,505.77,498.31,499.23,46907479,USD,XNAS
AAPL,2020-08-31,5,4,6,5,1,USD,XNAS
"""
RATES = "base,quote,date,rate,source\nEUR,USD,2020-08-28,1.1915,ecb\nEUR,GBP,2020-08-28,0.89468,ecb\n"
ACTIONS = "symbol,ex_date,kind,value\nAAPL,2020-08-28,dividend,0.82\n"


def silent(text: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture
def loaded(cli: Cli, tmp_path: Path) -> Cli:
    """A warehouse with bars, rates, a dividend, a held row and a correction."""
    for name, text in (("prices", PRICES), ("rates", RATES), ("actions", ACTIONS)):
        (tmp_path / f"{name}.csv").write_text(text)
        assert cli("import", name, tmp_path / f"{name}.csv").code == 0
    done = cli("correct", "AAPL", "2020-08-27", "--close", "501", "--reason", "as the exchange says")
    assert done.code == 0, done.stderr
    return cli


def settings(url: str, home: Path, **more: object) -> Settings:
    return replace(
        Settings(ticker_converter_home=home), database_url=Secret(url), **more  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_backup_restores_into_a_database_of_its_own_with_the_same_rows(
    loaded: Cli, database: str, server: postgres.Server
) -> None:
    made = loaded("backup", "create").json
    assert made["encrypted"] is False and made["tables"] > 40
    assert [one["id"] for one in loaded("backup", "list").json] == [made["id"]]
    assert loaded("backup", "verify").json["ok"] is True
    done = loaded("restore", "--into", f"copy_{os.getpid()}")
    try:
        assert (done.code, done.json["differences"], done.json["rows"]) == (0, [], made["rows"])
        asked = ("prices", "AAPL", "--in", "GBP", "--receipts", "--adjust", "all")
        there = loaded(*asked, env={"DATABASE_URL": done.json["url"]})
        assert there.json == loaded(*asked).json and there.json["prices"]
        # what came to wait for a person, and what a person did, came along
        assert loaded("quarantine", "list", env={"DATABASE_URL": done.json["url"]}).json
        again = loaded(
            "correct",
            "AAPL",
            "2020-08-28",
            "--close",
            "500",
            "--reason",
            "x",
            env={"DATABASE_URL": done.json["url"]},
        )
        assert again.code == 0, "the sequences go on where they were"
    finally:
        server.drop(f"copy_{os.getpid()}")


def test_a_dry_run_restores_nothing_and_says_how_long_the_last_drill_took(loaded: Cli) -> None:
    made = loaded("backup", "create").json
    plan = loaded("restore", "--dry-run").json
    assert (plan["id"], plan["rows"], plan["last_drill_seconds"]) == (made["id"], made["rows"], None)
    assert loaded("backup", "drill").code == 0
    assert loaded("restore", "--dry-run").json["last_drill_seconds"] > 0


def test_one_table_comes_with_those_it_refers_to(loaded: Cli, server: postgres.Server) -> None:
    loaded("backup", "create")
    name = f"one_{os.getpid()}"
    done = loaded("restore", "--table", "landing.quarantine", "--into", name)
    try:
        assert done.code == 0, done.stderr
        with psycopg.connect(server.url(name)) as conn:
            assert conn.execute("SELECT count(*) FROM landing.quarantine").fetchone() == (1,)
            assert conn.execute("SELECT count(*) FROM landing.load").fetchone() != (0,)
            assert conn.execute("SELECT count(*) FROM warehouse.fact_price").fetchone() == (0,)
    finally:
        server.drop(name)
    assert loaded("restore", "--table", "warehouse.none").code == 4


def test_replace_takes_the_place_and_keeps_what_was_there(
    loaded: Cli, database: str, server: postgres.Server
) -> None:
    made = loaded("backup", "create").json
    loaded("correct", "AAPL", "2020-08-28", "--close", "500", "--reason", "a mistake")
    done = loaded("restore", made["id"], "--replace", "--into", f"new_{os.getpid()}")
    assert done.code == 0, done.stderr
    try:
        closes = [bar["close"] for bar in loaded("prices", "AAPL").json["prices"]]
        assert [str(close) for close in closes] == ["501", "499.23"]
        there = server.url(done.json["kept_as"])
        kept = loaded("prices", "AAPL", env={"DATABASE_URL": there}).json["prices"]
        assert str(kept[1]["close"]) == "500"
    finally:
        server.drop(done.json["kept_as"])


def test_an_embedded_warehouse_moves_to_another_home(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES)
    first, second = ({"DATABASE_URL": "", "TICKER_CONVERTER_HOME": str(tmp_path / n)} for n in ("a", "b"))
    try:
        assert cli("import", "rates", tmp_path / "rates.csv", env=first).code == 0
        made = cli("backup", "create", "--folder", tmp_path / "kept", env=first).json
        done = cli("restore", made["location"], "--replace", env=second)
        assert done.code == 0, done.stderr
        asked = ("convert", "100", "USD", "GBP", "--on", "2020-08-28")
        assert cli(*asked, env=second).json == cli(*asked, env=first).json
    finally:
        cli("db", "stop", env=first)
        cli("db", "stop", env=second)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[postgres.Server]:
    """A server of PostgreSQL 15."""
    if not (OTHER / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not installed here")
    monkeypatch.setenv("TICKER_CONVERTER_TEST_PG_BIN", str(OTHER))
    directory = postgres.run_directory()
    try:
        yield postgres.start(directory, owner=os.getpid())
    finally:
        postgres.stop(directory)


def test_a_backup_goes_up_and_down_between_major_versions(
    loaded: Cli, database: str, other: postgres.Server, server: postgres.Server, tmp_path: Path
) -> None:
    """A dump of pg_dump made by 18 does not load on 15; this does, and comes back again."""
    assert other.version() == 15
    loaded("backup", "create", "--folder", tmp_path / "up")
    down = loaded("restore", "--folder", tmp_path / "up", "--into", "down", env={"DATABASE_URL": other.url()})
    assert (down.code, down.json["differences"]) == (0, []), down.stderr
    older = {"DATABASE_URL": other.url("down")}
    assert loaded("backup", "create", "--folder", tmp_path / "down", env=older).code == 0
    back = loaded("restore", "--folder", tmp_path / "down", "--into", f"back_{os.getpid()}")
    try:
        assert (back.code, back.json["differences"]) == (0, []), back.stderr
        asked = ("prices", "AAPL", "--in", "GBP", "--receipts")
        assert loaded(*asked, env={"DATABASE_URL": back.json["url"]}).json == loaded(*asked).json
    finally:
        server.drop(f"back_{os.getpid()}")


def test_it_is_of_one_instant_while_others_write(
    loaded: Cli, database: str, new_database: object, tmp_path: Path
) -> None:
    """After the first table is copied others commit into every later one; none of that is in the backup."""
    given = settings(database, tmp_path)
    with psycopg.connect(database, autocommit=True) as writer:
        before = writer.execute("SELECT count(*) FROM warehouse.dim_currency").fetchone()
        numbers = itertools.count()

        def write(text: str) -> None:
            number = next(numbers)
            code = f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"
            writer.execute(
                "INSERT INTO warehouse.dim_currency (code, name) VALUES (%s, 'late') ON CONFLICT DO NOTHING",
                [code],
            )

        with connection.writer(given, "test") as conn:
            manifest, path = dump.dump(conn, tmp_path, None, POLICY, write)
        after = writer.execute("SELECT count(*) FROM warehouse.dim_currency").fetchone()
    rows = {part.table: part.rows for part in manifest.parts}
    assert before is not None and after is not None and before[0] < after[0]
    assert rows["warehouse.dim_currency"] == before[0]
    url = new_database(empty=True)  # type: ignore[operator]
    with connection.db.writer(settings(url, tmp_path), process="test") as conn:
        assert load.load(conn, archive.Reader(path, None), silent).differences == ()


def test_a_changed_row_has_another_checksum_and_another_order_has_not(conn: psycopg.Connection) -> None:
    table = tables.Stored("ops", "probe", ("n",), ())
    conn.execute("CREATE TABLE ops.probe AS SELECT n FROM generate_series(1, 100) AS n")
    first = tables.checksum(conn, table)
    conn.execute("DELETE FROM ops.probe WHERE n = 1")
    conn.execute("INSERT INTO ops.probe VALUES (1)")
    assert tables.checksum(conn, table) == first
    conn.execute("UPDATE ops.probe SET n = 101 WHERE n = 1")
    assert tables.checksum(conn, table) != first and tables.checksum(conn, table)[0] == 100


def test_with_a_passphrase_nothing_can_be_read_without_it(loaded: Cli) -> None:
    key = {"BACKUP_CIPHER_PASS": "correct horse battery"}
    made = loaded("backup", "create", env=key)
    path = Path(made.json["location"])
    assert made.json["encrypted"] and path.name.endswith(".age.tar")
    with tarfile.open(path) as tar:
        assert all(name.endswith(".age") for name in tar.getnames())
    assert b"AAPL" not in path.read_bytes() and oct(path.stat().st_mode)[-3:] == "600"
    assert "BACKUP_CIPHER_PASS" in loaded("backup", "verify").stderr
    assert loaded("backup", "verify", env={"BACKUP_CIPHER_PASS": "another"}).code == 2
    assert loaded("backup", "verify", env=key).json["ok"] is True
    assert loaded("backup", "drill", env=key).json["result"] == "passed"


def test_a_damaged_file_is_told_and_never_restored(loaded: Cli, server: postgres.Server) -> None:
    path = Path(loaded("backup", "create").json["location"])
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        largest = max(tar, key=lambda info: info.size)
    at = largest.offset_data + largest.size // 2
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    done = loaded("backup", "verify")
    assert done.code == 1 and done.json["ok"] is False and "not as it was written" in done.stderr
    name = f"bad_{os.getpid()}"
    assert loaded("restore", "--into", name).code == 1
    with psycopg.connect(server.url()) as conn:
        assert conn.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name]).fetchone() == (0,)
    path.write_bytes(whole[: len(whole) // 2])
    assert loaded("backup", "verify").code == 1


def tampered(path: Path, table: str, old: bytes, new: bytes) -> None:
    """Change rows inside a backup so that its file is whole: only comparing with the source can tell."""
    with tarfile.open(path) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    name = f"{table}.copy.gz"
    rows = gzip.decompress(members[name])
    assert old in rows
    members[name] = gzip.compress(rows.replace(old, new))
    with tarfile.open(path, "w") as tar:
        for member, content in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def test_the_drill_compares_with_the_source_and_asks_ten_questions(
    loaded: Cli, conn: psycopg.Connection
) -> None:
    path = Path(loaded("backup", "create").json["location"])
    good = loaded("backup", "drill")
    assert (good.code, good.json["result"], good.json["questions"]) == (0, "passed", 10)
    assert good.json["recovery_seconds"] > 0 and good.json["data_loss_seconds"] > 0
    tampered(path, "warehouse.fact_price", b"499.23", b"499.24")
    bad = loaded("backup", "drill")
    assert (bad.code, bad.json["result"]) == (1, "failed")
    assert "warehouse.fact_price: 2 rows, not those of the source" in bad.json["differences"]
    assert "the copy answers prices otherwise" in bad.json["differences"]
    found = {one.name: one.values[0][1] for one in vitals.vitals(conn) if one.values}
    assert found["drill_passed"] == 0 and found["drill_recovery_seconds"] > 0
    assert 0 < found["backup_age_seconds"] < 600 and found["backup_size_bytes"] > 100_000
    rows = {one["check"]: one for one in loaded("doctor").json}
    assert rows["drill"]["state"] == "failed" and rows["backup"]["state"] == "ok"


def test_without_a_backup_there_is_no_sample_and_nothing_to_drill(cli: Cli, conn: psycopg.Connection) -> None:
    names = {one.name for one in vitals.vitals(conn)}
    assert not names & {"backup_age_seconds", "drill_passed"}
    for words in (("backup", "drill"), ("backup", "verify"), ("restore",)):
        done = cli(*words)
        assert done.code == 4 and "there is no backup" in done.stderr, done


def test_pruning_keeps_the_days_asked_for_and_always_the_newest(cli: Cli, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    names = [stores.new_name(now - timedelta(days=days), False)[1] for days in (1, 29, 31, 400)]
    for name in (*names, "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    tried = cli("backup", "prune", "--folder", tmp_path, "--dry-run")
    assert len(tried.json) == 2 and len(list(tmp_path.glob("*.tar"))) == 4
    assert len(cli("backup", "prune", "--folder", tmp_path).json) == 2
    assert sorted(path.name for path in tmp_path.glob("*.tar")) == sorted(names[:2])
    assert len(cli("backup", "prune", "--folder", tmp_path, env={"BACKUP_RETENTION_DAYS": "1"}).json) == 1
    assert [path.name for path in tmp_path.glob("*.tar")] == names[:1]
    assert (tmp_path / "notes.txt").exists()


def test_at_a_time_the_newest_backup_before_it_is_taken(loaded: Cli) -> None:
    first = loaded("backup", "create").json
    second = loaded("backup", "create").json
    assert loaded("restore", "--dry-run").json["id"] == second["id"]
    # names hold whole seconds: of two in one second the newer is as old as the first
    between = f"{first['snapshot_at'][:19]}Z"
    found = loaded("restore", "--dry-run", "--at", between).json["id"]
    assert found == first["id"] or first["snapshot_at"][:19] == second["snapshot_at"][:19]
    assert loaded("restore", "--dry-run", "--at", "2000-01-01T00:00:00Z").code == 4


def test_a_second_start_of_the_same_night_does_nothing(loaded: Cli) -> None:
    assert loaded("backup", "create", "--if-due").json["id"]
    done = loaded("backup", "create", "--if-due")
    assert (done.code, done.stdout) == (0, "") and "nothing to do" in done.stderr


def test_two_at_a_time_are_refused(loaded: Cli, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as held:
        held.execute("SELECT pg_advisory_lock(%s)", [backups.LOCK])
        done = loaded("backup", "create")
    assert done.code == 1 and "another backup or drill" in done.stderr


def test_a_backup_of_a_newer_schema_is_refused(loaded: Cli, server: postgres.Server) -> None:
    path = Path(loaded("backup", "create").json["location"])
    with tarfile.open(path) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    manifest = msgspec.json.decode(members["manifest.json"], type=archive.Manifest)
    members["manifest.json"] = msgspec.json.encode(replace(manifest, migration=999, release="9.9.9"))
    with tarfile.open(path, "w") as tar:
        for member, content in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    done = loaded("restore", "--into", f"newer_{os.getpid()}")
    assert done.code == 1 and "install release 9.9.9" in done.stderr
