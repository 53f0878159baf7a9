"""The way in for every program on this machine: connections that find their schema ready, and the Python interface.

    reader(settings, process) -> Connection     read-only, one snapshot per transaction
    writer(settings, process) -> Connection     the configured role
    connect(url=None) -> Warehouse              prices, rates, returns and the other answers

The embedded database is brought to this release's schema when it is opened. A configured one never is: a schema that
is missing or behind is WrongDatabase, because migrating a server is an act of its own (`db upgrade`, after a backup).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from psycopg import IsolationLevel
from psycopg import errors as pg

from ticker_converter import db, sql, times
from ticker_converter.errors import Usage, WrongDatabase
from ticker_converter.queries.readiness import last_migration
from ticker_converter.queries.result import Policy
from ticker_converter.settings import Secret, Settings, load
from ticker_converter.table import Table

if TYPE_CHECKING:
    from ticker_converter.client import Remote
    from ticker_converter.queries.conversion import Conversion

Day = str | date
"A day as 2020-08-30 or a date."
Moment = str | date | datetime
"A time as 2020-08-30T14:15:00Z or a datetime; a day means its end, UTC."


def reader(settings: Settings, process: str) -> db.Connection:
    """A read-only connection with a schema of this release; each transaction sees one snapshot."""
    connection = db.reader(settings, process=process)
    number = _schema(connection)
    if settings.embedded and number < sql.latest():
        connection.close()
        writer(settings, process).close()
        connection = db.reader(settings, process=process)
        number = _schema(connection)
    try:
        _check(number)
    except WrongDatabase:
        connection.close()
        raise
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    return connection


def writer(settings: Settings, process: str) -> db.Connection:
    """A connection that may write, with a schema of this release."""
    connection = db.writer(settings, process=process)
    try:
        with db.translated():
            number = _schema(connection)
            if settings.embedded and number < sql.latest():
                from ticker_converter.warehouse import migrations

                migrations.upgrade(connection)
                connection.autocommit = False
                number = _schema(connection)
        _check(number)
    except BaseException:
        connection.close()
        raise
    return connection


def _schema(connection: db.Connection) -> int:
    """The number of the newest migration applied; 0 without a schema."""
    try:
        return last_migration(connection)
    except (pg.UndefinedTable, pg.InvalidSchemaName):
        return 0
    finally:
        connection.rollback()


def _check(number: int) -> None:
    if number < sql.latest():
        state = (
            "has no schema yet" if number == 0 else f"has schema {number}, this release needs {sql.latest()}"
        )
        raise WrongDatabase(f"the database {state}: run ticker-converter db upgrade")
    if number > sql.latest():
        raise WrongDatabase(
            f"the database has schema {number}, this release knows {sql.latest()}: install the newer release"
        )


def policy(settings: Settings, max_age_days: int | None = None) -> Policy:
    """How amounts are converted, as set."""
    found = Policy(sources=settings.fx_sources, pegs=settings.fx_pegs)
    return found if max_age_days is None else replace(found, max_age_days=max_age_days)


@overload
def connect(url: None = None) -> Warehouse: ...
@overload
def connect(url: str, *, key: str | None = None) -> Warehouse | Remote: ...
def connect(url: str | None = None, *, key: str | None = None) -> Warehouse | Remote:
    """Open the warehouse: of `url`, else of DATABASE_URL, else the embedded one, which is started. An https:// URL is a
    server's API, asked with the API key `key`."""
    if url is not None and url.startswith(("https://", "http://")):
        from ticker_converter.client import Remote

        return Remote(url, key)
    if key is not None:
        raise Usage("connect: a key goes with the https:// address of an API")
    settings = load()
    if url is not None:
        settings = replace(settings, database_url=Secret(url), database_read_url=None)
    return Warehouse(settings)


class Warehouse:
    """What is stored, as tables. Use it in a `with` block or close it; it reads and never writes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = reader(settings, "python")

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the embedded server goes on."""
        self._connection.close()

    def prices(
        self, symbols: str | Sequence[str], currency: str | None = None, since: Day | None = None,
        until: Day | None = None, adjust: str = "none", interval: str = "1d", known_at: Moment | None = None,
        max_age_days: int = 7, receipts: bool = False,
    ) -> Table:  # fmt: skip
        """Bars of one symbol or several, in `currency` (a currency or price unit; default: the listing unit) at each
        session's own rate. `adjust`: none, splits or all; `interval`: 1d, 1w or 1mo."""
        from ticker_converter.queries.prices import prices

        with self._snapshot() as connection:
            return Table(
                [
                    prices(
                        connection, symbol, currency=currency, first=_day(since), last=_day(until), adjust=adjust,
                        interval=interval, known_at=_known(known_at), receipts=receipts,
                        policy=policy(self._settings, max_age_days),
                    )
                    for symbol in ([symbols] if isinstance(symbols, str) else symbols)
                ],
                single=isinstance(symbols, str),
            )  # fmt: skip

    def rates(
        self, base: str, quote: str, since: Day | None = None, until: Day | None = None,
        known_at: Moment | None = None, max_age_days: int = 7,
    ) -> Table:  # fmt: skip
        """The rate of each calendar day, as converted with."""
        from ticker_converter.queries.conversion import rates

        with self._snapshot() as connection:
            found = rates(
                connection, base, quote, first=_day(since), last=_day(until), known_at=_known(known_at),
                policy=policy(self._settings, max_age_days),
            )  # fmt: skip
        return Table([found])

    def convert(
        self, amount: Decimal | str | float, source: str, target: str, on: Day | None = None, max_age_days: int = 7,
        rate_lag: int = 0, known_at: Moment | None = None,
    ) -> Conversion:  # fmt: skip
        """One amount with the rate of `on` (default: today, UTC): `.result` and `.receipt`. A float is taken by the
        digits that Python prints for it."""
        from ticker_converter.queries.conversion import convert

        with self._snapshot() as connection:
            return convert(
                connection, _amount(amount), source, target, on=_day(on), rate_lag=rate_lag,
                known_at=_known(known_at), policy=policy(self._settings, max_age_days),
            )  # fmt: skip

    def returns(
        self, symbol: str, currency: str | None = None, since: Day | None = None, until: Day | None = None,
        adjust: str = "splits", known_at: Moment | None = None, max_age_days: int = 7,
    ) -> Table:  # fmt: skip
        """Local, currency and total return per session; `.to_dict()["attribution"]` is the whole range. `adjust`:
        splits or all."""
        from ticker_converter.queries.returns import returns

        with self._snapshot() as connection:
            found = returns(
                connection, symbol, currency=currency, first=_day(since), last=_day(until), adjust=adjust,
                known_at=_known(known_at), policy=policy(self._settings, max_age_days),
            )  # fmt: skip
        return Table([found])

    def value(
        self, positions: Mapping[str, Decimal | str | float], currency: str | None = None, on: Day | None = None,
        known_at: Moment | None = None, max_price_age: int = 10, max_age_days: int = 7,
    ) -> dict[str, Any]:  # fmt: skip
        """Quantities by symbol valued on a day (default: today, UTC): currency, on, total, covered_share, positions
        and left_out, each with its reason. `CASH:USD` is money. A float is taken by the digits that Python prints."""
        from ticker_converter.queries.value import value

        with self._snapshot() as connection:
            return value(
                connection, [(symbol, _amount(quantity)) for symbol, quantity in positions.items()],
                currency=currency, on=_day(on), known_at=_known(known_at), max_price_age=max_price_age,
                policy=policy(self._settings, max_age_days),
            )  # fmt: skip

    def explain(
        self, symbol: str, currency: str, since: Day | None = None, until: Day | None = None, on: Day | None = None,
        known_at: Moment | Sequence[Moment] | None = None, adjust: str = "none", max_age_days: int = 7,
    ) -> dict[str, Any]:  # fmt: skip
        """Why a number changed, in parts that add up: from `since` to `until`, or the one of `on` between two
        knowledge times, `known_at=(first, second)`."""
        from ticker_converter.queries.explain import between_beliefs, between_dates

        common: dict[str, Any] = {"currency": currency, "adjust": adjust}
        common["policy"] = policy(self._settings, max_age_days)
        first, last, day = _day(since), _day(until), _day(on)
        with self._snapshot() as connection:
            if isinstance(known_at, Sequence) and not isinstance(known_at, str):
                if day is None or first or last or len(known_at) != 2:
                    raise Usage("explain: on=DAY goes with known_at=(first, second)")
                before, after = times.known(known_at[0]), times.known(known_at[1])
                return between_beliefs(connection, symbol, on=day, known_at=(before, after), **common)
            if first is None or last is None or day is not None:
                raise Usage("explain: give since and until, or on with known_at=(first, second)")
            return between_dates(
                connection, symbol, first=first, last=last, known_at=_known(known_at), **common
            )

    def actions(
        self, symbol: str, currency: str | None = None, known_at: Moment | None = None, max_age_days: int = 7
    ) -> Table:
        """Splits and dividends by ex-date; dividends converted into `currency` at the rate of their ex-date."""
        from ticker_converter.queries.actions import actions

        with self._snapshot() as connection:
            found = actions(
                connection, symbol, currency=currency, known_at=_known(known_at),
                policy=policy(self._settings, max_age_days),
            )  # fmt: skip
        return Table([found])

    def currencies(self) -> list[dict[str, Any]]:
        """Every currency with its life, its successor, and the sources that publish it."""
        from ticker_converter.queries.actions import currencies

        with self._snapshot() as connection:
            return currencies(connection)

    def performers(
        self, currency: str, window: str = "1d", limit: int = 10, losers: bool = False, on: Day | None = None,
        adjust: str = "splits", known_at: Moment | None = None, max_age_days: int = 7,
    ) -> Table:  # fmt: skip
        """The best of the watch list by total return in `currency`, or with `losers` the worst. `window`: 1d, 5d, 30d
        or ytd; what cannot be judged is in `.to_dict()["left_out"]`."""
        from ticker_converter.queries.performers import performers

        with self._snapshot() as connection:
            found = performers(
                connection, currency=currency, window=window, limit=limit, on=_day(on), adjust=adjust,
                kind="losers" if losers else "gainers", known_at=_known(known_at),
                policy=policy(self._settings, max_age_days),
            )  # fmt: skip
        return Table([found])

    def instruments(self) -> list[dict[str, Any]]:
        """Every instrument on the list, with what is stored of it."""
        from ticker_converter.queries.instruments import instruments

        with self._snapshot() as connection:
            return instruments(connection)

    def status(self) -> dict[str, Any]:
        """Freshness, the last runs, and what waits for a person."""
        from ticker_converter.queries.status import status

        with self._snapshot() as connection:
            return status(connection)

    def _snapshot(self) -> _Snapshot:
        if self._connection.closed or self._connection.broken:
            self._connection = reader(self._settings, "python")
        return _Snapshot(self._connection)


class _Snapshot:
    """One transaction over a connection, with the database's errors translated to ours."""

    def __init__(self, connection: db.Connection) -> None:
        self._connection = connection
        self._translated = db.translated()

    def __enter__(self) -> db.Connection:
        self._translated.__enter__()
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if not self._connection.closed:
            self._connection.rollback()
        return self._translated.__exit__(kind, error, trace)


def _day(given: Day | None) -> date | None:
    return None if given is None else times.day(given)


def _known(given: Moment | None) -> datetime | None:
    return None if given is None else times.known(given)


def _amount(given: Decimal | str | float) -> Decimal:
    try:
        return Decimal(str(given))
    except InvalidOperation:
        raise Usage(f"amount {given!r}: a number such as 100 or 12.50 is expected") from None
