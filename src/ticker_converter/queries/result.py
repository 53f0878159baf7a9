"""What a read returns: a few facts about the whole, and rows with named columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Policy:
    """How amounts are converted: sources in order (`FX_SOURCES`), whether pegs may answer (`FX_PEGS`), and the age in
    calendar days past which a rate is no answer."""

    sources: Sequence[str] = ("files", "ecb", "alpha_vantage")
    pegs: bool = False
    max_age_days: int = 7


#: What holds when nobody says otherwise.
POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Result:
    """`head` and the rows under `name`, as INTERFACE's JSON has them; numbers are Decimals, days are dates.

    `keys` are columns that a CSV puts before the others, the same on every row (`symbol`). `notes` are for the person,
    one line each, and belong on stderr."""

    name: str
    head: Mapping[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    keys: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON object: head, then the rows as objects."""
        return {**self.head, self.name: [dict(zip(self.columns, row, strict=True)) for row in self.rows]}

    def flat(self) -> tuple[list[str], Iterator[list[Any]]]:
        """The CSV: column names and rows, keys first."""
        values = list(self.keys.values())
        return [*self.keys, *self.columns], ([*values, *row] for row in self.rows)
