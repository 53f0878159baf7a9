"""status: how fresh the data are, what is left of the quotas, what the last runs did, and what waits for a person."""

from __future__ import annotations

import argparse
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.settings import Settings


def register(commands: Commands) -> None:
    """Add the command of this module."""
    status = command(
        commands, "status", _status, "Show freshness, quotas, the last runs and what waits for an answer."
    )
    words.add_format(status)


def where(settings: Settings) -> str:
    """Which database: its URL without the password, or the embedded one's folder."""
    if settings.database_url is None:
        return f"embedded in {settings.ticker_converter_home}"
    from ticker_converter.serverurl import Address, address

    parts = address("DATABASE_URL", settings.database_url.reveal(), None)
    return Address(parts.user, None, parts.host, parts.port, parts.name).url("postgresql")


def _status(arguments: argparse.Namespace) -> int:
    import ticker_converter
    from ticker_converter import coverage
    from ticker_converter.cli import session
    from ticker_converter.queries.status import status

    with session.reading() as opened:
        found: dict[str, Any] = {
            "release": ticker_converter.__version__, "database": where(opened.settings), **status(opened.connection),
        }  # fmt: skip
    with session.writing() as opened:  # the ledger of calls is the write side's
        found["quota"] = coverage.ledgers(opened.connection, opened.settings)
    match output.form(arguments):
        case "json":
            output.json(found)
        case "csv":
            output.csv(("name", "value"), found.items())
        case _:
            output.facts({name: value for name, value in found.items() if not isinstance(value, list)})
            for name, rows in found.items():
                if isinstance(rows, list) and rows:
                    output.say("", name.replace("_", " "))
                    output.table(list(rows[0]), [list(row.values()) for row in rows])
    return 0
