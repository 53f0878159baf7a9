"""A database per module that is filled by hand, and one with AAPL, MSFT and the ECB's rates, real and whole."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conversion.store import Store
from tests.support import postgres, writing
from ticker_converter import db

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def module_store(server: postgres.Server, template: str) -> Iterator[Store]:
    """One database for a whole module."""
    name = f"a{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.create(name, template), options="-c timezone=UTC") as conn:
        db.exact(conn)
        yield Store(conn)
    server.drop(name)


@pytest.fixture(scope="module")
def module_conn(server: postgres.Server, template: str) -> Iterator[psycopg.Connection[Any]]:
    """One database for a whole module, for the pipeline."""
    name = f"a{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.create(name, template), autocommit=True) as conn:
        db.exact(conn)
        yield conn
    server.drop(name)


@pytest.fixture
def store(module_store: Store) -> Iterator[Store]:
    """The module's database; what a test puts in is taken back."""
    yield module_store
    module_store.conn.rollback()


@pytest.fixture(scope="module")
def real(shared: Path, server: postgres.Server, template: str) -> Iterator[psycopg.Connection[Any]]:
    """AAPL and MSFT as traded since 1999, their splits, the ECB's rates since 1999."""
    name = f"a{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.create(name, template), options="-c timezone=UTC") as conn:
        db.exact(conn)
        for symbol in ("AAPL", "MSFT"):
            path = shared / "prices" / "av_daily_full_raw_to_2023-12" / f"daily_{symbol}.csv"
            writing.load(conn, writing.file("prices", path, symbol=symbol, unit="USD", mic="XNAS"))
        writing.load(conn, writing.file("rates", shared / "ecb" / "eurofxref-hist_2026-04.zip"))
        splits = (shared / "reference" / "splits_mag7.csv").read_text().splitlines()[1:]
        cells = (line.split(",") for line in splits if line.startswith(("AAPL", "MSFT")))
        writing.actions(conn, [f"{symbol},{day},split,{factor}" for symbol, day, factor, *_ in cells])
        yield conn
    server.drop(name)
