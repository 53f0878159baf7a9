"""mcp: the assistant server. Its stdout belongs to the protocol; words go to stderr."""

from __future__ import annotations

import argparse

from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Usage


def register(commands: Commands) -> None:
    """Add the command of this module."""
    command(
        commands, "mcp", _mcp, "Serve the reading commands as tools of the Model Context Protocol, over stdio.",
        "It reads and never writes. It needs the extra mcp: pip install 'ticker-converter[mcp]'.",
    )  # fmt: skip


def _mcp(arguments: argparse.Namespace) -> int:
    try:
        from ticker_converter import assistant
    except ImportError as error:
        raise Usage(f"mcp needs {error.name}: pip install 'ticker-converter[mcp]'") from None
    from ticker_converter.connection import connect

    made, close = assistant.server(connect)
    try:
        made.run("stdio")
    finally:
        close()
    return 0
