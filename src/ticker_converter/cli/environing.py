"""env: resolved settings for programs that do not read our env file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ticker_converter.cli.words import Commands, command, group
from ticker_converter.errors import Usage

READERS = ("compose", "systemd", "pgbackrest")
NOT_FOUND, NOT_RUN = 127, 126


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    whole = group(commands, "env", "Hand resolved settings to programs that do not read our env file.")
    run = command(
        whole, "exec", _exec, "Run a program with the settings in its environment.",
        "Its exit code is ours; 127: there is no such program. Example: ticker-converter env exec -- airflow version",
    )  # fmt: skip
    run.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="-- CMD", help="the program and its arguments"
    )
    render = command(
        whole, "render", _render, "Write an env file with every value in it, secrets too.",
        "Nothing in it is left to interpolate. It is not shown on a terminal.",
    )  # fmt: skip
    render.add_argument("--for", dest="reader", choices=READERS, required=True, help="who will read it")
    render.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write it there, readable by its owner alone (default: stdout)",
    )


def _exec(arguments: argparse.Namespace) -> int:
    from ticker_converter.environment import resolved

    program = arguments.program[1:] if arguments.program[:1] == ["--"] else arguments.program
    if not program:
        raise Usage("env exec: which program? Example: ticker-converter env exec -- airflow version")
    values = resolved()
    sys.stdout.flush()
    try:
        os.execvpe(program[0], program, {**os.environ, **values})  # environment: the program's own, and ours
    except FileNotFoundError:
        sys.stderr.write(f"ticker-converter: env exec: there is no program {program[0]!r}\n")
        return NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"ticker-converter: env exec: {program[0]!r} cannot be run: {error.strerror}\n")
        return NOT_RUN


def _render(arguments: argparse.Namespace) -> int:
    from ticker_converter import environment
    from ticker_converter.errors import Unreadable

    if arguments.output is None and sys.stdout.isatty():
        raise Usage("env render would show secrets on this terminal: give --output FILE, or a pipe")
    if arguments.reader == "pgbackrest":
        from ticker_converter.ops.recovery import repository
        from ticker_converter.settings import load

        text = repository.configuration(load())
    else:
        text = getattr(environment, arguments.reader)(environment.resolved())
    if arguments.output is None:
        sys.stdout.write(text)
        return 0
    part = arguments.output.with_name(f"{arguments.output.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        part.replace(arguments.output)
    except OSError as error:
        raise Unreadable(f"{arguments.output}: cannot be written: {error.strerror}") from error
    return 0
