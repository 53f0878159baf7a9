"""The application on a real socket, over a database with a small share, rates and a split."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI

from tests.support import postgres, writing
from ticker_converter import settings
from ticker_converter.app import create_app

Get = Callable[..., httpx.Response]

AAPL = """\
AAPL,2024-01-02,187.15,188.44,183.89,185.64,82488700
AAPL,2024-01-03,184.22,185.88,183.43,184.25,58414500
AAPL,2024-01-04,182.15,183.0872,180.88,181.91,71983600
AAPL,2024-01-05,181.99,182.76,180.17,181.18,62303300
AAPL,2024-01-08,182.085,185.6,181.5,185.56,59144500
AAPL,2024-01-22,192.3,195.33,192.26,193.89,60133900
""".splitlines()
#: The ECB's own figures; none of the days from 2024-01-09 on, so that the last bar's rate is too old.
RATES = """\
EUR,USD,2024-01-02,1.0956
EUR,GBP,2024-01-02,0.86645
EUR,USD,2024-01-03,1.0919
EUR,GBP,2024-01-03,0.86395
EUR,USD,2024-01-04,1.0953
EUR,GBP,2024-01-04,0.86278
EUR,USD,2024-01-05,1.0921
EUR,GBP,2024-01-05,0.86195
EUR,USD,2024-01-08,1.0946
EUR,GBP,2024-01-08,0.86173
""".splitlines()


def fill(url: str) -> None:
    """AAPL on a US exchange in dollars, VOD.L in London in pence, an adjusted-only share, rates of a week."""
    with psycopg.connect(url) as conn:
        writing.bars(conn, AAPL, unit="USD", mic="XNAS")
        writing.bars(conn, ["VOD.L,2024-01-02,68.5,69.3,68.1,68.9,50000000"], unit="GBX", mic="XLON")
        writing.bars(conn, ["ADJ,2024-01-02,10", "ADJ,2024-01-03,11"], basis="splits")
        writing.rates(conn, RATES)


@pytest.fixture(scope="session")
def filled(server: postgres.Server, template: str) -> Iterator[str]:
    """The name of a filled database to copy: nothing stays connected to it."""
    name = f"filled_{os.getpid()}"
    fill(server.create(name, template))
    yield name
    server.drop(name)


@pytest.fixture
def copied(server: postgres.Server, filled: str) -> Iterator[str]:
    """The URL of a filled database of the test's own."""
    name = f"copy_{os.getpid()}"
    yield server.create(name, filled)
    server.drop(name)


def configured(home: Path, database: str, **more: str) -> settings.Settings:
    """Settings of a server on that database."""
    given = {"TICKER_CONVERTER_HOME": str(home), "DATABASE_URL": database, "DB_POOL_SIZE": "2", **more}
    return settings.load(given)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application's address while Uvicorn serves it in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="on", proxy_headers=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until = time.monotonic() + 10
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def shared_address(
    server: postgres.Server, filled: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server whose data no test changes."""
    name = f"read_{os.getpid()}"
    with serving(
        create_app(configured(tmp_path_factory.mktemp("home"), server.create(name, filled)))
    ) as address:
        yield address
    server.drop(name)


@pytest.fixture(scope="session")
def get(shared_address: str) -> Iterator[Get]:
    """GET from a server whose data no test changes: `get("/v1/convert", amount="1", ...)`; `headers=` go along."""
    with httpx.Client(base_url=shared_address) as client:

        def ask(path: str, *, headers: dict[str, str] | None = None, **query: object) -> httpx.Response:
            named = {name.removesuffix("_"): str(value) for name, value in query.items()}
            return client.get(path, params=named or None, headers=headers)

        yield ask


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., httpx.Client]]:
    """A client of a server of the test's own: `serve(url, API_ANONYMOUS_READ="false")`."""
    with ExitStack() as stack:

        def start(database: str, **more: str) -> httpx.Client:
            address = stack.enter_context(serving(create_app(configured(tmp_path, database, **more))))
            return stack.enter_context(httpx.Client(base_url=address, timeout=30))

        yield start
