"""The audit trail: what gets into it, that nothing gets out, and that whoever touches it is found."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors as pg

from tests.support.command import Cli
from ticker_converter import audit
from ticker_converter.access import keys, login, users
from ticker_converter.errors import NotKnown, Usage

PASSWORD = "correct horse battery canary"


@pytest.fixture
def base(database: str) -> Any:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def acts(conn: Any) -> list[tuple[str, str, str | None]]:
    return [(one["actor"], one["act"], one["subject"]) for one in audit.events(conn)]


def filled(conn: Any, number: int = 6) -> None:
    for index in range(number):
        audit.note(conn, "deploy", f"1.{index}", {"reason": 'ünïcode "quoted" | : -'})


def untied(conn: Any, statement: str, *values: object) -> None:
    """Done by somebody who may do everything, triggers too."""
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        assert conn.execute(statement, values or None).rowcount > 0


def wrong(conn: Any, *heads: audit.Head) -> list[tuple[int, str]]:
    return [(one.event_id, one.finding) for one in audit.verify(conn, heads).findings]


# ---- what gets in ----


def test_accounts_keys_and_log_ins_are_noted_without_their_secrets(base: Any) -> None:
    audit.context(base, audit.Asked("login root", "command line"))
    users.add(base, "ann", PASSWORD, ["read"])
    key = keys.create(base, ["read"], user="ann")
    keys.used(base, key["id"])
    keys.revoke(base, key["id"])
    audit.context(base, audit.Asked(origin="203.0.113.0/24", request_id="r-1"))
    session = login.password(base, "ann", PASSWORD, "203.0.113.9", 30)
    for name in ("ann", "hunter2 typed as a name"):
        with pytest.raises(NotKnown):
            login.password(base, name, "not it", "203.0.113.9", 30)
    login.refresh(base, session.refresh_token, 30)
    with pytest.raises(NotKnown):
        login.refresh(base, session.refresh_token, 30)
    ann = f"user:{session.user_id}"
    assert acts(base) == [
        ("login root", "user.added", ann), ("login root", "key.added", f"key:{key['id']}"),
        ("login root", "key.changed", f"key:{key['id']}"), (ann, "login", ann), ("anonymous", "login.refused", ann),
        ("anonymous", "login.refused", "unknown"), (ann, "session.revoked", ann),
    ]  # fmt: skip
    found = audit.events(base)
    assert found[2]["detail"]["changed"] == ["revoked_at"]
    assert {one["origin"] for one in found[3:]} == {"203.0.113.0/24"} and {
        one["request_id"] for one in found[3:]
    } == {"r-1"}
    text = json.dumps(found, default=str)
    for secret in (
        PASSWORD,
        key["key"],
        key["key"].split("_")[2],
        session.refresh_token,
        "hunter2",
        "argon2",
        "203.0.113.9",
    ):
        assert secret not in text
    assert not wrong(base)


def test_a_superusers_own_change_is_noted_as_such(base: Any) -> None:
    users.add(base, "ann", PASSWORD, ["read"])
    base.execute("UPDATE access.users SET scopes = '{read,admin}'")
    last = audit.events(base)[-1]
    assert (last["act"], last["role"], last["detail"]["changed"]) == ("user.changed", "postgres", ["scopes"])


def test_what_a_person_does_to_data_is_noted_with_reason_and_load(cli: Cli, home: Path) -> None:
    prices = home / "p.csv"
    prices.write_text(
        "symbol,date,open,high,low,close\nAAPL,2024-01-02,99,101,98,100\nAAPL,2024-01-03,99,101,98,101\n"
    )
    assert cli("import", "prices", str(prices), "--mic", "XNAS", "--unit", "USD").code == 0
    assert cli("correct", "AAPL", "2024-01-02", "--close", "98.5", "--reason", "typo at the source").code == 0
    assert cli("correct", "release", "AAPL", "2024-01-02", "--reason", "it was right").code == 0
    found = json.loads(cli("audit", "list", "--act", "act", "--format", "json").stdout)
    assert [(one["act"], one["subject"], one["detail"]["reason"]) for one in found] == [
        ("act.correct", "AAPL", "typo at the source"), ("act.release", "AAPL", "it was right"),
    ]  # fmt: skip
    assert all(one["actor"].startswith("login ") and one["origin"] == "command line" for one in found)
    assert cli("audit", "verify").code == 0


def test_what_is_rolled_back_was_never_done(base: Any) -> None:
    with pytest.raises(ZeroDivisionError), base.transaction():
        audit.note(base, "deploy", "1.0")
        raise ZeroDivisionError
    audit.note(base, "deploy", "1.1")
    assert [one["id"] for one in audit.events(base)] == [1]


def test_a_long_transaction_holds_nobody_up_and_numbers_have_no_gap(database: str) -> None:
    with psycopg.connect(database) as slow:
        audit.note(slow, "deploy", "slow")

        def many(name: str) -> None:
            with psycopg.connect(database, autocommit=True) as conn:
                conn.execute("SET lock_timeout = '20s'")
                for _ in range(25):
                    audit.note(conn, "deploy", name)

        threads = [threading.Thread(target=many, args=(str(number),)) for number in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        slow.commit()
        found = audit.events(slow)
        assert [one["id"] for one in found] == list(range(1, 102)) and found[-1]["subject"] == "slow"
        assert audit.verify(slow) == audit.Verdict(101, [], 0)
        assert slow.execute("SELECT count(*) FROM audit.noted").fetchone() == (0,)


def test_settings_are_noted_where_they_changed_and_secrets_are_not_in_it(
    cli: Cli, base: Any, home: Path
) -> None:
    from ticker_converter import settings

    def told(**more: str) -> settings.Settings:
        return settings.load({"TICKER_CONVERTER_HOME": str(home), "JWT_SECRET_KEY": "j" * 40 + "x", **more})

    for given in (
        told(),
        told(),
        told(REDIS_PASSWORD="canary1"),
        told(REDIS_PASSWORD="canary2", API_PORT="81"),
    ):
        audit.started(base, given, "serve")
    found = audit.events(base)
    assert [one["detail"]["changed"] for one in found[1:]] == [
        ["REDIS_PASSWORD"],
        ["API_PORT", "REDIS_PASSWORD"],
    ]
    text = json.dumps(found, default=str)
    assert "canary" not in text and "jjjj" not in text


# ---- that nothing gets out, and who touches it is found ----


@pytest.mark.parametrize(
    "statement", ["UPDATE audit.event SET actor = 'x'", "DELETE FROM audit.event", "TRUNCATE audit.event"]
)
def test_the_trail_is_append_only_for_its_owner_too(base: Any, statement: str) -> None:
    filled(base, 2)
    with pytest.raises(pg.InsufficientPrivilege, match="append-only"):
        base.execute(statement)
    assert not wrong(base)


@pytest.mark.parametrize(
    "column, value",
    [("at", "2020-01-01"), ("actor", "x"), ("role", "x"), ("act", "login"), ("subject", "9"), ("subject", None),
     ("detail", "{}"), ("before_sha256", b"x" * 32), ("after_sha256", b"x" * 32), ("origin", "x"),
     ("request_id", "x")],
)  # fmt: skip
def test_a_changed_column_is_found(base: Any, column: str, value: object) -> None:
    filled(base)
    untied(base, f"UPDATE audit.event SET {column} = %s WHERE event_id = 3", value)  # noqa: S608
    assert wrong(base) == [(3, "is not what was written: its content does not give its hash")]


def test_a_removed_one_an_added_one_and_two_that_changed_places_are_found(base: Any) -> None:
    filled(base)
    untied(base, "DELETE FROM audit.event WHERE event_id = 4")
    assert wrong(base) == [(5, "follows 3: what was between them is missing")]
    untied(base, "INSERT INTO audit.event SELECT 4, at, actor, role, act, subject, detail, before_sha256, after_sha256,"
           " origin, request_id, previous, sha256 FROM audit.event WHERE event_id = 5")  # fmt: skip
    assert {number for number, _ in wrong(base)} == {4, 5}


def test_two_that_changed_places_are_found(base: Any) -> None:
    filled(base)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        untied(base, "UPDATE audit.event SET event_id = %s WHERE event_id = %s", new, old)
    assert {number for number, _ in wrong(base)} == {2, 3, 4}


def test_a_cut_end_is_found_and_one_whose_head_was_set_back_too_by_a_kept_head(base: Any) -> None:
    filled(base)
    kept = audit.head(base)
    untied(base, "DELETE FROM audit.event WHERE event_id > 4")
    assert wrong(base) == [(4, "is the last, but the head says 6: the end is missing")]
    untied(
        base,
        "UPDATE audit.head SET (event_id, sha256) = (SELECT event_id, sha256 FROM audit.event WHERE event_id = 4)",
    )
    assert wrong(base) == []
    assert wrong(base, kept) == [(6, "was the head once and is gone: the end is missing")]


def test_a_chain_made_anew_is_found_by_a_kept_head(base: Any) -> None:
    filled(base)
    kept = audit.Head.parsed(str(audit.head(base)))
    untied(base, "DELETE FROM audit.event")
    untied(base, "UPDATE audit.head SET event_id = 0, sha256 = %s", audit.GENESIS)
    filled(base, 8)
    assert wrong(base) == []
    assert wrong(base, kept) == [(6, "is not the event that it was when its head was kept")]


def test_a_head_that_is_none_and_an_act_that_is_none_are_refused(base: Any) -> None:
    for text in ("", "12", "x:ab", "1:" + "g" * 64):
        with pytest.raises(Usage):
            audit.Head.parsed(text)
    for act in ("", "Deploy", "a..b", "a b", "a" * 61):
        with pytest.raises(Usage):
            audit.note(base, act)


@pytest.mark.parametrize(
    "address, cut",
    [("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1::/48"), ("::ffff:10.1.2.3", "10.1.2.0/24"),
     ("unix", "unknown")],
)  # fmt: skip
def test_an_address_is_cut_to_its_network(address: str, cut: str) -> None:
    assert audit.network(address) == cut


def test_the_commands_list_export_prove_and_note(cli: Cli, tmp_path: Path) -> None:
    assert cli("audit", "note", "deploy", "1.4.0", "--reason", "from 1.3.2").code == 0
    head = cli("audit", "head").stdout.strip()
    assert cli("audit", "verify", "--head", head).code == 0
    listed = json.loads(cli("audit", "list", "--format", "json").stdout)
    assert (
        listed[-1]["detail"] == {"reason": "from 1.3.2"}
        and f"{listed[-1]['id']}:{listed[-1]['sha256']}" == head
    )
    file = tmp_path / "audit.jsonl"
    assert cli("audit", "export", "--output", str(file)).code == 0
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == [one["id"] for one in listed]
    assert cli("audit", "export", "--output", str(file)).code == 2
    forged = f"{listed[-1]['id']}:{'0' * 64}"
    assert cli("audit", "verify", "--head", forged).code == 1
