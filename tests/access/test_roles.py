"""Role, schema, verb: what each of the database's roles may do, the whole table, and that PostgreSQL holds to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors as pg

SCHEMAS = ("landing", "warehouse", "mart", "access", "ops", "audit")
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

#: All that a role may do. `*`: every table and view of the schema; `(...)`: these columns only.
MAY: dict[str, dict[str, dict[str, set[str]]]] = {
    "ticker_reader": {"mart": {"SELECT": {"*"}}},
    "ticker_web": {
        "mart": {"SELECT": {"*"}},
        "access": {
            "SELECT": {
                "users", "api_key", "refresh_family", "refresh_token", "session", "login_window", "limit_window",
            },
            "INSERT": {"refresh_family", "refresh_token", "session", "login_window", "limit_window"},
            "UPDATE": {
                "users(password)", "api_key(last_used_at)", "refresh_family(revoked_at)", "refresh_token(used_at)",
                "session(ended_at)", "login_window", "limit_window",
            },
            "DELETE": {"session", "login_window", "limit_window"},
        },
        "audit": {"SELECT": {"event"}},
        "ops": {"SELECT": {"request", "quota"}, "INSERT": {"request(act,arguments,author,idempotency_key)"}},
    },
}  # fmt: skip


def _held(conn: psycopg.Connection, role: str, schema: str, verb: str) -> set[str]:
    tables = [
        row[0]
        for row in conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'v', 'm', 'p')",
            (schema,),
        )
    ]
    found = set()
    for table in tables:
        name = f"{schema}.{table}"
        row = conn.execute("SELECT has_table_privilege(%s, %s, %s)", (role, name, verb)).fetchone()
        if row is not None and row[0]:
            found.add(table)
        elif verb in ("SELECT", "INSERT", "UPDATE", "REFERENCES"):
            columns = [
                one[0]
                for one in conn.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
                    "AND NOT attisdropped AND has_column_privilege(%s, attrelid, attnum, %s) ORDER BY attname",
                    (name, role, verb),
                )
            ]
            if columns:
                found.add(f"{table}({','.join(columns)})")
    return {"*"} if tables and found == set(tables) and len(found) > 1 and schema == "mart" else found


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    conn: Any, role: str, schema: str, verb: str
) -> None:
    assert _held(conn, role, schema, verb) == MAY[role].get(schema, {}).get(verb, set())


@pytest.mark.parametrize("role", MAY)
def test_a_role_makes_nothing_and_enters_only_its_schemas(conn: Any, role: str) -> None:
    for schema in (*SCHEMAS, "public"):
        create, use = conn.execute(
            "SELECT has_schema_privilege(%(r)s, %(s)s, 'CREATE'), has_schema_privilege(%(r)s, %(s)s, 'USAGE')",
            {"r": role, "s": schema},
        ).fetchone()
        assert not create and use == (schema in MAY[role])
    flags = conn.execute(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls FROM pg_roles WHERE rolname = %s",
        (role,),
    ).fetchone()
    assert flags == (False,) * 5


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("ticker_reader", "SELECT * FROM access.users"),
        ("ticker_reader", "SELECT * FROM ops.request"),
        ("ticker_reader", "INSERT INTO ops.request (act, arguments, author) VALUES ('sync', '{}', 'x')"),
        ("ticker_reader", "SELECT * FROM warehouse.fact_price"),
        ("ticker_web", "SELECT * FROM landing.payload"),
        ("ticker_web", "UPDATE warehouse.fact_price SET close = 1"),
        ("ticker_web", "INSERT INTO access.users (name, password, scopes) VALUES ('a', '$argon2id$', '{admin}')"),
        ("ticker_web", "UPDATE access.users SET scopes = '{admin}'"),
        ("ticker_web", "INSERT INTO access.api_key (key_id, sha256, scopes) VALUES ('0', '', '{admin}')"),
        ("ticker_web", "UPDATE access.api_key SET revoked_at = NULL"),
        ("ticker_web", "UPDATE ops.request SET state = 'done'"),
        ("ticker_web", "DELETE FROM ops.request"),
        ("ticker_web", "INSERT INTO ops.request (act, arguments, author, state) VALUES ('sync', '{}', 'x', 'done')"),
        ("ticker_web", "SELECT ops.request_asked()"),
    ],
)  # fmt: skip
def test_the_database_refuses(conn: Any, role: str, statement: str) -> None:
    conn.execute(f"SET ROLE {role}")
    with pytest.raises((pg.InsufficientPrivilege, pg.FeatureNotSupported)):
        conn.execute(statement)


def test_the_web_role_asks_and_cancels_with_an_insert_alone(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("SET ROLE ticker_web")
        ask = "INSERT INTO ops.request (act, arguments, author) VALUES (%s, %s, 'x') RETURNING request_id"
        row = conn.execute(ask, ("sync", "{}")).fetchone()
        assert row is not None
        conn.execute(ask, ("cancel", f'{{"request": "{row[0]}"}}'))
        states = conn.execute("SELECT act, state FROM ops.request ORDER BY asked_at").fetchall()
    assert states == [("sync", "cancelled"), ("cancel", "done")]


def test_a_server_that_logs_in_as_the_web_role_needs_no_other(
    server: Any, copied_as_web: Callable[[], str], tmp_path: Any
) -> None:
    from ticker_converter import db, settings
    from ticker_converter.ops import request

    given = settings.load({"TICKER_CONVERTER_HOME": str(tmp_path), "DATABASE_URL": copied_as_web()})
    with db.web(given, process="test") as conn:
        request.ask(conn, "sync", {}, "ann")
    with db.reader(given, process="test") as conn:
        row = conn.execute("SELECT current_user, (SELECT count(*) FROM mart.instrument)").fetchone()
        assert row == ("ticker_reader", 0)


@pytest.fixture
def copied_as_web(server: Any, database: str) -> Any:
    """The database's URL, as a login role that is a member of ticker_web and of nothing else."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS web_login")
        conn.execute("CREATE ROLE web_login LOGIN IN ROLE ticker_web")
    yield lambda: database.replace("postgres@", "web_login@")
    with psycopg.connect(server.url(), autocommit=True) as conn:
        conn.execute("DROP ROLE web_login")
