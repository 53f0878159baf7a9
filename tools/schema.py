"""Writes sql/schema.sql: the whole schema as one readable file, made from the migrations and never edited by hand.

It holds no rows; `db upgrade` applies the migrations and never this file. tests/contracts/test_schema.py builds a
database from each and compares them. What pg_dump prints only for its own sake is left out, so that the file loads
on PostgreSQL 15 whatever version made it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import psycopg

from tests.support import postgres
from ticker_converter.warehouse import migrations

SCHEMA = Path(__file__).parents[1] / "src" / "ticker_converter" / "sql" / "schema.sql"
HEAD = """\
-- The whole schema: what all migrations make, applied in order. Made by `make schema`; not edited by hand.

SET check_function_bodies = false;  -- functions come before the tables they read
"""
#: Roles belong to the server and not to a database, so pg_dump leaves them out.
ROLE = """
DO $$ BEGIN CREATE ROLE {0} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
"""
#: Exactly what pg_dump 15 to 18 print around the statements; a function's own lines stay.
NOISE = re.compile(
    r"^(--( Name: .*| PostgreSQL database dump.*| Dumped (from|by) .*)?"
    r"|SET (\w+_timeout|client_encoding|standard_conforming_strings|check_function_bodies|xmloption"
    r"|client_min_messages|row_security|default_tablespace|default_table_access_method) = .*;"
    r"|SELECT pg_catalog\.set_config\('search_path', '', false\);"
    r"|\\(un)?restrict .*)\n",
    re.MULTILINE,
)


def schema_of(server: postgres.Server, database: str) -> str:
    """The schema of a database as pg_dump prints it, without comments, settings and owners."""
    text = NOISE.sub("", server.dump(database, "--schema-only", "--no-owner"))
    text = text.replace("ALTER DEFAULT PRIVILEGES FOR ROLE postgres ", "ALTER DEFAULT PRIVILEGES ")
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def schema_file(dump: str) -> str:
    """The text of schema.sql."""
    roles = sorted(set(re.findall(r"^(?:GRANT|ALTER DEFAULT PRIVILEGES) .* TO (\w+);$", dump, re.MULTILINE)))
    return HEAD + "".join(ROLE.format(role) for role in roles) + "\n" + dump


def main() -> None:
    directory = postgres.run_directory()
    try:
        server = postgres.start(directory, owner=os.getpid())
        with psycopg.connect(server.create("migrated")) as conn:
            migrations.upgrade(conn)
        SCHEMA.write_text(schema_file(schema_of(server, "migrated")), encoding="utf-8")
    finally:
        postgres.stop(directory)


if __name__ == "__main__":
    main()
