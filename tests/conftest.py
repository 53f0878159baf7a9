"""What every test may use: a database of its own, the command line in a process of its own, the real data.

It refuses what would make a test depend on the machine: settings from outside are removed before anything is imported,
connections that leave the machine fail, and a run in CI that did not read the real data beside the checkout fails too.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import hypothesis
import psycopg
import pytest

from tests.support import command, postgres, tally
from tests.support.command import Cli, Finished

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("TICKER_CONVERTER_SHARED") or ROOT.parent / "shared" / "data")
RUN = "TICKER_CONVERTER_TEST_RUN"

#: Settings of the project and of the programs it starts; INTERFACE and PRODUCTION list them.
OURS = re.compile(
    r"(ADMIN|AIRFLOW|ALERT|ALLOWED|ALPHA_VANTAGE|API|BACKUP|CELERY|CORS|DATABASE|DB|ECB|FX|GRAFANA|GUNICORN|JWT|POSTGRES"
    r"|RATE_LIMIT|REDIS|REPLICA|SCALE|SSL|TICKER_CONVERTER(?!_TEST_))_\w+"
    r"|PG[A-Z]+|(ENV|LOG)_\w+|ACME_EMAIL|DEBUG|ENABLE_METRICS|ENVIRONMENT|HEALTH_CHECK_INTERVAL|HSTS_SECONDS"
    r"|METRICS_PORT|PUBLIC_HOST|STATEMENT_TIMEOUT|TRUSTED_PROXIES|WEB_CONCURRENCY|TZ"
)
#: A machine may need these to verify certificates; no setting of ours has their names.
THEIRS = {"SSL_CERT_FILE", "SSL_CERT_DIR"}
for name in [name for name in os.environ if OURS.fullmatch(name) and name not in THEIRS]:
    del os.environ[name]

#: The short profile tries the same examples each time: what fails is news of a change, not luck. The long one draws.
hypothesis.settings.register_profile(
    "short", max_examples=25, deadline=None, print_blob=True, derandomize=True
)
hypothesis.settings.register_profile("long", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))


# ---- the server and its databases ----


@pytest.fixture(scope="session")
def server() -> postgres.Server:
    """The run's PostgreSQL server, started by the first test that needs it."""
    directory = Path(os.environ[RUN])
    with postgres.locked(directory):
        return postgres.start(directory, owner=int((directory / "owner").read_text()))


@pytest.fixture(scope="session")
def template(server: postgres.Server) -> str:
    """The name of a database with all migrations applied, to copy from."""
    directory = Path(os.environ[RUN])
    with postgres.locked(directory):
        if not (directory / "migrated").exists():
            from ticker_converter.warehouse import migrations

            server.drop("migrated")
            url = server.create("migrated")
            with psycopg.connect(url) as conn:
                migrations.upgrade(conn)
            (directory / "migrated").touch()
    return "migrated"


@pytest.fixture
def new_database(server: postgres.Server, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Make databases: `new_database()` is a migrated one's URL, `new_database(empty=True)` an empty one's. Dropped
    after the test."""
    made: list[str] = []

    def make(*, empty: bool = False) -> str:
        name = f"t{os.getpid()}_{next(_numbers)}"
        made.append(name)
        return server.create(name, "template0" if empty else request.getfixturevalue("template"))

    yield make
    for name in made:
        server.drop(name)


_numbers = itertools.count(1)


@pytest.fixture
def database(new_database: Callable[..., str]) -> str:
    """The URL of a migrated database of the test's own, as its owner."""
    return new_database()


@pytest.fixture
def empty_database(new_database: Callable[..., str]) -> str:
    """The URL of an empty database of the test's own."""
    return new_database(empty=True)


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A plain connection to `database`."""
    with psycopg.connect(database) as connection:
        yield connection


# ---- the command line ----


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The TICKER_CONVERTER_HOME of `cli`."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def cli(request: pytest.FixtureRequest, home: Path) -> Cli:
    """The command line in a process of its own, on the test's `database`, with no other setting than those given.
    With `env={"DATABASE_URL": ...}` it runs on that one, and with an empty one on the embedded server."""

    def run(
        *words: object,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
        cwd: Path | None = None,
    ) -> Finished:
        given = dict(env or {})
        if "DATABASE_URL" not in given:
            given["DATABASE_URL"] = request.getfixturevalue("database")
        line = [sys.executable, "-m", "ticker_converter", *words]
        return command.run(line, home, given, stdin=stdin, timeout=timeout, cwd=cwd or home)

    return run


# ---- the real data ----


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real recorded data beside the checkout; the test is skipped on a machine that has none."""
    if not SHARED.is_dir():
        pytest.skip(f"no real data in {SHARED}")
    return SHARED


class SharedDataIsRead:
    """Fails a run that had the real data at hand and did not read it: a skipped test looks like a passed one."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ran = 0
        self.skipped: list[str] = []
        self.complaint = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "shared_data" in report.keywords:
            self.ran += report.when == "call" and not report.skipped
            if report.skipped:
                self.skipped.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not SHARED.is_dir():
            return
        narrowed = self.config.option.keyword or self.config.option.markexpr or self.config.option.collectonly
        whole = self.config.args_source is not pytest.Config.ArgsSource.ARGS and not narrowed
        if self.skipped:
            self.complaint = f"{SHARED} is there, but tests of it were skipped: {', '.join(self.skipped)}"
        elif whole and not self.ran and os.environ.get("CI") == "true":
            self.complaint = f"{SHARED} is there, but no test read it"
        if self.complaint and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.complaint:
            terminalreporter.write_line(f"FAILED: {self.complaint}", red=True)


class Properties:
    """The examples that each property was tried on, printed at the end of the run."""

    def __init__(self) -> None:
        self.found: list[tuple[str, int, float]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.found += [
            (report.nodeid, int(str(value)), report.duration)
            for name, value in report.user_properties
            if name == tally.PROPERTY and report.when == "call"
        ]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.found:
            terminalreporter.section("properties: examples, seconds")
        for test, number, seconds in sorted(self.found):
            terminalreporter.write_line(f"{number:>7,} {seconds:>7.0f}  {test}")


# ---- the run ----


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    number = tally.counted(item.nodeid) if call.when == "call" else 0
    if number:
        report.user_properties.append((tally.PROPERTY, number))
        if report.passed and tally.is_long() and number < (asked := tally.asked(item.nodeid)):
            report.outcome = "failed"
            report.longrepr = f"{number} examples were checked, and {asked} are asked for"
    return report


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that starts the workers, or the only one
        directory = postgres.run_directory()
        (directory / "owner").write_text(str(os.getpid()))
        os.environ[RUN] = str(directory)
        config.add_cleanup(lambda: postgres.stop(directory))
        config.pluginmanager.register(SharedDataIsRead(config))
        config.pluginmanager.register(Properties())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "shared" in fixtures:
            item.add_marker("shared_data")
        if "server" in fixtures or "cli" in fixtures:
            item.add_marker("postgres")
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("generated")
