"""Two warehouses to try numbers on: one filled by hand in a transaction that is rolled back (`store`), and one filled
by the pipeline itself (`conn`)."""

import itertools
import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.conversion.conftest import module_store
from tests.conversion.store import Store
from tests.support import postgres
from tests.trust.acting import emptied
from tests.trust.given import rolled_back

__all__ = ["module_store", "store"]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def module_conn(server: postgres.Server, template: str) -> Iterator[psycopg.Connection]:
    """A connection as the pipeline has it, to one database for a whole module."""
    name = f"trust{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(
        server.create(name, template), autocommit=True, options="-c timezone=UTC"
    ) as connection:
        yield connection
    server.drop(name)


@pytest.fixture
def conn(module_conn: psycopg.Connection) -> psycopg.Connection:
    """The module's database, empty but for the reference data."""
    emptied(module_conn)
    return module_conn


@pytest.fixture
def store(module_store: Store) -> Iterator[Store]:
    """The module's database; what a test puts in is taken back."""
    with rolled_back(module_store) as opened:
        yield opened
