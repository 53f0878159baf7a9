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

_LISTED = ("id", "snapshot_at", "bytes", "encrypted", "location")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    backup = group(commands, "backup", "Keep copies of everything, and prove that they can be restored.")
    create = command(
        backup, "create", _create, "Make a backup of this instant: one file, into a folder or BACKUP_S3_BUCKET.",
        "Others may write meanwhile. It is encrypted when BACKUP_CIPHER_PASS is set.",
    )  # fmt: skip
    _folder(create)
    create.add_argument(
        "--if-due", action="store_true", help="do nothing when one was made in the last 20 hours"
    )
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
        "--at", type=words.moment, metavar="T", help="the newest backup of that time or before"
    )
    restore.add_argument("--table", metavar="SCHEMA.TABLE", help="only this table and those it refers to")
    restore.add_argument("--into", metavar="NAME", help="name of the new database (default: restore_ID)")
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


def _create(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.ops.recovery import backups

    with session.Progress() as progress, _unlimited() as opened, backups.alone(opened.connection):
        if arguments.if_due and not backups.due(opened.connection):
            output.tell(f"a backup was made in the last {backups.DUE} hours: nothing to do")
            return 0
        policy = connection.policy(opened.settings)
        made = backups.create(opened.connection, opened.settings, policy, arguments.folder, progress)
    output.objects(
        arguments,
        [asdict(made)],
        ("id", "location", "bytes", "tables", "rows", "encrypted", "seconds"),
        one=True,
    )
    if not made.encrypted:
        output.tell("it is not encrypted: BACKUP_CIPHER_PASS is not set")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ticker_converter.ops.recovery import backups
    from ticker_converter.settings import load

    found = backups.listed(load(), arguments.folder)
    output.objects(arguments, [{name: getattr(one, name) for name in _LISTED} for one in found], _LISTED)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.ops.recovery import backups
    from ticker_converter.settings import load

    settings = load()
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
    from ticker_converter.ops.recovery import backups

    with _unlimited() as opened, backups.alone(opened.connection):
        settings = opened.settings
        days = settings.backup_retention_days if arguments.days is None else arguments.days
        gone = backups.prune(opened.connection, settings, days, arguments.folder, dry_run=arguments.dry_run)
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
    from ticker_converter.ops.recovery import backups
    from ticker_converter.ops.recovery.drill import drill

    with session.Progress() as progress, _unlimited() as opened, backups.alone(opened.connection):
        policy = connection.policy(opened.settings)
        found = drill(opened.connection, opened.settings, policy, arguments.folder, progress)
    columns = ("backup", "result", "recovery_seconds", "data_loss_seconds", "tables", "rows", "questions")
    output.objects(arguments, [asdict(found)], columns, one=True)
    output.tell(*found.differences)
    return 0 if found.result == "passed" else 1


def _restore(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection, db
    from ticker_converter.cli import session
    from ticker_converter.errors import Usage
    from ticker_converter.ops.recovery import restore
    from ticker_converter.queries.recovery import recovery
    from ticker_converter.settings import load

    settings = load()
    if arguments.at is not None and arguments.backup is not None:
        raise Usage("restore: give a backup or --at, not both")
    wanted = arguments.backup
    if arguments.at is not None:
        wanted = restore.at(settings, arguments.folder, arguments.at)
    if arguments.dry_run:
        plan = restore.planned(settings, wanted, arguments.folder, arguments.table)
        with connection.reader(settings, "cli") as conn, db.translated():
            plan["last_drill_seconds"] = recovery(conn)["recovery_seconds"]
        output.objects(arguments, [plan], tuple(plan), one=True)
        output.tell("nothing was restored")
        return 0
    with session.Progress() as progress:
        progress("opening the backup")
        found = restore.restore(
            settings, wanted, arguments.folder, progress, into=arguments.into, table=arguments.table,
            in_place=arguments.replace,
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
