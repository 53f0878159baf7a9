"""Closes, days and amounts for tests of numbers, and a transaction that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.conversion.store import Store

#: When what was told later became known; `tests.conversion.store.LOADED` is when the rest was.
SECOND = datetime(2026, 6, 2, tzinfo=UTC)
MONDAY = date(2019, 3, 4)

amounts = st.builds(lambda n, s: Decimal(n).scaleb(-s), st.integers(1, 10**7), st.integers(0, 8))


def day(n: int) -> date:
    """The n-th weekday from a Monday on."""
    return MONDAY + timedelta(days=n // 5 * 7 + n % 5)


def closes(store: Store, instrument: int, unit: str, at: dict[Any, Any], **more: Any) -> None:
    """Bars that have a close only, by day."""
    store.bars(instrument, unit, [(d, None, None, None, c, None) for d, c in at.items()], **more)


@contextmanager
def rolled_back(store: Store) -> Iterator[Store]:
    """The store in a transaction that is taken back at the end."""
    store.conn.execute("SELECT 1")  # the transaction is open from here on, so that no inner one commits
    try:
        yield store
    finally:
        store.conn.rollback()
