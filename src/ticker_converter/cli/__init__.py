"""The command line: finds the command, runs it, and turns how it ended into an exit code and at most one line.

    main(argv=None) -> int
    parser(only=None) -> ArgumentParser     of all commands, or of the one named: a command loads no other's code

Data goes to stdout, words to stderr. Codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done in part, 4 the data is
not there; 130 when stopped by Ctrl-C and 141 when the reader of stdout went away, both without a word.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import ticker_converter
from ticker_converter.cli.examples import epilog
from ticker_converter.cli.words import Help, Parser, flat
from ticker_converter.errors import TickerConverterError

__all__ = ["main", "parser"]

#: Which module of this folder holds a command, in the order of the help.
COMMANDS = {
    "demo": "serving", "serve": "serving", "add": "watchlist", "list": "watchlist", "remove": "watchlist",
    "symbol": "watchlist", "sync": "syncing", "backfill": "syncing", "replay": "syncing",
    "import": "importing", "prices": "reading", "rates": "reading", "convert": "reading",
    "returns": "explaining", "value": "explaining", "explain": "explaining",
    "actions": "explaining", "currencies": "explaining", "runs": "explaining", "gaps": "explaining",
    "correct": "mending", "edit": "mending", "check": "mending",
    "performers": "analytics", "screen": "analytics", "summary": "analytics", "indicators": "analytics",
    "quarantine": "holding", "calendar": "holding", "status": "state", "export": "exporting",
    "user": "accounts", "key": "accounts", "worker": "working", "db": "database", "doctor": "checkup",
    "env": "environing",
    "backup": "recovering", "restore": "recovering",
    "airflow": "orchestrating", "mcp": "assisting", "audit": "auditing", "retention": "keeping",
    "completion": "completing",
}  # fmt: skip
INTERRUPTED, PIPE_CLOSED = 130, 141


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of every command, or of the one called `only`."""
    whole = Parser(
        prog="ticker-converter",
        description="Every price in your currency, with a receipt.",
        epilog="`ticker-converter COMMAND --help` tells the options of a command.",
        allow_abbrev=False,
    )
    whole.add_argument(
        "--version", action="version", version=f"ticker-converter {ticker_converter.__version__}"
    )
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    homes = dict.fromkeys(COMMANDS.values()) if only is None else [COMMANDS[only]]
    for home in homes:
        import_module(f"{__name__}.{home}").register(commands)
    for name, made in commands.choices.items():
        made.epilog, made.formatter_class = epilog(name), Help
    return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us: what is said there is heard by nobody
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    try:
        arguments = parser(words[0] if words and words[0] in COMMANDS else None).parse_args(words)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except TickerConverterError as error:
        with suppress(BrokenPipeError):
            sys.stdout.flush()
        sys.stderr.write(f"ticker-converter: {flat(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered has no reader; without this the interpreter complains about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EBADF):
            raise
        sys.stderr.write(f"ticker-converter: the output cannot be written: {error.strerror}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
