"""Tables with colour, by rich, for a terminal that has it; loaded nowhere else, for it takes as long as a whole query.

It refuses to shorten: where the terminal is narrower than the table, lines run on, and no digit is lost. A terminal
without colour, and who sets NO_COLOR, gets the plain table.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_HEAD = "bold cyan"
_STYLES = {"missing": "yellow", "reason": "yellow", "symbol": "bold", "state": "magenta"}
_QUIET = {"rate", "rate_date", "age_days", "source", "price_date", "mic"}


def table(lines: Sequence[Sequence[str]], right: Sequence[bool]) -> bool:
    """Print a header and rows of ready cells; False if this terminal has no colour, and nothing is printed."""
    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    if console.color_system is None or console.no_color or console.is_dumb_terminal:
        return False
    made = Table(box=box.SIMPLE_HEAD, header_style=_HEAD, pad_edge=False, show_edge=False)
    for name, to_right in zip(lines[0], right, strict=True):
        style = _STYLES.get(name) or ("dim" if name in _QUIET else "")
        made.add_column(Text(name), justify="right" if to_right else "left", no_wrap=True, style=style)
    for line in lines[1:]:
        made.add_row(
            *(
                Text(cell, style="red" if _negative(cell, n) else "")
                for cell, n in zip(line, right, strict=True)
            )
        )
    # rich would cut cells to the terminal's width; a number that is cut is another number.
    console.width = max(console.width, console.measure(made).maximum, _wide(lines))
    console.print(made, crop=False, soft_wrap=False)
    return True


def _wide(lines: Sequence[Sequence[str]]) -> int:
    return sum(
        max(2 * len(line[n]) if not line[n].isascii() else len(line[n]) for line in lines) + 3
        for n in range(len(lines[0]))
    )


def _negative(cell: str, number: bool) -> bool:
    return number and cell.startswith("-")
