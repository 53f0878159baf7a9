"""retention: remove what has outlived its time."""

from __future__ import annotations

import argparse

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command


def register(commands: Commands) -> None:
    """Add the command of this module."""
    keep = command(
        commands, "retention", _retention,
        "Remove what has outlived its time: old requests, expired tokens, ended sessions.",
        "What was landed, revisions and the audit trail are never removed; backups have `backup prune`. It is printed "
        "before it is removed. Example: ticker-converter retention --dry-run",
    )  # fmt: skip
    keep.add_argument(
        "--dry-run", action="store_true", help="print what would be removed, and remove nothing"
    )
    words.add_format(keep)


def _retention(arguments: argparse.Namespace) -> int:
    from ticker_converter.cli import session
    from ticker_converter.ops.retention import retention

    def told(found: dict[str, int]) -> None:
        lines = [{"what": what, "rows": rows} for what, rows in found.items()]
        output.objects(arguments, lines, ("what", "rows"))

    with session.writing() as opened:
        retention(opened.connection, opened.settings.log_retention_days, told, dry_run=arguments.dry_run)
    output.tell("nothing was removed" if arguments.dry_run else "removed")
    return 0
