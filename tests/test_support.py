"""The tests' own footing: what conftest promises."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psycopg
import pytest


def test_a_connection_that_leaves_the_machine_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError, match="stay on this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(socket.gaierror, match="stay on this machine"):
        socket.getaddrinfo("example.com", 80)


def test_each_test_has_an_empty_database_of_its_own(empty_database: str, server: object) -> None:
    with psycopg.connect(empty_database) as conn:
        conn.execute("CREATE TABLE mine ()")
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)


def test_the_server_is_the_version_asked_for(empty_database: str) -> None:
    with psycopg.connect(empty_database) as conn:
        found = conn.info.server_version // 10000
    named = os.environ.get("TICKER_CONVERTER_TEST_PG_BIN")
    assert found == (int(Path(named).parent.name) if named else 18)


def test_settings_from_outside_are_gone() -> None:
    assert not {"DATABASE_URL", "ALPHA_VANTAGE_API_KEY", "ENV_FILE", "PGHOST"} & set(os.environ)
