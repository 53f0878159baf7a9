"""audit: read the trail of who did what, prove that it is whole, and add to it from a script."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command, group
from ticker_converter.errors import Unreadable, Usage

_EVENT = ("id", "at", "actor", "act", "subject", "origin", "request_id")
_WHOLE = (*_EVENT[:3], "name", "role", *_EVENT[3:], "detail", "before_sha256", "after_sha256", "sha256")
PAGE = 1000


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    whole = group(commands, "audit", "Who did what, and proof that nobody has touched the record.")
    listed = command(
        whole, "list", _list, "List events, the newest last.", "JSON and CSV hold every column of each event."
    )
    _chosen(listed)
    listed.add_argument("--limit", type=words.count, default=100, metavar="N", help="how many (default: 100)")
    words.add_format(listed)
    export = command(
        whole, "export", _export, "Write every event as JSON lines, in order, in bounded memory.",
        "Example: ticker-converter audit export --since 2026-01-01 --output audit.jsonl",
    )  # fmt: skip
    _chosen(export)
    export.add_argument("--output", type=Path, metavar="FILE", help="where to (default: stdout)")
    head = command(
        whole, "head", _head, "Print the number and the hash of the newest event, to be kept elsewhere.",
        "Example: ticker-converter audit verify --head 1041:9f86d0... proves later that nothing before was changed.",
    )  # fmt: skip
    head.set_defaults(format=None)
    verify = command(
        whole, "verify", _verify, "Find changed, removed, added or reordered events, and a cut end.",
        "Exit 1 when something was found. A cut end whose head was set back too is found by a head that was kept "
        "elsewhere alone.",
    )  # fmt: skip
    verify.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="N:HASH",
        help="a head that `audit head` printed, or more",
    )
    words.add_format(verify)
    note = command(
        whole, "note", _note, "Add an event: what a script did that the database does not see.",
        "Example: ticker-converter audit note deploy 1.4.0 --reason 'from 1.3.2'",
    )  # fmt: skip
    note.add_argument("act", metavar="ACT", help="such as deploy, deploy.rolled_back, scale, restore")
    note.add_argument("subject", metavar="SUBJECT", help="what it was done to")
    note.add_argument("--reason", metavar="TEXT", required=True, help="why, or how it went")


def _chosen(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--act", metavar="A", help="this act, or all that begin with it and a dot: key, act.correct"
    )
    to.add_argument("--actor", metavar="WHO", help="a user's name, or an actor as listed")
    to.add_argument("--request-id", metavar="ID", help="of one request")
    to.add_argument("--since", type=words.moment, metavar="T", help="from this time on")
    to.add_argument("--until", type=words.moment, metavar="T", help="before this time")


def _filters(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("act", "actor", "request_id", "since", "until")
    return {name: getattr(arguments, name) for name in names}


def _list(arguments: argparse.Namespace) -> int:
    from ticker_converter import audit
    from ticker_converter.cli import session

    with session.writing() as opened:
        found = audit.newest(opened.connection, arguments.limit, **_filters(arguments))
    output.objects(arguments, found, _EVENT if output.form(arguments) == "table" else _WHOLE)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    import msgspec

    from ticker_converter import audit
    from ticker_converter.cli import session

    try:
        to = arguments.output.open("xb") if arguments.output else sys.stdout.buffer
    except FileExistsError:
        raise Usage(f"{arguments.output} is there already: give another name") from None
    except OSError as error:
        raise Unreadable(f"{arguments.output}: cannot be written: {error.strerror}") from error
    after = written = 0
    try:
        with session.writing() as opened:
            while page := audit.events(opened.connection, after=after, number=PAGE, **_filters(arguments)):
                to.writelines(msgspec.json.encode(line, enc_hook=str) + b"\n" for line in page)
                after, written = page[-1]["id"], written + len(page)
    finally:
        if arguments.output:
            to.close()
    output.tell(f"{written} events")
    return 0


def _head(arguments: argparse.Namespace) -> int:
    from ticker_converter import audit
    from ticker_converter.cli import session

    with session.writing() as opened:
        output.say(str(audit.head(opened.connection)))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from ticker_converter import audit
    from ticker_converter.cli import session

    heads = [audit.Head.parsed(text) for text in arguments.head]
    with session.writing() as opened:
        verdict = audit.verify(opened.connection, heads)
    output.objects(
        arguments,
        [{"id": one.event_id, "finding": one.finding} for one in verdict.findings],
        ("id", "finding"),
    )
    if verdict.wrong:
        output.tell(f"{verdict.wrong} things are wrong in {verdict.events} events")
        return 1
    output.tell(f"{verdict.events} events, each as it was written")
    return 0


def _note(arguments: argparse.Namespace) -> int:
    from ticker_converter import audit
    from ticker_converter.cli import session

    with session.writing() as opened:
        audit.note(opened.connection, arguments.act, arguments.subject, {"reason": arguments.reason})
    return 0
