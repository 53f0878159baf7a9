"""The settings of a task: from the environment and its file, and what is not there from Airflow's connection.

A connection named `ticker_converter` (made in the UI, or found by a secrets backend) may hold the database's URL and,
in its extra, any setting by name, such as keys of providers. What the environment or its file says wins. It is asked
when a task runs and never while a DAG is read.
"""

from __future__ import annotations

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from ticker_converter.serverurl import Address
from ticker_converter.settings import SETTINGS, Settings, load

NAME = "ticker_converter"
NAMES = frozenset(one.name for one in SETTINGS)


def settings() -> Settings:
    """All settings."""
    try:
        return load(beneath=of(Connection.get(NAME)))
    except AirflowNotFoundException:
        return load()


def of(connection: Connection) -> dict[str, str]:
    """The settings that a connection holds: its URL as DATABASE_URL, and what its extra names."""
    given = {name: str(value) for name, value in connection.extra_dejson.items() if name in NAMES}
    if connection.host:
        address = Address(
            connection.login, connection.password, connection.host, connection.port or 5432, connection.schema
        )
        given.setdefault("DATABASE_URL", address.url("postgresql"))
    return given
