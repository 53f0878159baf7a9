"""Connections on a real server: who one is, what one may, and what a failure is called."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from ticker_converter import db, embedded, errors, settings
from ticker_converter.errors import (
    BadSetting,
    DatabaseRefused,
    DatabaseUnavailable,
    Locked,
    TickerConverterError,
    WrongDatabase,
)


def configured(**environ: str) -> settings.Settings:
    return settings.load({"HOME": "/nowhere", "TICKER_CONVERTER_HOME": "/nowhere", **environ})


def ask(connection: db.Connection, question: str) -> object:
    row = connection.execute(question.encode()).fetchone()
    return row and row[0]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine where nothing listens, and nothing can while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_session_has_its_name_utc_iso_dates_and_exact_numbers(database: str) -> None:
    with db.writer(configured(DATABASE_URL=database, STATEMENT_TIMEOUT="9"), process="cli") as connection:
        assert ask(connection, "SHOW application_name") == "ticker-converter/cli"
        assert ask(connection, "SHOW timezone") == "UTC"
        assert ask(connection, "SHOW datestyle") == "ISO, MDY"
        assert ask(connection, "SHOW statement_timeout") == "9s"
        assert ask(connection, "SELECT 0.1000::numeric") == Decimal("0.1000")
        assert not connection.autocommit


def test_a_urls_own_options_are_kept(database: str) -> None:
    url = f"{database}&options=-c%20work_mem%3D5MB"
    with db.writer(configured(DATABASE_URL=url), process="cli") as connection:
        assert (ask(connection, "SHOW work_mem"), ask(connection, "SHOW timezone")) == ("5MB", "UTC")


def test_a_reader_is_ticker_reader_and_cannot_write(database: str) -> None:
    with db.reader(configured(DATABASE_URL=database), process="cli") as connection:
        assert ask(connection, "SELECT current_user") == "ticker_reader"
        for statement in (
            "CREATE TABLE mart.x ()",
            "SELECT * FROM landing.payload",
            "SELECT * FROM warehouse.fact_price",
        ):
            with pytest.raises(DatabaseRefused), db.translated():
                connection.execute(statement.encode())
            connection.rollback()
            assert ask(connection, "SELECT current_user") == "ticker_reader", "a rollback took the role away"
        assert ask(connection, "SHOW transaction_read_only") == "on"


def test_a_reader_of_an_empty_database_reads_before_the_first_migration(empty_database: str) -> None:
    with db.reader(configured(DATABASE_URL=empty_database), process="cli", autocommit=True) as connection:
        assert connection.autocommit
        assert ask(connection, "SELECT 1") == 1
        with pytest.raises(DatabaseRefused, match="read-only"), db.translated():
            connection.execute("CREATE TABLE x ()")


def test_reads_fall_back_to_the_primary_when_the_replica_does_not_answer(
    database: str, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    replica = f"postgresql://ticker_reader:hidden@127.0.0.1:{closed_port}/x"
    with db.reader(configured(DATABASE_URL=database, DATABASE_READ_URL=replica), process="api") as connection:
        assert ask(connection, "SELECT current_user") == "ticker_reader"
    assert "reading from the primary" in caplog.text
    assert "hidden" not in caplog.text


def test_reads_go_to_the_replica_and_writes_to_the_primary(new_database: Callable[..., str]) -> None:
    primary, replica = new_database(), new_database()
    both = configured(DATABASE_URL=primary, DATABASE_READ_URL=replica)
    with db.reader(both, process="api") as reading, db.writer(both, process="api") as writing:
        assert reading.info.dbname in replica
        assert writing.info.dbname in primary


def test_a_server_that_is_not_there_is_unavailable_in_one_line(closed_port: int) -> None:
    url = f"postgresql://user:hidden@127.0.0.1:{closed_port}/x"
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL: .*refused") as refused:
        db.writer(configured(DATABASE_URL=url), process="cli")
    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value.__cause__, psycopg.OperationalError)


def test_a_server_that_accepts_and_says_nothing_is_given_up_after_five_seconds() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        begun = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            db.writer(
                configured(DATABASE_URL=f"postgresql://u:p@127.0.0.1:{mute.getsockname()[1]}/x"),
                process="cli",
            )
        assert 4 < time.monotonic() - begun < 8


def test_without_a_url_the_embedded_server_is_started(tmp_path: Path) -> None:
    given = settings.load({"TICKER_CONVERTER_HOME": str(tmp_path / "home")})
    try:
        with db.writer(given, process="cli") as connection:
            assert connection.info.dbname == "ticker_converter"
        assert db.url(given) == embedded.running(tmp_path / "home")
    finally:
        assert embedded.stop(tmp_path / "home")


# ---- errors ----


def every_error() -> list[type[psycopg.Error]]:
    found: list[type[psycopg.Error]] = []
    todo = list(psycopg.Error.__subclasses__())
    while todo:
        one = todo.pop()
        todo += one.__subclasses__()
        if one is not psycopg.DatabaseError:  # abstract: everything raised is one of its subclasses
            found.append(one)
    return sorted(set(found), key=lambda one: one.__name__)


#: Errors without a kind of their own in psycopg. A new one must be thought of, in db.py, before it is listed here.
WITHOUT_A_KIND = {
    "DiagnosticsException", "InvalidGrantOperation", "InvalidGrantor", "InvalidLocatorSpecification",
    "InvalidRoleSpecification", "InvalidTransactionInitiation", "LocatorException",
    "NoAdditionalDynamicResultSetsReturned", "NoData", "SqlStatementNotYetComplete",
    "StackedDiagnosticsAccessedWithoutActiveHandler", "TriggeredActionException", "SnapshotTooOld",
}  # fmt: skip


def test_every_error_of_psycopg_is_one_of_ours() -> None:
    ours = [getattr(errors, name) for name in errors.__all__]
    leaves = {one for one in ours if not any(one in other.__bases__ for other in ours) or one is BadSetting}
    unmapped = [one.__name__ for one in every_error() if db.translation(one) not in leaves]
    assert len(every_error()) > 200
    assert unmapped == []
    assert {one.__name__ for one in every_error() if psycopg.DatabaseError in one.__bases__} - WITHOUT_A_KIND == {
        "DataError", "IntegrityError", "InternalError", "NotSupportedError", "OperationalError", "ProgrammingError",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("08006", DatabaseUnavailable), ("53100", DatabaseUnavailable), ("53300", DatabaseUnavailable),
        ("57P01", DatabaseUnavailable), ("57P03", DatabaseUnavailable), ("57014", DatabaseUnavailable),
        ("40001", Locked), ("40P01", Locked), ("55P03", Locked), ("42P01", WrongDatabase), ("3F000", WrongDatabase),
        ("28P01", BadSetting), ("3D000", BadSetting), ("23505", DatabaseRefused), ("42501", DatabaseRefused),
        ("22012", DatabaseRefused), ("42601", DatabaseRefused), ("25006", DatabaseRefused), ("XX000", DatabaseRefused),
    ],
)  # fmt: skip
def test_an_sqlstate_is_called(state: str, ours: type[TickerConverterError]) -> None:
    assert db.translation(psycopg.errors.lookup(state)) is ours


def test_a_statement_over_its_time_says_so(database: str) -> None:
    with (
        db.writer(configured(DATABASE_URL=database, STATEMENT_TIMEOUT="1"), process="cli") as connection,
        pytest.raises(DatabaseUnavailable, match="loading prices: .*STATEMENT_TIMEOUT"),
        db.translated("loading prices"),
    ):
        connection.execute("SELECT pg_sleep(30)")


def test_a_refused_row_is_not_quoted(database: str) -> None:
    with db.writer(configured(DATABASE_URL=database), process="cli") as connection:
        connection.execute("CREATE TEMP TABLE one (word text UNIQUE)")
        with pytest.raises(DatabaseRefused, match="duplicate key") as refused, db.translated("storing"):
            connection.execute("INSERT INTO one VALUES ('private'), ('private')")
        assert "private" not in str(refused.value)
        assert "\n" not in str(refused.value)


def test_errors_of_ours_pass_through_unchanged() -> None:
    with pytest.raises(Locked, match="^mine$"), db.translated("storing"):
        raise Locked("mine")
