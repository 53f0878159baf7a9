"""The package's own facts: CSV files in `data/`, each naming its source. They are the only home of each fact; `db
upgrade` copies them into the warehouse's dimensions. Nothing else is read, and nothing is written.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("data")


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv` (currency, price_unit, legal_factor, peg or exchange), all text, unknown empty."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(line for line in file if not line.startswith("#")))
