"""The schema is written twice, as migrations and as one file to read; both make the same database."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.support.postgres import Server
from ticker_converter.warehouse import migrations
from tools import schema


def _name(url: str) -> str:
    return re.sub(r".*/(\w+)\?.*", r"\1", url)


def test_schema_sql_makes_what_all_migrations_make(
    server: Server, database: str, empty_database: str
) -> None:
    with psycopg.connect(empty_database) as conn:
        conn.execute(schema.SCHEMA.read_text())
    migrated = schema.schema_of(server, _name(database))
    assert "CREATE TABLE" in migrated
    assert schema.schema_of(server, _name(empty_database)) == migrated, "run `make schema`"


def test_one_changed_column_makes_a_difference(
    server: Server, database: str, new_database: Callable[..., str]
) -> None:
    other = new_database()
    with psycopg.connect(other) as conn:
        conn.execute("ALTER TABLE warehouse.dim_currency ADD COLUMN more text")
    assert schema.schema_of(server, _name(other)) != schema.schema_of(server, _name(database))


def test_upgrading_twice_changes_nothing(server: Server, database: str) -> None:
    before = schema.schema_of(server, _name(database))
    with psycopg.connect(database) as conn:
        assert migrations.upgrade(conn) == []
    assert schema.schema_of(server, _name(database)) == before


def test_schema_sql_loads_without_settings_that_only_a_newer_server_knows() -> None:
    assert re.findall(r"^SET (\w+)", Path(schema.SCHEMA).read_text(), re.MULTILINE) == [
        "check_function_bodies"
    ]
