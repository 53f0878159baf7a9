"""The web app in a real Chromium, over the bundled sample. Only `make test-web` runs these; there none is skipped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.api.conftest import configured, serving
from tests.support import postgres
from ticker_converter import worker as workers
from ticker_converter.access import keys
from ticker_converter.app import create_app
from ticker_converter.cli import demo
from ticker_converter.pipeline import Run

browsing = pytest.importorskip("tests.support.browser", reason="playwright is not installed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(browsing.VARIABLE):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="it needs Chromium: `make test-web` runs it"))


@dataclass(frozen=True)
class Site:
    """A running server with the sample, its database, and a key that may do all."""

    url: str
    database: str
    key: str


def sample(url: str) -> None:
    """The demo's data, and a table with prices a hundred times too small among it, which are held back."""
    with psycopg.connect(url, autocommit=True) as conn, Run(conn, "demo", {}) as run:
        run.load_all(demo.sample(datetime.now(UTC)))
    options = {"symbol": "SSW.JO", "mic": "XJSE", "unit": "ZAc", "basis": "raw"}
    with psycopg.connect(url, autocommit=True) as conn, Run(conn, "import", {}) as run:
        run.load_all([demo._payload("SSW.JO.csv", datetime.now(UTC), kind="prices", **options)])


@pytest.fixture(scope="session")
def sampled(server: postgres.Server, template: str) -> Iterator[str]:
    """The name of a database with the sample, to copy."""
    name = f"sampled_{os.getpid()}"
    sample(server.create(name, template))
    yield name
    server.drop(name)


def started(stack: ExitStack, url: str, home: Path, **more: str) -> Site:
    """A server on that database, until the stack is closed."""
    with psycopg.connect(url, autocommit=True) as conn:
        key = keys.create(conn, ["read", "operate"])["key"]
    return Site(stack.enter_context(serving(create_app(configured(home, url, **more)))), url, str(key))


@pytest.fixture(scope="session")
def site(server: postgres.Server, sampled: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that no test changes."""
    name = f"site_{os.getpid()}"
    with ExitStack() as stack:
        yield started(stack, server.create(name, sampled), tmp_path_factory.mktemp("home"))
    server.drop(name)


@pytest.fixture
def own_site(
    server: postgres.Server, sampled: str, template: str, tmp_path: Path
) -> Iterator[Callable[..., tuple[Site, ExitStack]]]:
    """Sites of the test's own: `own_site(empty=True)`; closing the stack stops the server. `more` are settings."""
    made: list[tuple[str, ExitStack]] = []

    def make(empty: bool = False, working: bool = False, **more: str) -> tuple[Site, ExitStack]:
        name, stack = f"own_{os.getpid()}_{len(made)}", ExitStack()
        made.append((name, stack))
        url = server.create(name, template if empty else sampled)
        if working:
            worker = workers.Worker(configured(tmp_path, url))
            thread = threading.Thread(target=worker.run)
            thread.start()
            stack.callback(lambda: (worker.stop(), thread.join(20)))
        return started(stack, url, tmp_path, **more), stack

    yield make
    for name, stack in made:
        stack.close()
        server.drop(name)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, browsing.launched(playwright) as launched:
        yield launched


@pytest.fixture
def visit(browser, site: Site) -> Iterator[Callable[..., browsing.Visit]]:
    """A window: `visit(width=390, scheme="dark")`; of the shared site unless another is given."""
    with ExitStack() as stack:

        def make(width: int = 1280, scheme: str = "light", of: Site | None = None) -> browsing.Visit:
            window = stack.enter_context(
                browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            )
            return browsing.Visit(window.new_page(), (of or site).url)

        yield make
