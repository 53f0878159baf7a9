"""A receipt in words: what a reader needs to work the number out again by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ticker_converter.cli.output import plain
from ticker_converter.market import units

_USE = {"direct": "", "inverse": ", taken inversely", "legal": ", fixed by law", "peg": ", a peg"}


def lines(receipt: Mapping[str, Any]) -> Iterator[str]:
    """The rate, where it comes from and how old it is; each leg as published; the units."""
    unit = receipt["unit"]
    rate = f"{receipt['from']} to {receipt['to']} on {plain(receipt['on'])}: rate {plain(receipt['rate'])}"
    if receipt["rate_date"] is None:
        yield f"{rate} ({receipt['source']})"
    else:
        yield f"{rate} ({receipt['source']}, {plain(receipt['rate_date'])}, {_days(receipt['age_days'])})"
    for leg in receipt["legs"] or ():
        fixing = f" at {leg['fixing']}" if leg.get("fixing") else ""
        revision = f", revision {leg['revision']}" if (leg.get("revision") or 1) > 1 else ""
        yield (
            f"  1 {leg['base']} = {plain(leg['rate'])} {leg['quote']}  "
            f"({leg['source']} {plain(leg['date'])}{fixing}{_USE.get(leg['use'], '')}{revision})"
        )
    for name, per in (("from", unit["from_per"]), ("to", unit["to_per"])):
        if per != 1:
            yield f"  1 {units.unit(receipt[name]).currency} = {plain(per)} {receipt[name]}"
    if receipt.get("known_at") is not None:
        yield f"  as known at {plain(receipt['known_at'])}"


def _days(age: int) -> str:
    return "of the same day" if age == 0 else "1 day old" if age == 1 else f"{age} days old"
