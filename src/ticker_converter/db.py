"""Connections to the warehouse, and the one place where PostgreSQL's errors become ours.

    url(settings) -> str                                                    starts the embedded server if it is used
    writer(settings, *, process, autocommit=False) -> psycopg.Connection    the configured role
    reader(settings, *, process, autocommit=False) -> psycopg.Connection    read-only; as ticker_reader where allowed
    web(settings, *, process) -> psycopg.Connection                         the primary; as ticker_web where allowed
    translated(doing="")                                                    context manager: psycopg errors -> ours

Every session has time zone UTC, DateStyle ISO and the name ticker-converter/<process>. `numeric` comes back as Decimal.
A reader's session cannot write even by a wrong query. It refuses to show a connection URL in a message.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import set_json_loads

from ticker_converter import embedded
from ticker_converter.errors import (
    BadSetting,
    DatabaseRefused,
    DatabaseUnavailable,
    Locked,
    TickerConverterError,
    WrongDatabase,
)
from ticker_converter.settings import Settings
from ticker_converter.sql import load

__all__ = ["Connection", "exact", "reader", "translated", "translation", "url", "web", "writer"]

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5

#: psycopg's classes and ours. The nearest class in an error's own order of inheritance wins.
_OURS: dict[type[psycopg.Error], type[TickerConverterError]] = {
    pg.LockNotAvailable: Locked,
    pg.DeadlockDetected: Locked,
    pg.SerializationFailure: Locked,
    pg.UndefinedTable: WrongDatabase,
    pg.UndefinedColumn: WrongDatabase,
    pg.UndefinedFunction: WrongDatabase,
    pg.InvalidSchemaName: WrongDatabase,
    pg.InvalidCatalogName: BadSetting,
    pg.InvalidPassword: BadSetting,
    pg.InvalidAuthorizationSpecification: BadSetting,
    psycopg.OperationalError: DatabaseUnavailable,
    psycopg.InterfaceError: DatabaseRefused,
    psycopg.DataError: DatabaseRefused,
    psycopg.IntegrityError: DatabaseRefused,
    psycopg.InternalError: DatabaseRefused,
    psycopg.NotSupportedError: DatabaseRefused,
    psycopg.ProgrammingError: DatabaseRefused,
    pg.SnapshotTooOld: DatabaseUnavailable,
    # What psycopg files under no kind of error: SQLSTATE classes 02, 03, 09, 0B, 0F, 0L, 0P and 0Z.
    psycopg.DatabaseError: DatabaseRefused,
}
_ADVICE: dict[type[TickerConverterError], str] = {
    Locked: "another run is at work: try again",
    WrongDatabase: "run ticker-converter db upgrade",
    BadSetting: "check DATABASE_URL or POSTGRES_*",
}


def translation(error: type[psycopg.Error]) -> type[TickerConverterError] | None:
    """Our class for one of psycopg's; None if nobody has thought of it."""
    return next((_OURS[base] for base in error.__mro__ if base in _OURS), None)


@contextmanager
def translated(doing: str = "") -> Iterator[None]:
    """Turn psycopg's errors into ours, with PostgreSQL's message, its first line only and never the detail, which
    holds data. `doing` says what was under way: "loading prices"."""
    try:
        yield
    except psycopg.Error as error:
        ours = translation(type(error)) or DatabaseRefused
        if isinstance(error, pg.QueryCanceled):
            said = "the statement was cancelled or took longer than STATEMENT_TIMEOUT"
        else:
            said = error.diag.message_primary or next(iter(str(error).splitlines()), type(error).__name__)
        words = [doing, said.strip(), _ADVICE.get(ours, "")]
        raise ours(": ".join(word for word in words if word)) from error


def url(settings: Settings) -> str:
    """Where the primary is; the embedded server is started if it is the one."""
    if settings.database_url is not None:
        return settings.database_url.reveal()
    return embedded.server(settings.ticker_converter_home)


def writer(settings: Settings, *, process: str, autocommit: bool = False) -> Connection:
    """A connection to the primary as the configured role; DatabaseUnavailable when it does not answer in 5 s."""
    return _connect(url(settings), "DATABASE_URL", settings, process, autocommit)


def reader(settings: Settings, *, process: str, autocommit: bool = False) -> Connection:
    """A read-only connection: to DATABASE_READ_URL when that is set and answers, else to the primary.

    The session takes role ticker_reader where its login role may. Before the first migration there is no such role;
    afterwards its absence is WrongDatabase."""
    if settings.database_read_url is not None:
        try:
            replica = settings.database_read_url.reveal()
            return _as_reader(
                _connect(replica, "DATABASE_READ_URL", settings, process, True, True), autocommit
            )
        except DatabaseUnavailable as error:
            log.warning("reading from the primary: %s", error)
    return _as_reader(_connect(url(settings), "DATABASE_URL", settings, process, True, True), autocommit)


def web(settings: Settings, *, process: str, replica: bool = False) -> Connection:
    """A connection of the web server to the primary (or DATABASE_READ_URL), for users, keys, tokens and requests; in
    autocommit mode.

    The session takes role ticker_web where its login role may: not even the embedded server's superuser could then
    change data through it."""
    name, where = "DATABASE_URL", url(settings)
    if replica and settings.database_read_url is not None:
        # A streaming replica has the primary's roles; the login of DATABASE_READ_URL may only read the data.
        with translated("DATABASE_URL and DATABASE_READ_URL"):
            own = conninfo_to_dict(where)
            login = {key: own[key] for key in ("user", "password") if own.get(key)}
            name, where = "DATABASE_READ_URL", make_conninfo(settings.database_read_url.reveal(), **login)
    return _as_role(
        _connect(where, name, settings, process, True),
        "ticker_web",
        load("db/web_role"),
        True,
    )


def _as_reader(connection: Connection, autocommit: bool) -> Connection:
    return _as_role(connection, "ticker_reader", load("db/reader_role"), autocommit)


def _as_role(connection: Connection, role: str, statement: LiteralString, autocommit: bool) -> Connection:
    try:
        with translated(f"taking role {role}"):
            row = connection.execute(statement).fetchone()
            connection.autocommit = autocommit
        if row is not None and row[1] and not row[0]:
            raise WrongDatabase(f"role {role} is missing, the schema is not: run ticker-converter db upgrade")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(
    where: str, setting: str, settings: Settings, process: str, autocommit: bool, read_only: bool = False
) -> Connection:
    session = {"TimeZone": "UTC", "DateStyle": "ISO"}
    if settings.statement_timeout:
        session["statement_timeout"] = f"{settings.statement_timeout}s"
    if read_only:
        session["default_transaction_read_only"] = "on"
    try:
        given = conninfo_to_dict(where)
        options = " ".join(
            [str(given.get("options", "")), *(f"-c {key}={value}" for key, value in session.items())]
        )
        whole: dict[str, Any] = {
            "connect_timeout": CONNECT_TIMEOUT, "keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10,
            "keepalives_count": 3, "client_encoding": "UTF8", **given, "options": options.strip(),
            "application_name": f"ticker-converter/{process}",
        }  # fmt: skip
        conninfo = make_conninfo(**whole)
    except psycopg.Error:
        # libpq's message quotes the part it could not read, which may be the password.
        raise BadSetting(f"{setting} is no connection URL that libpq understands") from None
    with translated(setting):
        connection = psycopg.connect(conninfo, autocommit=autocommit)
    exact(connection)
    return connection


def exact(connection: Connection) -> None:
    """Make numbers inside jsonb (the legs of a receipt) come back as Decimal, never as float."""
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
