"""airflow: a whole Airflow on this machine, or one of its programs with the settings of this installation."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ticker_converter.cli import words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import BadSetting, Usage


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    parts = words.group(commands, "airflow", "Run Apache Airflow with the settings of this installation.")
    up = command(
        parts, "up", _up, "Start a whole Airflow here: database, administrator, and its four programs.",
        "Its metadata are a second database of the server that holds the prices. For one machine and one person.",
    )  # fmt: skip
    up.add_argument("--port", type=int, default=8080, help="port of Airflow's page (default: 8080)")
    up.add_argument(
        "--dags", type=Path, default=Path("dags"), metavar="DIR", help="folder of the DAGs (default: dags)"
    )
    run = command(
        parts, "exec", _exec, "Become a program, with Airflow's environment made from the settings.",
        "Settings of Airflow 2 are taken as what they mean in Airflow 3; what is missing is refused.",
    )  # fmt: skip
    run.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="-- CMD", help="such as: -- airflow scheduler"
    )
    command(
        parts, "init", _init, "Migrate Airflow's metadata and write the administrator of AIRFLOW_ADMIN_*.",
        "It may be run again: an administrator that is there gets the password of today's settings.",
    )  # fmt: skip


def _up(arguments: argparse.Namespace) -> int:
    from ticker_converter.orchestration import local
    from ticker_converter.settings import load

    if not arguments.dags.is_dir():
        raise Usage(f"--dags {arguments.dags}: there is no such folder")
    return local.up(load(), arguments.dags.resolve(), arguments.port)


def _exec(arguments: argparse.Namespace) -> int:
    from ticker_converter.orchestration.environment import environment, lookup

    given = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    if not given:
        raise Usage("airflow exec: a command is missing, such as -- airflow scheduler")
    env = environment(lookup())
    try:
        os.execvpe(given[0], given, env)
    except OSError as error:
        raise BadSetting(f"airflow exec: {given[0]}: {error.strerror}") from error


def _init(arguments: argparse.Namespace) -> int:
    from ticker_converter.orchestration import local
    from ticker_converter.orchestration.environment import admin, environment, lookup

    found = lookup()
    local.prepare(environment(found), admin(found))
    return 0
