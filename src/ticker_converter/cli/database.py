"""db: the database itself. The embedded one is started when it is needed and stopped here."""

from __future__ import annotations

import argparse
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command, group
from ticker_converter.errors import Usage


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    whole = group(commands, "db", "Bring the database up to date, or show where it is and what it holds.")
    upgrade = command(whole, "upgrade", _upgrade, "Apply the migrations that are missing.")
    upgrade.add_argument(
        "--dry-run", action="store_true", help="list what would be applied, and change nothing"
    )
    words.add_format(upgrade)
    status = command(whole, "status", _status, "Show the schema's version and the sizes of the tables.")
    words.add_format(status)
    command(
        whole,
        "url",
        _url,
        "Print the connection URL, with its password; the embedded server is started if needed.",
    )
    command(whole, "stop", _stop, "Stop the embedded server.")
    rebuild = command(
        whole, "rebuild", _rebuild, "Make the warehouse again from what was landed and done, and compare.",
        "No call is made and, without --apply, nothing is changed: exit 1 then says that rows differ. It is one "
        "transaction, stops other writers while it runs, and needs as much room again as the data.",
    )  # fmt: skip
    rebuild.add_argument(
        "--apply", action="store_true", help="put the rebuilt warehouse in the place of the old"
    )
    words.add_format(rebuild)


def _rebuild(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.ops.rebuild import rebuild

    with session.writing() as opened, session.Progress() as progress:
        found = rebuild(opened.connection, progress, apply=arguments.apply)
    lines = [{"table": one.table, "new": one.new, "gone": one.gone} for one in found]
    output.objects(arguments, lines, ("table", "new", "gone"))
    if not found:
        output.tell("every row comes again from what was landed and done, known from the same time")
        return 0
    output.tell(
        "the rebuilt warehouse stands" if arguments.apply else
        "nothing was changed; `db rebuild --apply` puts the rebuilt warehouse in its place"
    )  # fmt: skip
    return 0 if arguments.apply else 1


def _upgrade(arguments: argparse.Namespace) -> int:
    from ticker_converter import db
    from ticker_converter.cli import session
    from ticker_converter.settings import load
    from ticker_converter.warehouse import migrations

    settings = load()
    if arguments.dry_run:
        with db.translated(), db.writer(settings, process="cli", autocommit=True) as conn:
            waiting = [one for one in migrations.status(conn) if not one.applied]
        output.objects(
            arguments, [{"number": one.number, "name": one.name} for one in waiting], ("number", "name")
        )
        output.tell(f"{len(waiting)} to apply; nothing was changed" if waiting else "up to date")
        return 0
    with session.Progress() as progress:
        progress("applying migrations")
        with db.translated("upgrading"), db.writer(settings, process="cli") as conn:
            applied = migrations.upgrade(conn)
    found = [{"number": one.number, "name": one.name} for one in applied]
    output.objects(arguments, found, ("number", "name"))
    output.tell(f"{len(found)} migration{'' if len(found) == 1 else 's'} applied" if found else "up to date")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from ticker_converter import db, sql
    from ticker_converter.cli import state
    from ticker_converter.settings import load
    from ticker_converter.warehouse import migrations

    settings = load()
    with db.translated(), db.writer(settings, process="cli", autocommit=True) as conn:
        ledger = migrations.status(conn)
        version, size = conn.execute(sql.load("db/size")).fetchone() or ("", 0)
        tables = conn.execute(sql.load("db/tables")).fetchall()
    found: dict[str, Any] = {
        "database": state.where(settings),
        "server": version,
        "schema": max((one.number for one in ledger if one.applied), default=0),
        "needed": ledger[-1].number,
        "pending": [one.name for one in ledger if not one.applied],
        "bytes": size,
    }
    sizes = [{"table": table, "rows": rows, "bytes": number} for table, rows, number in tables]
    match output.form(arguments):
        case "json":
            output.json({**found, "tables": sizes})
        case "csv":
            output.csv(("table", "rows", "bytes"), [list(one.values()) for one in sizes])
        case _:
            output.facts(found)
            output.say("")
            output.table(("table", "rows", "bytes"), [list(one.values()) for one in sizes])
    if found["pending"]:
        output.tell(f"{len(found['pending'])} migrations to apply: run ticker-converter db upgrade")
    return 0


def _url(arguments: argparse.Namespace) -> int:
    from ticker_converter import db
    from ticker_converter.settings import load

    output.say(db.url(load()))
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    from ticker_converter import embedded
    from ticker_converter.settings import load

    settings = load()
    if not settings.embedded:
        raise Usage("db stop stops the embedded server, and DATABASE_URL or POSTGRES_HOST names another one")
    stopped = embedded.stop(settings.ticker_converter_home)
    output.tell("stopped" if stopped else "was not running")
    return 0
