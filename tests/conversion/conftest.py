"""A warehouse filled by hand: rates, bars and actions go straight into the facts, past fetching and judging."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.conversion.store import Store
from tests.support import postgres
from ticker_converter import db

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def module_store(server: postgres.Server, template: str) -> Iterator[Store]:
    """One database for a whole module: its tests empty it themselves, or roll back."""
    name = f"c{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.create(name, template), options="-c timezone=UTC") as conn:
        db.exact(conn)
        yield Store(conn)
    server.drop(name)


@pytest.fixture
def store(module_store: Store) -> Iterator[Store]:
    """The module's database; what a test puts in is taken back."""
    module_store.empty()
    yield module_store
    module_store.conn.rollback()
