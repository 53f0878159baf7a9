"""Every SQL statement of this package, one file each, by room: `load("warehouse/merge_prices")`.

A file opens with a header of comment lines that tests read:

    -- <one sentence: what it does>
    -- params: <names used as %(name)s, or none>
    -- returns: <columns, or none>
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import LiteralString, cast


@cache
def load(name: str) -> LiteralString:
    """The text of one statement, for example `load("queries/prices")`."""
    return cast(LiteralString, (files(__name__) / f"{name}.sql").read_text(encoding="utf-8"))


def latest() -> int:
    """The number of this package's newest migration."""
    names = [entry.name for entry in (files(__name__) / "migrations").iterdir()]
    return max(int(name.partition("_")[0]) for name in names if name.endswith(".sql"))


def migrations() -> list[tuple[int, str, LiteralString]]:
    """All migrations as (number, name, text), in order of their numbers."""
    found = []
    for entry in (files(__name__) / "migrations").iterdir():
        if entry.name.endswith(".sql"):
            number, _, rest = entry.name.removesuffix(".sql").partition("_")
            found.append((int(number), rest, cast(LiteralString, entry.read_text(encoding="utf-8"))))
    return sorted(found)
