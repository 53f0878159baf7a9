"""Payloads for the tests of providers, and what a parser says of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ticker_converter.providers import provider
from ticker_converter.records import Parsed, Payload

RECORDED = Path(__file__).parents[1] / "recorded" / "providers"
AV = "https://www.alphavantage.co/query?function="
FETCHED = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)


def payload(
    name: str,
    body: bytes | str | Path,
    request: str = "recorded",
    *,
    symbol: str | None = None,
    options: Mapping[str, str] | None = None,
) -> Payload:
    """A payload of these bytes or of this file."""
    if isinstance(body, Path):
        return Payload(name, request, FETCHED, path=body, symbol=symbol, options=options or {})
    raw = body.encode() if isinstance(body, str) else body
    return Payload(name, request, FETCHED, body=raw, symbol=symbol, options=options or {})


def parse(given: Payload) -> Parsed:
    """What its provider reads in it."""
    return provider(given.provider).parse(given)


def bars(parsed: Parsed) -> pl.DataFrame:
    """All bars in one frame."""
    return pl.concat(list(parsed.bars))


def rates(parsed: Parsed) -> pl.DataFrame:
    """All rates in one frame."""
    return pl.concat(list(parsed.rates))


def actions(parsed: Parsed) -> pl.DataFrame:
    """All actions in one frame."""
    return pl.concat(list(parsed.actions))


def counts(parsed: Parsed) -> tuple[int, int, int, int]:
    """Rows stated: bars, rates, actions, listings. Reads the frames to their end."""
    read = [sum(frame.height for frame in frames) for frames in (parsed.bars, parsed.rates, parsed.actions)]
    return read[0], read[1], read[2], len(parsed.listings)
