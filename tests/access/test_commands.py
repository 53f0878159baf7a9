"""user and key on the command line: what is printed, what is refused, and that no secret is where it can be read."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.command import Cli
from ticker_converter.access.scopes import SCOPES

PASSWORD = "correct horse battery"
USER = ["name", "scopes", "created_at", "disabled_at"]
KEY = ["id", "name", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]


def test_users_are_made_listed_and_disabled(cli: Cli, database: str) -> None:
    made = cli("user", "add", "ann", stdin=f"{PASSWORD}\n")
    assert (made.code, list(made.json), made.json["scopes"]) == (0, USER, ["read"]), made.stderr
    admin = cli("user", "add", "root@a.example", "--admin", stdin=PASSWORD)
    assert admin.json["scopes"] == list(SCOPES)
    some = cli("user", "add", "bob", "--scopes", "operate,read", stdin=PASSWORD)
    assert some.json["scopes"] == ["read", "operate"]
    assert [one["name"] for one in cli("user", "list").json] == ["ann", "bob", "root@a.example"]
    gone = cli("user", "disable", "bob")
    assert gone.code == 0 and gone.json["disabled_at"] is not None
    assert cli("user", "disable", "bob").json == gone.json
    assert cli("user", "reset", "ann", stdin="another long one\n").code == 0
    with psycopg.connect(database) as conn:
        hashes = [row[0] for row in conn.execute("SELECT password FROM access.users")]
    assert all(one.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for one in hashes) and len(set(hashes)) == 3


@pytest.mark.parametrize(
    ("words", "stdin", "code", "says"),
    [
        (["user", "add", "ann"], "", 2, "standard input"),
        (["user", "add", "ann"], "short\n", 2, "8 characters"),
        (["user", "add", "Ann Smith"], PASSWORD, 2, "no user's name"),
        (["user", "add", "ann", "--scopes", "everything"], PASSWORD, 2, "no scope"),
        (["user", "add", "ann", "--scopes", "read", "--admin"], PASSWORD, 2, "--admin"),
        (["user", "add", "ann", PASSWORD], "", 2, "unrecognized"),
        (["user", "add", "taken"], PASSWORD, 2, "already"),
        (["user", "disable", "nobody"], "", 4, "no user"),
        (["user", "reset", "nobody"], PASSWORD, 4, "no user"),
        (["key", "create"], "", 2, "--scopes"),
        (["key", "create", "--scopes", "write"], "", 2, "no scope"),
        (["key", "create", "--scopes", "read", "--expires", "2020-01-01"], "", 2, "never be good"),
        (["key", "create", "--scopes", "read", "--user", "nobody"], "", 4, "no enabled user"),
        (["key", "revoke", "0123456789ab"], "", 4, "0123456789ab"),
        (["key", "revoke", "tc_a_secret_pasted_here"], "", 4, "that id"),
    ],
)
def test_what_is_refused(cli: Cli, database: str, words: list[str], stdin: str, code: int, says: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO access.users (name, password, scopes) VALUES ('taken', '$argon2id$', '{}')")
    done = cli(*words, stdin=stdin)
    assert done.code == code and says in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert "pasted" not in done.stderr


def test_keys_are_made_shown_once_listed_and_revoked(cli: Cli, database: str) -> None:
    made = cli("key", "create", "--scopes", "read", "operate", "--name", "a spreadsheet")
    assert (made.code, list(made.json)) == (0, ["id", "key", "scopes"]), made.stderr
    key = made.json["key"]
    assert (
        key.startswith(f"tc_{made.json['id']}_")
        and len(key) == 16 + 64
        and made.json["scopes"] == ["read", "operate"]
    )
    assert key not in made.stderr
    (listed,) = cli("key", "list").json
    assert list(listed) == KEY and (listed["id"], listed["name"], listed["last_used_at"]) == (
        made.json["id"], "a spreadsheet", None,
    )  # fmt: skip
    with psycopg.connect(database) as conn:
        row = conn.execute("SELECT k::text FROM access.api_key AS k").fetchone()
    assert row is not None and key[16:] not in row[0]
    assert cli("key", "revoke", made.json["id"]).json["revoked_at"] is not None
    ends = cli("key", "create", "--scopes", "read", "--expires", "2099-01-01", "--format", "csv")
    assert ends.code == 0 and ends.stdout.splitlines()[0] == "id,key,scopes", ends.stderr
    assert cli("key", "list", "--format", "table").stdout.splitlines()[0].split()[:2] == ["id", "name"]
