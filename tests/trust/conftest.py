"""Two warehouses to try numbers on: one filled by hand in a transaction that is rolled back (`store`), and one filled
by the pipeline itself (`conn`)."""

from collections.abc import Iterator

import pytest

from tests.conversion.conftest import module_store
from tests.conversion.store import Store
from tests.support.writing import conn
from tests.trust.given import rolled_back

__all__ = ["conn", "module_store", "store"]


@pytest.fixture
def store(module_store: Store) -> Iterator[Store]:
    """The module's database; what a test puts in is taken back."""
    with rolled_back(module_store) as opened:
        yield opened
