"""backup and restore: keep a copy of everything, prove that it can be restored, and restore it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command, group

if TYPE_CHECKING:
    from ticker_converter.cli.session import Open
    from ticker_converter.settings import Settings

_LISTED = ("id", "kind", "snapshot_at", "bytes", "encrypted", "location")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    backup = group(commands, "backup", "Keep copies of everything, and prove that they can be restored.")
    create = command(
        backup, "create", _create, "Make a backup of this instant: one file, into a folder or BACKUP_S3_BUCKET.",
        "Others may write meanwhile. Encrypted when BACKUP_CIPHER_PASS is set. With BACKUP_STANZA it is pgBackRest's.",
    )  # fmt: skip
    _folder(create)
    create.add_argument(
        "--if-due", action="store_true", help="do nothing when one was made in the last 20 hours"
    )
    create.add_argument(
        "--kind", choices=("full", "diff", "incr"),
        help="with BACKUP_STANZA: what kind (default: full once a week from Sunday on, else diff)",
    )  # fmt: skip
    words.add_format(create)
    listed = command(backup, "list", _list, "Show the backups that are kept, the newest first.")
    _folder(listed)
    words.add_format(listed)
    verify = command(
        backup, "verify", _verify, "Read a backup byte by byte and compare it with its manifest.",
        "Exit 1 when it is not as it was written.",
    )  # fmt: skip
    _which(verify)
    verify.add_argument("--all", action="store_true", help="every backup instead of the newest")
    words.add_format(verify)
    prune = command(
        backup, "prune", _prune, "Delete backups older than BACKUP_RETENTION_DAYS; never the newest."
    )
    _folder(prune)
    prune.add_argument("--days", type=words.count, metavar="N", help="instead of BACKUP_RETENTION_DAYS")
    prune.add_argument(
        "--dry-run", action="store_true", help="show what would be deleted, and delete nothing"
    )
    words.add_format(prune)
    drill = command(
        backup, "drill", _drill,
        "Restore the newest backup into a server of its own, compare it, and ask it ten questions.",
        "Rows and checksums of every table must be the source's as of that instant. The result is kept and goes to "
        "METRICS_PORT. Exit 1 when it failed.",
    )  # fmt: skip
    _folder(drill)
    words.add_format(drill)

    restore = command(
        commands, "restore", _restore, "Restore a backup into a database of its own, or in place of this one.",
        "What was loaded is compared with the source, table by table; exit 1 when it differs.",
    )  # fmt: skip
    _which(restore)
    restore.add_argument(
        "--at", type=words.moment, metavar="T",
        help="the newest backup of that time or before; with BACKUP_STANZA that very instant",
    )  # fmt: skip
    restore.add_argument("--table", metavar="SCHEMA.TABLE", help="only this table and those it refers to")
    restore.add_argument("--into", metavar="NAME", help="name of the new database (default: restore_ID)")
    restore.add_argument(
        "--server", type=Path, metavar="DIR",
        help="with BACKUP_STANZA: the whole server, with every database and role, into this empty data folder",
    )  # fmt: skip
    restore.add_argument(
        "--replace", action="store_true",
        help="put it in the place of the present database, which is kept under another name",
    )  # fmt: skip
    restore.add_argument(
        "--dry-run", action="store_true", help="show what would be restored, and restore nothing"
    )
    words.add_format(restore)


def _folder(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="folder of backups, instead of the bucket or the home's own",
    )


def _which(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "backup", nargs="?", metavar="BACKUP", help="id or file of a backup (default: the newest)"
    )
    _folder(to)


@contextmanager
def _unlimited() -> Iterator[Open]:
    """A session that may write and whose statements may take their time."""
    from dataclasses import replace

    from ticker_converter import connection, db
    from ticker_converter.cli.session import Open
    from ticker_converter.settings import load

    settings = load()
    conn = connection.writer(replace(settings, statement_timeout=0), "backup")
    conn.autocommit = True
    try:
        with db.translated():
            yield Open(settings, conn)
    finally:
        conn.close()


def _of_server(settings: Settings, arguments: argparse.Namespace) -> bool:
    """Whether pgBackRest is meant: a folder or a file that is given is the other form's."""
    given = getattr(arguments, "backup", None)
    a_file = given is not None and ("/" in given or given.endswith(".tar"))
    return settings.backup_stanza is not None and arguments.folder is None and not a_file


def _create(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.errors import Usage
    from ticker_converter.ops.recovery import backups, server_backups

    with session.Progress() as progress, _unlimited() as opened, backups.alone(opened.connection):
        server = _of_server(opened.settings, arguments)
        if arguments.kind is not None and not server:
            raise Usage("backup create: --kind is pgBackRest's: set BACKUP_STANZA, and leave out --folder")
        if arguments.if_due and not backups.due(opened.connection):
            output.tell(f"a backup was made in the last {backups.DUE} hours: nothing to do")
            return 0
        made: backups.Made | server_backups.Taken
        if server:
            made = server_backups.create(opened.connection, opened.settings, arguments.kind, progress)
        else:
            policy = connection.policy(opened.settings)
            made = backups.create(opened.connection, opened.settings, policy, arguments.folder, progress)
    columns = ("id", "location", "bytes", "tables", "rows", "encrypted", "seconds")
    if server:
        columns = ("id", "kind", "location", "bytes", "encrypted", "audit_head", "seconds")
    output.objects(arguments, [asdict(made)], columns, one=True)
    if not made.encrypted:
        output.tell("it is not encrypted: BACKUP_CIPHER_PASS is not set")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ticker_converter.ops.recovery import backups, server_backups
    from ticker_converter.settings import load

    settings = load()
    if _of_server(settings, arguments):
        found = server_backups.listed(settings)
    else:
        found = backups.listed(settings, arguments.folder)
    output.objects(arguments, [{name: getattr(one, name) for name in _LISTED} for one in found], _LISTED)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.ops.recovery import backups, server_backups
    from ticker_converter.settings import load

    settings = load()
    if _of_server(settings, arguments):
        with session.Progress() as progress:
            progress("reading the repository")
            told = server_backups.verify(settings, "*" if arguments.all else arguments.backup)
        output.objects(
            arguments, [asdict(one) for one in told], ("id", "ok", "files", "wal", "encrypted", "wrong"),
            one=not arguments.all,
        )  # fmt: skip
        for each in told:
            output.tell(*(f"{each.id}: {what}" for what in each.wrong))
        return 0 if all(each.ok for each in told) else 1
    wanted: list[str | None] = [arguments.backup]
    if arguments.all:
        wanted = [one.id for one in backups.listed(settings, arguments.folder)]
    with session.Progress() as progress:
        progress("reading the backup")
        found = [backups.verify(settings, one, arguments.folder) for one in wanted]
    columns = ("id", "ok", "tables", "rows", "bytes", "encrypted", "wrong")
    output.objects(arguments, [asdict(one) for one in found], columns, one=not arguments.all)
    for one in found:
        output.tell(*(f"{one.id}: {what}" for what in one.wrong))
    return 0 if all(one.ok for one in found) else 1


def _prune(arguments: argparse.Namespace) -> int:
    from ticker_converter.ops.recovery import backups, server_backups

    with _unlimited() as opened, backups.alone(opened.connection):
        settings = opened.settings
        days = settings.backup_retention_days if arguments.days is None else arguments.days
        if _of_server(settings, arguments):
            gone = server_backups.prune(opened.connection, settings, days, dry_run=arguments.dry_run)
            left = len(server_backups.listed(settings))
        else:
            gone = backups.prune(
                opened.connection, settings, days, arguments.folder, dry_run=arguments.dry_run
            )
            left = len(backups.listed(settings, arguments.folder))
    output.objects(arguments, [{name: getattr(one, name) for name in _LISTED} for one in gone], _LISTED)
    word = "would be deleted" if arguments.dry_run else "deleted"
    output.tell(
        f"{len(gone)} older than {days} days {word}, {left} kept"
        if gone
        else f"nothing is older than {days} days"
    )
    return 0


def _drill(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.ops.recovery import backups, server_drill
    from ticker_converter.ops.recovery.drill import drill

    with session.Progress() as progress, _unlimited() as opened, backups.alone(opened.connection):
        policy = connection.policy(opened.settings)
        if _of_server(opened.settings, arguments):
            found = server_drill.drill(opened.connection, opened.settings, policy, progress)
        else:
            found = drill(opened.connection, opened.settings, policy, arguments.folder, progress)
    columns = ("backup", "result", "recovery_seconds", "data_loss_seconds", "tables", "rows", "questions")
    output.objects(arguments, [asdict(found)], columns, one=True)
    output.tell(*found.differences)
    return 0 if found.result == "passed" else 1


def _restore(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection, db
    from ticker_converter.cli import session
    from ticker_converter.errors import TickerConverterError, Usage
    from ticker_converter.ops.recovery import backups, restore, server_restore
    from ticker_converter.ops.recovery.server_copy import Target
    from ticker_converter.queries.recovery import recovery
    from ticker_converter.settings import load

    settings = load()
    if arguments.at is not None and arguments.backup is not None:
        raise Usage("restore: give a backup or --at, not both")
    server = _of_server(settings, arguments)
    target = Target(arguments.backup, arguments.at)
    others = arguments.table or arguments.into or arguments.replace
    if arguments.server is not None and (others or not server):
        raise Usage("restore --server needs BACKUP_STANZA, and no --table, --into, --replace or --folder")
    wanted = arguments.backup
    if arguments.at is not None and not server:
        wanted = restore.at(settings, arguments.folder, arguments.at)
    if arguments.dry_run:
        if server:
            plan = server_restore.planned(settings, target)
        else:
            plan = restore.planned(settings, wanted, arguments.folder, arguments.table)
        try:
            with connection.reader(settings, "cli") as conn, db.translated():
                plan["last_drill_seconds"] = recovery(conn)["recovery_seconds"]
        except TickerConverterError as error:
            if not server:
                raise
            # a lost server is what a restore is for: what its drills took is then not known
            plan["last_drill_seconds"] = None
            output.tell(f"how long the last drill took is not known: {error}")
        output.objects(arguments, [plan], tuple(plan), one=True)
        output.tell("nothing was restored")
        return 0
    actor = f"login {session.author()}"
    with session.Progress() as progress:
        progress("opening the backup")
        if arguments.server is not None:
            done = server_restore.succeed(settings, target, arguments.server.absolute(), actor, progress)
            output.objects(arguments, [asdict(done)], tuple(asdict(done)), one=True)
            output.tell(f"{done.folder} is a stopped server's data folder: start PostgreSQL on it")
            return 0
        if server:
            source = server_restore.opened(settings, target, connection.policy(settings), progress)
        else:
            source = backups.opened(settings, wanted, arguments.folder)
        found = restore.restore(
            settings, source, progress, into=arguments.into, table=arguments.table, in_place=arguments.replace,
            actor=actor,
        )  # fmt: skip
    told = asdict(found)
    told["url"] = _without_password(found.url)
    output.objects(arguments, [told], ("id", "database", "tables", "rows", "seconds", "kept_as"), one=True)
    output.tell(*found.differences)
    if found.kept_as is not None:
        output.tell(f"the former database is kept as {found.kept_as}")
    return 1 if found.differences else 0


def _without_password(url: str) -> str:
    from ticker_converter.serverurl import Address, address

    parts = address("DATABASE_URL", url, None)
    if parts.password is None:
        return url
    return Address(parts.user, None, parts.host, parts.port, parts.name).url("postgresql")
