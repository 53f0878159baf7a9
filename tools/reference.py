"""Writes docs/reference/api.md, commands.md and settings.md from the code, so that they cannot say another thing.

It renders the parser's own parts and not its printed help, whose layout changes between Python versions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ticker_converter import cli, settings
from tools import api_reference

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made by `make docs` from the code; not edited by hand. -->\n\n"


def settings_page() -> str:
    """One row per setting."""
    rows = [
        f"| `{one.name}` | {one.kind}{', secret' if one.secret else ''} | {f'`{one.default}`' if one.default else ''} "
        f"| {_cell(one.help)}{' **Required in production.**' if one.required else ''} |"
        for one in settings.SETTINGS
    ]
    return (
        f"{MADE}# Settings\n\n"
        "Each is looked up in the process environment, then in the file named by `ENV_FILE`, else in "
        "`TICKER_CONVERTER_HOME/.env`. A secret may also stand in a file named by `NAME_FILE`. "
        "An empty value counts as not set.\n\n"
        "| name | kind | default | what it does |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def commands_page() -> str:
    """Every command with its words and options."""
    parts = [f"{MADE}# Commands\n"]
    for words, parser in commands(cli.parser()):
        parts.append(f"\n## `{' '.join(('ticker-converter', *words))}`\n\n{_sentence(parser)}\n")
        rows = [
            _row(action) for action in parser._actions if action.help != argparse.SUPPRESS and _told(action)
        ]
        if rows:
            parts.append("\n| | |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def commands(
    parser: argparse.ArgumentParser, *words: str
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command that does something, with its words; a command that only has sub-commands is left out."""
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not nested:
        yield words, parser
    for action in nested:
        for word, below in action.choices.items():
            yield from commands(below, *words, word)


def _told(action: argparse.Action) -> bool:
    return not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)


def _sentence(parser: argparse.ArgumentParser) -> str:
    return (parser.description or "").strip()


def _row(action: argparse.Action) -> str:
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    shown = " ".join(value) if isinstance(value, tuple) else str(value)
    if action.option_strings:
        option = max(action.option_strings, key=len)
        term = option if action.nargs == 0 else f"{option} {shown}"
    else:
        term = {"+": f"{shown}...", "*": f"[{shown}...]", "?": f"[{shown}]"}.get(str(action.nargs), shown)
    told = (action.help or "") % {**vars(action), "prog": "ticker-converter"}
    return f"| `{_cell(term)}` | {_cell(told)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES = {"api.md": api_reference.page, "commands.md": commands_page, "settings.md": settings_page}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
