"""What has outlived its time goes, and nothing else; it is told before."""

from __future__ import annotations

import psycopg

from tests.support.command import Cli
from ticker_converter import audit
from ticker_converter.access import login, users
from ticker_converter.ops import request
from ticker_converter.ops.retention import retention

PASSWORD = "correct horse battery"


def test_a_request_that_is_over_is_forgotten_after_its_time_and_no_other(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        old, young, waits = (request.ask(conn, "sync", {}, "tests", name) for name in ("a", "b", "c"))
        ended = (
            "UPDATE ops.request SET state = 'done', finished_at = now() - %s * interval '1 day'"
            " WHERE request_id = %s"
        )
        conn.execute(ended, (91, old))
        conn.execute(ended, (89, young))
        conn.execute(
            "UPDATE ops.request SET asked_at = now() - interval '1 year' WHERE request_id = %s", (waits,)
        )
        told: list[dict[str, int]] = []
        assert retention(conn, 90, told.append, dry_run=True)["requests of the API"] == 1
        assert conn.execute("SELECT count(*) FROM ops.request").fetchone() == (3,)
        retention(conn, 90, told.append)
        assert [one["requests of the API"] for one in told] == [1, 1]
        left = {row[0] for row in conn.execute("SELECT request_id FROM ops.request")}
    assert left == {young, waits}


def test_a_log_in_goes_with_its_last_token_and_a_good_one_stays(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        users.add(conn, "ann", PASSWORD, ["read"])
        old = login.password(conn, "ann", PASSWORD, "203.0.113.9", 30)
        conn.execute("UPDATE access.refresh_token SET expires_at = now() - interval '1 second'")
        new = login.password(conn, "ann", PASSWORD, "203.0.113.9", 30)
        conn.execute("UPDATE access.login_window SET ends_at = now() - interval '2 hours'")
        found = retention(conn, 90, lambda _: None)
        assert (found["expired refresh tokens"], found["log-ins without a token"]) == (1, 1)
        assert found["windows of attempts and limits"] == 3
        assert login.refresh(conn, new.refresh_token, 30).user_id == old.user_id
        assert [one["detail"] for one in audit.events(conn, act="retention")] == [found]
        assert not any(retention(conn, 90, lambda _: None).values())


def test_the_command_tells_what_it_removes(cli: Cli) -> None:
    for words in (["--dry-run"], []):
        done = cli("retention", "--format", "json", *words)
        assert done.code == 0 and {one["rows"] for one in done.json} == {0}
