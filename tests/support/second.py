"""A provider of somebody else's package, found by its entry point: bars as csv lines `symbol,date,close`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ticker_converter.errors import Unreadable
from ticker_converter.providers import http
from ticker_converter.providers.base import Quota
from ticker_converter.records import Call, Parsed, Payload, Window, bar_frame

ENTRY = "[ticker_converter.providers]\nsecond = tests.support.second:Second\n"


class Second:
    """No key; `base_url` is set by the test."""

    name: ClassVar[str] = "second"
    parser_version: ClassVar[int] = 1
    base_url: ClassVar[str] = ""

    def __init__(self, settings: Mapping[str, object]) -> None:
        pass

    def quota(self) -> Quota:
        """None."""
        return Quota()

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """One call for all bars."""
        if kind != "prices" or symbol is None:
            return ()
        return (Call(self.name, "prices", f"{self.base_url}/{symbol}/prices", symbol, "all bars"),)

    def fetch(self, call: Call) -> Payload:
        """One GET."""
        answer = http.get(call.url, provider="Second", timeout=1)
        return Payload(self.name, call.url, answer.received_at, answer.body, symbol=call.symbol)

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """The lines, one price all day."""
        lines = [line.split(",") for line in payload.read().decode().splitlines()]
        if any(len(cells) != 3 for cells in lines):
            raise Unreadable("Second: a line has not three cells")
        return Parsed(
            bars=[
                bar_frame(
                    {"row": row, "symbol": symbol, "date": day, "open": close, "high": close, "low": close,
                     "close": close, "volume": "7", "basis": "raw"}
                    for row, (symbol, day, close) in enumerate(lines, 1)
                )
            ]
        )  # fmt: skip
