"""completion: a script that makes a shell complete the commands and their options."""

from __future__ import annotations

import argparse

from ticker_converter.cli import output
from ticker_converter.cli.words import Commands, command

SHELLS = ("bash", "zsh", "tcsh")


def register(commands: Commands) -> None:
    """Add the command of this module."""
    made = command(
        commands, "completion", _completion, "Print a script that makes a shell complete commands and options.",
        "For bash: ticker-converter completion bash > ~/.local/share/bash-completion/completions/ticker-converter",
    )  # fmt: skip
    made.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or tcsh")


def _completion(arguments: argparse.Namespace) -> int:
    import shtab

    from ticker_converter import cli

    output.say(shtab.complete(cli.parser(), arguments.shell))
    return 0
