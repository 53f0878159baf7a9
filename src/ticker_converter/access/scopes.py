"""What a credential is good for.

No scope holds another: a key that adds corrections need not be one that reads everything. An administrator has all
three by name.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticker_converter.errors import Usage

READ, OPERATE, ADMIN = "read", "operate", "admin"
SCOPES = (READ, OPERATE, ADMIN)


def parsed(words: Iterable[str]) -> list[str]:
    """Scopes as a person writes them, with commas or spaces between; Usage names an unknown one."""
    given = [one for word in words for one in word.replace(",", " ").split()]
    if unknown := [one for one in given if one not in SCOPES]:
        raise Usage(f"{unknown[0]!r} is no scope: {', '.join(SCOPES)}")
    if not given:
        raise Usage(f"at least one scope is needed: {', '.join(SCOPES)}")
    return [one for one in SCOPES if one in given]
