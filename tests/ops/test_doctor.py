"""doctor: one row a check, what to do about it, no secret, and the exit code of the worst."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest

from tests.support.command import Cli, Finished

NAMES = (
    "settings", "secrets", "permissions", "disk", "database", "schema", "replica", "redis", "providers", "clock",
    "prices", "rates", "runs", "quarantine",
)  # fmt: skip
NOWHERE = "http://127.0.0.1:9"


class Host:
    """A provider's host on loopback whose clock is off by `off`."""

    off = timedelta(0)
    asked: list[str]

    def __init__(self) -> None:
        self.asked = []


@pytest.fixture
def host() -> Iterator[tuple[Host, dict[str, str]]]:
    """The host, and the settings that lead to it."""
    made = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            made.asked.append(self.path)
            self.send_response_only(404)
            self.send_header("Date", format_datetime(datetime.now(UTC) + made.off, usegmt=True))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield made, {"ECB_BASE_URL": f"{base}/stats", "ALPHA_VANTAGE_BASE_URL": f"{base}/query"}
    server.shutdown()
    server.server_close()
    thread.join()


def by_name(done: Finished) -> dict[str, dict[str, str]]:
    return {one["check"]: one for one in done.json}


def test_each_check_has_a_row_with_a_state_and_what_to_do(
    cli: Cli, host: tuple[Host, dict[str, str]]
) -> None:
    done = cli("doctor", env=host[1])
    assert [one["check"] for one in done.json][: len(NAMES)] == list(NAMES)
    for one in done.json:
        assert list(one) == ["check", "state", "detail", "do"]
        assert one["state"] in ("ok", "warning", "failed", "skipped") and one["detail"]
        assert (one["do"] is not None) == (one["state"] in ("warning", "failed")), one
    assert done.code == 0, done.stdout
    states = by_name(done)
    assert states["database"]["state"] == states["schema"]["state"] == states["providers"]["state"] == "ok"
    assert states["prices"]["state"] == "warning" and "sync" in states["rates"]["do"]


def test_csv_and_table_hold_the_same_rows(cli: Cli, host: tuple[Host, dict[str, str]]) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("doctor", "--format", "csv", env=host[1]).stdout)))
    assert [row["check"] for row in rows][: len(NAMES)] == list(NAMES)
    lines = cli("doctor", "--format", "table", env=host[1]).stdout.splitlines()
    assert lines[0].split() == ["check", "state", "detail", "do"] and len(lines) == 1 + len(rows)


def test_no_call_of_a_quota_is_spent(
    cli: Cli, conn: psycopg.Connection, host: tuple[Host, dict[str, str]]
) -> None:
    cli("doctor", env={**host[1], "ALPHA_VANTAGE_API_KEY": "A1B2C3D4E5F6"})
    assert set(host[0].asked) == {"/"}, "the root of the host, never an address that counts"
    assert conn.execute("SELECT count(*) FROM landing.quota_use").fetchone() == (0,)


@pytest.mark.parametrize(
    ("seconds", "state", "code"), [(1, "ok", 0), (30, "warning", 0), (-30, "warning", 0), (-4000, "failed", 1)]
)  # fmt: skip
def test_the_clock_is_compared_with_others(
    cli: Cli, host: tuple[Host, dict[str, str]], seconds: int, state: str, code: int
) -> None:
    host[0].off = timedelta(seconds=seconds)
    done = cli("doctor", env=host[1])
    assert (by_name(done)["clock"]["state"], done.code) == (state, code), done.stdout


def test_data_published_in_the_future_mean_a_wrong_clock(cli: Cli, conn: psycopg.Connection) -> None:
    conn.execute("UPDATE warehouse.state SET published_at = clock_timestamp() + interval '1 hour'")
    conn.commit()
    done = cli("doctor", env={"ECB_BASE_URL": NOWHERE, "ALPHA_VANTAGE_BASE_URL": NOWHERE})
    assert done.code == 1 and "in the future" in by_name(done)["clock"]["detail"]
    assert by_name(done)["providers"]["state"] == "warning"


def test_a_setting_that_cannot_be_read_is_the_first_row_and_exit_2(cli: Cli) -> None:
    done = cli("doctor", env={"API_PORT": "many"})
    assert done.code == 2
    assert done.json[0]["state"] == "failed" and "API_PORT" in done.json[0]["detail"]
    assert {one["state"] for one in done.json[1:]} == {"skipped"}


def test_a_database_that_does_not_answer_is_a_failure_without_its_password(
    cli: Cli, host: tuple[Host, dict[str, str]]
) -> None:
    done = cli("doctor", env={**host[1], "DATABASE_URL": "postgresql://who:Sup3rhush@127.0.0.1:1/x"})
    found = by_name(done)
    assert done.code == 1 and found["database"]["state"] == "failed" and found["database"]["do"]
    assert found["schema"]["state"] == found["prices"]["state"] == "skipped"
    assert "Sup3rhush" not in done.stdout + done.stderr


def test_a_database_without_a_schema_is_told_apart(cli: Cli, empty_database: str) -> None:
    found = by_name(cli("doctor", env={"DATABASE_URL": empty_database, "ECB_BASE_URL": NOWHERE}))
    assert found["database"]["state"] == "ok"
    assert found["schema"]["state"] == "failed" and "db upgrade" in found["schema"]["detail"]


def test_a_replica_and_a_redis_that_are_away_are_told(cli: Cli, database: str) -> None:
    away = "postgresql://who:x1y2z3@127.0.0.1:1/x"
    found = by_name(
        cli("doctor", env={"DATABASE_READ_URL": away, "REDIS_URL": "redis://:Sup3rhush@127.0.0.1:1/0"})
    )
    assert found["replica"]["state"] == "failed"
    assert found["redis"]["state"] == "warning" and "Sup3rhush" not in str(found)


def test_files_that_others_can_read_are_named(cli: Cli, home: Path) -> None:
    path = home / ".env"
    path.write_text("LOG_LEVLE=DEBUG\nAIRFLOW_HOME=/opt/airflow\nLOG_FORMAT=json\n")
    path.chmod(0o644)
    found = by_name(cli("doctor"))
    assert found["permissions"]["state"] == "warning" and "ENV_FILE" in found["permissions"]["detail"]
    assert found["settings"]["state"] == "warning"
    assert found["settings"]["detail"].endswith("LOG_LEVLE (did you mean LOG_LEVEL?)")
    path.write_text("LOG_FORMAT=json\n")
    path.chmod(0o600)
    assert {by_name(cli("doctor"))[name]["state"] for name in ("permissions", "settings")} == {"ok"}


def test_half_a_pair_of_keys_is_a_failure(cli: Cli) -> None:
    done = cli("doctor", env={"BACKUP_S3_KEY": "A9f3kD02lfKe"})
    assert done.code == 1 and "BACKUP_S3_SECRET" in by_name(done)["secrets"]["detail"]
    assert "A9f3kD02lfKe" not in done.stdout


def test_what_is_stored_is_looked_at(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        "symbol,date,open,high,low,close,volume,unit,mic\n"
        "AAPL,2020-08-28,504.05,505.77,498.31,499.23,46907479,USD,XNAS\n"
        "AAPL,2020-08-31,5,4,6,5,1,USD,XNAS\n"
    )
    (tmp_path / "r.csv").write_text("base,quote,date,rate,source\nEUR,USD,2020-08-28,1.1915,ecb\n")
    assert cli("import", "prices", tmp_path / "p.csv").code == 0
    assert cli("import", "rates", tmp_path / "r.csv").code == 0
    found = by_name(cli("doctor", env={"ECB_BASE_URL": NOWHERE}))
    assert found["prices"]["state"] == found["rates"]["state"] == found["quarantine"]["state"] == "warning"
    assert "AAPL" in found["prices"]["detail"] and "2020-08-28 (ecb)" in found["rates"]["detail"]
    assert found["quarantine"]["detail"] == "1 wait for a person: 1 high_below_low"
    assert found["runs"]["state"] == "ok"
